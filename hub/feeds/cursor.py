"""The feed's cursor: opaque text that says whose feed, how far, and with which rights.

Base64url of `community|seq|scope tag|check`. A cursor of another community, of other rights, or
with a letter lost on the way is refused: read from a wrong place, it would skip items in silence.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from hub.errors import InvalidRequestError

TAG_LENGTH = 8
_SEQ = re.compile(r"[0-9]{1,19}")


def write_cursor(community: str, seq: int, scope: str) -> str:
    """Write the cursor behind item `seq` for a key that sees the place `scope`."""
    head = f"{community}|{seq}|{_tag(scope)}"
    text = f"{head}|{_tag(head)}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, community: str, scope: str) -> int:
    """Return the seq behind which to read on, or raise InvalidRequestError."""
    whose, seq, tag = _parts(cursor)
    if whose != community:
        raise _refusal(f"it belongs to the feed of {whose!r}, this is {community!r}")
    if tag != _tag(scope):
        raise _refusal("it was given to a key with other rights; read again from the start")
    return seq


def _parts(cursor: str) -> tuple[str, int, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        head, _, check = text.rpartition("|")
        community, seq, tag = head.split("|")
        if check == _tag(head) and _SEQ.fullmatch(seq):
            return community, int(seq), tag
    except (binascii.Error, ValueError) as error:
        raise _refusal("it is no cursor of this hub") from error
    raise _refusal("it has been changed on the way")


def _refusal(why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The cursor cannot be used: {why}. Send back `next` as it was, or leave out `after`.",
        problems={"after": why},
    )


def _tag(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:TAG_LENGTH]
