"""A key for each day, in a file beside the database: whoever deletes it deletes what it has sealed.

Payloads that nobody understood may hold anything, also about people. They are sealed by AES-256-GCM
under the key of the day on which they came. When their time is over the key goes as well, and
with it what copies and backups hold of that day (docs/adr/0019).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import StoreError
from hub.store.copying import sync_folder

DAY = 86_400
KEY_BYTES = 32
_DAY_BYTES = 4
_NONCE_BYTES = 12
_ABOUT = (
    "# Keys of what is in quarantine, one for each day (epoch / 86400), deleted with its day.\n"
    "# In no backup, and no copy is to be kept: a copy would undo the deletion.\n"
)


class DayKeys:
    """Seals and opens; a file of None keeps the keys in memory only.

    One thread seals and forgets, any may open.
    """

    def __init__(self, file: Path | None, keys: Mapping[int, bytes]) -> None:
        self._file = file
        self._keys = dict(keys)

    def seal(self, plain: bytes, *, at: float, about: str) -> bytes:
        """Seal under the key of the day of `at` (epoch seconds), bound to what it is `about`.

        Raises StoreError where the key of a new day cannot be written.
        """
        day = day_of(at)
        key = self._keys.get(day) or self._make(day)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        head = day.to_bytes(_DAY_BYTES, signed=True)
        return head + nonce + AESGCM(key).encrypt(nonce, plain, head + about.encode())

    def unseal(self, sealed: bytes, *, about: str) -> bytes | None:
        """Open what `seal` gave; None where its key is gone, or it is of something else."""
        head, rest = sealed[:_DAY_BYTES], sealed[_DAY_BYTES:]
        key = self._keys.get(int.from_bytes(head, signed=True))
        if key is None:
            return None
        try:
            nonce, body = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, body, head + about.encode())
        except (InvalidTag, ValueError):
            return None

    def forget(self, before: int) -> int:
        """Delete the keys of days before day `before` (epoch / 86400); return how many those were.

        Raises StoreError where the file cannot be written; then all of them are still there.
        """
        kept = {day: key for day, key in self._keys.items() if day >= before}
        gone = len(self._keys) - len(kept)
        if gone:
            self._write(kept)
            self._keys = kept
        return gone

    def _make(self, day: int) -> bytes:
        key = AESGCM.generate_key(8 * KEY_BYTES)
        self._write({**self._keys, day: key})
        self._keys[day] = key
        return key

    def _write(self, keys: Mapping[int, bytes]) -> None:
        if self._file is None:
            return
        try:
            _replace(self._file, _ABOUT + "".join(_lines(keys)))
        except OSError as error:
            raise StoreError(
                f"{self._file} could not be written ({error}); what nobody understood cannot be"
                " kept sealed: look at the disk and the folder's owner",
                zh=f"{self._file} 写不进去，无法加密保存隔离报文，请检查磁盘和目录权限。",
            ) from error


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
        lines = file.read_text("ascii").splitlines() if file.exists() else []
        keys = dict(_parse(line) for line in lines if line and not line.startswith("#"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file} is no file of day keys ({error}); move it away, and new ones are made: what is"
            " in quarantine can then not be read any more, and nothing else is lost",
            zh=f"{file} 不是隔离密钥文件，请移走，系统会生成新的；已隔离的报文将无法读取。",
        ) from error
    return DayKeys(file, keys)


def _parse(line: str) -> tuple[int, bytes]:
    day, _, text = line.partition(" ")
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"each line is a day and {2 * KEY_BYTES} hex digits")
    return int(day), key


def _lines(keys: Mapping[int, bytes]) -> Iterator[str]:
    for day, key in sorted(keys.items()):
        yield f"{day} {key.hex()}\n"


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
