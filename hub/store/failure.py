"""What SQLite's errors mean to the hub: full, broken for good, or worth another try."""

from __future__ import annotations

import sqlite3

from hub.errors import StoreBrokenError, StoreError, StoreFullError

_BROKEN = frozenset(
    {
        "SQLITE_IOERR_FSYNC",
        "SQLITE_IOERR_DIR_FSYNC",
        "SQLITE_CORRUPT",
        "SQLITE_CORRUPT_INDEX",
        "SQLITE_CORRUPT_SEQUENCE",
        "SQLITE_CORRUPT_VTAB",
        "SQLITE_NOTADB",
    }
)


def explain(error: sqlite3.Error, file: str) -> StoreError:
    """Return the hub's error for SQLite's, with a sentence that says what to do next.

    After a failed fsync nobody knows what the page cache holds: that one is fatal, as is a
    database that is no longer readable as one.
    """
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    if name == "SQLITE_FULL":
        return StoreFullError(f"{file}: the disk is full; free some space, the hub tries again")
    if name in _BROKEN:
        return StoreBrokenError(
            f"{file}: {error} ({name}); stop the hub, look at the disk, and restore a backup"
            " if the next start finds damage"
        )
    if name == "SQLITE_INTERRUPT":
        return StoreError(f"{file}: a reading took too long and was stopped; ask for less")
    return StoreError(f"{file}: {error} ({name}); nothing was written, the same batch can be tried")
