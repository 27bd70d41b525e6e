"""Backup: a copy of the database as of one moment, taken by a reader while the hub runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from hub.errors import ConflictError, NotFoundError, StoreError
from hub.store.readers import open_reader
from hub.store.safekeeping.copying import Tell, copy_database
from hub.store.seals.chain import Head, is_sealed, read_head

_HEAD = b"SQLite format 3\0"
_LAST = "SELECT coalesce(max(seq), 0) FROM journal"


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made: its size in bytes, and the head of its journal if that is sealed."""

    path: Path
    size: int
    seq: int
    head: Head | None


def back_up(path: Path, target: Path, *, tell: Tell) -> Backup:
    """Copy the database at `path`, in use or not, to `target`, by rename; blocking.

    Raises NotFoundError where there is nothing to copy, ConflictError where `target` is not a
    backup's to replace, StoreError where it could not be written.
    """
    refuse_missing(path)
    _refuse_taken(path, target)
    try:
        with closing(open_reader(path)) as source:
            copy_database(source, target, tell=tell)
        with closing(open_reader(target)) as copy:
            seq = copy.execute(_LAST).fetchone()[0]
            head = read_head(copy) if is_sealed(copy) else None
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    return Backup(path=target, size=target.stat().st_size, seq=seq, head=head)


def refuse_missing(path: Path) -> None:
    """Raise NotFoundError unless there is such a file."""
    if not path.is_file():
        raise NotFoundError(
            f"{path}: there is no such database; check the path, or let the hub run first",
            zh=f"{path}：没有这个数据库，请检查路径，或先启动一次。",
        )


def unreadable(path: Path, error: sqlite3.Error) -> StoreError:
    """Return what SQLite's error means to who wanted to copy or prove a file."""
    return StoreError(
        f"{path} cannot be read as a database ({error}); look at the disk, or take another file",
        zh=f"{path} 不能作为数据库读取，请检查磁盘，或换一个文件。",
    )


def _refuse_taken(path: Path, target: Path) -> None:
    """Refuse to write over what is in use, or was never a database."""
    if not target.parent.is_dir():
        raise NotFoundError(
            f"{target.parent}: there is no such folder; make it, or name another",
            zh=f"{target.parent}：没有这个目录，请先建好，或换一个目录。",
        )
    if not target.exists():
        return
    if target.samefile(path) or target.with_name(target.name + "-wal").exists():
        raise ConflictError(
            f"{target} is a database in use; name another file for the backup",
            zh=f"{target} 是正在使用的数据库，备份请换一个文件名。",
        )
    if not target.is_file() or not _is_database(target):
        raise ConflictError(
            f"{target} is no backup and stays as it is; name another file",
            zh=f"{target} 不是备份文件，不会覆盖，请换一个文件名。",
        )


def _is_database(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_HEAD)) == _HEAD
