"""What was deleted is gone from the file as well, and from the write-ahead log behind it."""

from __future__ import annotations

import sqlite3

import structlog

from hub.store.readings.log import read_mark, write_mark

log = structlog.get_logger(__name__)

SCRUBBED = "scrubbed"
"""Name in `meta`: whether the file was written anew since deleted rows are overwritten."""


def scrub_once(connection: sqlite3.Connection, *, fresh: bool) -> None:
    """Give up free pages of a time in which they were not overwritten; outside of a transaction.

    It takes as long as copying the database, once. Without the space for it, it is tried again
    at the next start.
    """
    if read_mark(connection, SCRUBBED):
        return
    try:
        if not fresh:
            _write_anew(connection)
        write_mark(connection, SCRUBBED, 1)
    except sqlite3.OperationalError as error:
        log.warning(
            "what was deleted before this version may be left on free pages of the database; make"
            " room for as much beside it and in /var/tmp, and restart",
            why=str(error),
        )


def _write_anew(connection: sqlite3.Connection) -> None:
    # In memory, as all else that is temporary, would be a second database there.
    connection.execute("PRAGMA temp_store = FILE")
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute("PRAGMA temp_store = MEMORY")
