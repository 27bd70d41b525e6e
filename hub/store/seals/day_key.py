"""A key for each day, in a file beside the database: whoever deletes it deletes what it has sealed.

Payloads that nobody understood may hold anything, and what an event tells of people and vehicles is
theirs. Both are sealed by AES-256-GCM under the key of their day. When their time is over the key
goes, and with it what free space, copies and backups hold of that day (docs/adr/0019).
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from enum import IntEnum
from errno import ENOSPC
from pathlib import Path
from struct import Struct

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import StoreError, StoreFullError
from hub.store.safekeeping.copying import sync_folder

log = structlog.get_logger(__name__)

DAY = 86_400
KEY_BYTES = 32
_HEAD = Struct(">Bi")
"""Shelf and day, before what is sealed."""
_NONCE_BYTES = 12
_ABOUT = (
    "# Keys of what concerns people: shelf, day (epoch / 86400), key; each goes with its day.\n"
    "# In no backup. A copy undoes the deletion: keep one at most, and replace it every day.\n"
)

Keys = Mapping[tuple[int, int], bytes]
"""Shelf and day → key."""


class Shelf(IntEnum):
    """What is sealed, each with keys of its own, since each is kept for a time of its own."""

    PAYLOADS = 1
    VEHICLES = 2
    PEOPLE = 3
    REPORTS = 4


class DayKeys:
    """Seals and opens; a file of None keeps the keys in memory only.

    One thread seals and forgets, any may open.
    """

    def __init__(self, file: Path | None, keys: Keys) -> None:
        self._file = file
        self._keys = dict(keys)

    def seal(self, plain: bytes, shelf: Shelf, *, at: float, about: str) -> bytes:
        """Seal under the shelf's key of the day of `at` (epoch seconds), bound to what it is about.

        Raises StoreError where the key of a new day cannot be written.
        """
        place = shelf.value, day_of(at)
        key = self._keys.get(place) or self._make(place)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        head = _HEAD.pack(*place)
        return head + nonce + AESGCM(key).encrypt(nonce, plain, head + about.encode())

    def unseal(self, sealed: bytes, *, about: str) -> bytes | None:
        """Open what `seal` gave; None where its key is gone, or it is of something else."""
        head, rest = sealed[: _HEAD.size], sealed[_HEAD.size :]
        key = self._keys.get(_HEAD.unpack(head)) if len(head) == _HEAD.size else None
        if key is None:
            return None
        try:
            nonce, body = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, body, head + about.encode())
        except (InvalidTag, ValueError):
            return None

    def forget(self, shelf: Shelf, before: int) -> int:
        """Delete a shelf's keys of days before day `before`; return how many those were.

        Raises StoreError where the file cannot be written; then all of them are still there.
        """
        kept = {
            place: key
            for place, key in self._keys.items()
            if place[0] != shelf or place[1] >= before
        }
        gone = len(self._keys) - len(kept)
        if gone:
            self._write(kept)
            self._keys = kept
        return gone

    def _make(self, place: tuple[int, int]) -> bytes:
        key = AESGCM.generate_key(8 * KEY_BYTES)
        self._write({**self._keys, place: key})
        self._keys[place] = key
        return key

    def _write(self, keys: Keys) -> None:
        if self._file is None:
            return
        try:
            _replace(self._file, _ABOUT + "".join(_lines(keys)))
        except OSError as error:
            kind = StoreFullError if error.errno == ENOSPC else StoreError
            raise kind(
                f"{self._file} could not be written ({error}); what concerns people cannot"
                " be kept sealed: look at the disk and the folder's owner",
                zh=f"{self._file} 写不进去，无法加密保存，请检查磁盘和目录权限。",
            ) from error


def about(*what: object) -> str:
    """Return what a sealed value is bound to: its row, and its column where there are several."""
    return "\0".join(map(str, what))


def day_of(at: float) -> int:
    """Return the day (epoch / 86400) of an instant."""
    return int(at // DAY)


def day_key_file(database: Path) -> Path:
    """Return where the keys of a database lie."""
    return database.with_name(database.name + ".day-keys")


def open_day_keys(database: Path) -> DayKeys:
    """Read the keys of a database; without a file there are none yet. StoreError if it is none."""
    file = day_key_file(database)
    try:
        # The hub may overwrite the file that was just opened; then there is another one already.
        keys = _read(file) or _read(file)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be read ({error}); run this as root or as the hub's user, or look at"
            " the disk",
            zh=f"{file} 读不出来，请用 root 或系统用户运行，或检查磁盘。",
        ) from error
    except ValueError as error:
        raise StoreError(
            f"{file} is no file of day keys ({error}); move it away, and new ones are made: what is"
            " in quarantine, and what events tell of people, can then not be read any more",
            zh=f"{file} 不是日密钥文件，请移走，会生成新的；隔离报文和通行事件的内容将无法读取。",
        ) from error
    if keys and stat.S_IMODE(file.stat().st_mode) & 0o077:
        log.warning("others can read the keys of days; chmod 600 it", file=str(file))
    return DayKeys(file, keys)


def _read(file: Path) -> dict[tuple[int, int], bytes]:
    lines = file.read_text("ascii").strip("\0").splitlines() if file.exists() else []
    return dict(_parse(line) for line in lines if line and not line.startswith("#"))


def _parse(line: str) -> tuple[tuple[int, int], bytes]:
    shelf, day, text = line.split(" ")
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"each line ends in {2 * KEY_BYTES} hex digits")
    return (Shelf(int(shelf)).value, int(day)), key


def _lines(keys: Keys) -> Iterator[str]:
    for (shelf, day), key in sorted(keys.items()):
        yield f"{shelf} {day} {key.hex()}\n"


def _replace(file: Path, text: str) -> None:
    """Write the file anew, by rename, and overwrite what was in the old one."""
    scratch = file.with_name(file.name + ".new")
    scratch.unlink(missing_ok=True)
    old = os.open(file, os.O_RDWR) if file.exists() else None
    try:
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(handle)
        scratch.replace(file)
        sync_folder(file.parent)
        if old is not None:
            os.pwrite(old, bytes(os.fstat(old).st_size), 0)
            os.fsync(old)
    finally:
        if old is not None:
            os.close(old)
