"""The keys of the journal's seals, in a file beside the database that no backup contains."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import structlog

from hub.errors import StoreError
from hub.store.safekeeping.copying import sync_folder
from hub.store.seals.seal import KEY_BYTES, KeyRing, new_key

log = structlog.get_logger(__name__)

_ABOUT = (
    "# The keys that seal the journal; the last line seals what is new. Keep a copy\n"
    "# elsewhere, apart from the backups: without its key a row cannot be proven any more.\n"
)


def key_file(database: Path) -> Path:
    """Return where the keys of a database lie."""
    return database.with_name(database.name + ".audit-key")


def open_ring(database: Path) -> KeyRing:
    """Read the keys of a database; without any, a first one is made, and is on the disk before use.

    Raises StoreError where the file can be neither read nor made.
    """
    file = key_file(database)
    if not file.exists():
        _make(file)
    return read_ring(file)


def look_for_ring(database: Path) -> KeyRing:
    """Read the keys of a database for who only looks; without any, a key that nobody keeps."""
    file = key_file(database)
    return read_ring(file) if file.exists() else KeyRing([new_key()])


def read_ring(file: Path) -> KeyRing:
    """Read a file of keys; StoreError says what is wrong with it."""
    try:
        lines = file.read_text("ascii").splitlines()
        keys = [bytes.fromhex(line) for line in lines if line and not line.startswith("#")]
    except (OSError, ValueError) as error:
        raise _unusable(file, str(error)) from error
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise _unusable(file, f"each key is a line of {2 * KEY_BYTES} hex digits")
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        log.warning(
            "others can read the audit key, and could seal what they forge; chmod 600 it",
            file=str(file),
        )
    return KeyRing(keys)


def _make(file: Path) -> None:
    scratch = file.with_name(file.name + ".new")
    try:
        scratch.unlink(missing_ok=True)
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(f"{_ABOUT}{new_key().hex()}\n")
            opened.flush()
            os.fsync(handle)
        scratch.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise StoreError(
            f"{file} could not be written ({error}); without a key the journal cannot be sealed:"
            " look at the disk and the folder's owner",
            zh=f"{file} 写不进去，流水无法加封，请检查磁盘和目录权限。",
        ) from error


def _unusable(file: Path, why: str) -> StoreError:
    return StoreError(
        f"{file} is no file of audit keys ({why}); put its copy back, or move it away, and a new"
        " key is made: what the old one sealed can then not be proven",
        zh=f"{file} 不是审计密钥文件，请放回副本；若移走，会生成新密钥，旧记录将无法验证。",
    )
