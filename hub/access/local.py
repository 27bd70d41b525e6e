"""The local door: who can read the data folder of a running hub is its administrator.

At its start the hub writes its process id and a random token to `hub.admin` beside its store, for
its owner's eyes only, and forgets it with its end. `docs/adr/0010` says why.
"""

from __future__ import annotations

import contextlib
import getpass
import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from hub.access.keys import digest_of
from hub.model.access import Identity, Role

LOCAL_FILE = "hub.admin"
MARK = "ld_local_"
RANDOM_BYTES = 32
LONGEST_USER = 64


class LocalDoor:
    """Recognises the token of `hub.admin`; only its digest is in memory."""

    def __init__(self, secret: str) -> None:
        self._digest = digest_of(secret)

    def recognise(self, token: str) -> Identity | None:
        """Return the local administrator who sends `SECRET.USER`, or None."""
        secret, _, user = token.partition(".")
        if not hmac.compare_digest(self._digest, digest_of(secret)):
            return None
        return local_identity(unquote(user))


def local_identity(user: str) -> Identity:
    """Return the administrator that somebody on the hub's machine is, by the system's user."""
    shown = "".join(letter for letter in user if letter.isprintable())[:LONGEST_USER]
    return Identity(name=f"local:{shown or 'unknown'}", role=Role.ADMINISTRATOR, machine=True)


def local_user() -> str:
    """Return the system's user who runs this command, also behind sudo."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def local_token(secret: str, user: str) -> str:
    """Return what a local command sends as its key."""
    return f"{secret}.{quote(user, safe='')}"


@contextlib.contextmanager
def open_local_door(folder: Path) -> Iterator[LocalDoor]:
    """Write a new token into `folder`, readable by the hub's user alone, while the block runs."""
    secret = MARK + secrets.token_urlsafe(RANDOM_BYTES)
    path = folder / LOCAL_FILE
    scratch = path.with_name(LOCAL_FILE + ".new")
    scratch.unlink(missing_ok=True)
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{os.getpid()} {secret}")
    scratch.replace(path)
    try:
        yield LocalDoor(secret)
    finally:
        path.unlink(missing_ok=True)
