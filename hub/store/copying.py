"""Copies of the database: taken in one step, checked, and only then given their name."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hub.errors import StoreError
from hub.store.failure import explain


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """Write a checked copy to `target`, replacing an older one only at the very end.

    One step sees one moment; a stepped copy starts anew whenever the writer commits, and never
    ends on a busy hub. Raises StoreError when the copy is not sound.
    """
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")
            check_database(copy, part)
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise explain(error, str(target)) from error
    _settle(part, target)


def check_database(connection: sqlite3.Connection, path: Path, *, table: str = "") -> None:
    """Raise StoreError unless SQLite finds the whole database (or one table) sound."""
    of_table = f"('{table}')" if table else ""
    found = [row[0] for row in connection.execute(f"PRAGMA integrity_check{of_table}")]
    if found != ["ok"]:
        raise StoreError(f"{path} is damaged ({found[0]}); restore the last backup that is sound")


def _settle(part: Path, target: Path) -> None:
    for file in (part, part.parent):
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if file == part:
            part.replace(target)
