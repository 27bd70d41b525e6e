"""Copies of the database: of one moment, checked, and only then given their name."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub.errors import StoreError, StoreFullError

PAGES = 1024
"""Pages copied in one step, 4 MB: each goes to the disk by itself, or a commit that the hub makes
meanwhile would wait for a gigabyte."""
MEGABYTE = 1_000_000

Tell = Callable[[int, int], None]
"""Is told how many pages are copied, and of how many."""


def _tell_nobody(_done: int, _total: int) -> None:
    return


def copy_database(source: sqlite3.Connection, target: Path, *, tell: Tell = _tell_nobody) -> None:
    """Write a checked copy to `target`, replacing an older one only at the very end.

    Raises StoreError when there is no room or the copy is not sound, sqlite3.Error when `source`
    cannot be read. What is interrupted leaves nothing behind.
    """
    _require_room(source, target)
    part = target.with_name(target.name + ".part")
    try:
        with _new_file(part) as handle, closing(_connect(part)) as copy:
            with _one_moment(source):
                source.backup(copy, pages=PAGES, progress=_settling(handle, tell))
            copy.execute("PRAGMA journal_mode = DELETE")
            check_database(copy, _file_of(source) or target)
            os.fsync(handle)
        part.replace(target)
        sync_folder(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"{target} could not be written ({error}); what was there before is as it was: look at"
            " the disk, or name another file",
            zh=f"{target} 写不进去，原有文件没有改动，请检查磁盘或换一个文件名。",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def check_database(connection: sqlite3.Connection, path: Path, *, table: str = "") -> None:
    """Raise StoreError unless SQLite finds the whole database (or one table) sound."""
    of_table = f"('{table}')" if table else ""
    found = [row[0] for row in connection.execute(f"PRAGMA integrity_check{of_table}")]
    if found != ["ok"]:
        raise StoreError(
            f"{path} is damaged ({found[0]}); restore the last backup that is sound",
            zh=f"{path} 已损坏，请用最近一份完好的备份恢复。",
        )


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _new_file(part: Path) -> Iterator[int]:
    """Make the file anew, for its owner's eyes only: it holds what the database holds."""
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _connect(part: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(part, isolation_level=None)
    # What has not got its name yet may be lost in a crash; it is brought to the disk at the end.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


@contextmanager
def _one_moment(source: sqlite3.Connection) -> Iterator[None]:
    """Hold one moment; else a copy in steps starts anew with each commit, and never ends."""
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield
    finally:
        source.execute("ROLLBACK")


def _settling(handle: int, tell: Tell) -> Callable[[int, int, int], None]:
    def settle(_status: int, remaining: int, total: int) -> None:
        os.fdatasync(handle)
        tell(total - remaining, total)

    return settle


def _file_of(source: sqlite3.Connection) -> Path | None:
    file = source.execute("PRAGMA database_list").fetchone()[2]
    return Path(file) if file else None


def _require_room(source: sqlite3.Connection, target: Path) -> None:
    pragmas = ("page_count", "page_size")
    pages, size = (source.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas)
    free = shutil.disk_usage(target.parent).free
    if free < pages * size:
        need, have = pages * size / MEGABYTE, free / MEGABYTE
        raise StoreFullError(
            f"{target.parent} has {have:.0f} MB free, but a copy takes {need:.0f} MB; make room,"
            " or name another disk",
            zh=f"{target.parent} 只剩 {have:.0f} MB，需要 {need:.0f} MB，请腾出空间。",
        )
