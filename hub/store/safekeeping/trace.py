"""The trace that a restore leaves in the journal that it puts back."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hub.model.journal import Entry
from hub.store.failure import explain
from hub.store.readers import open_reader
from hub.store.record import write_journal
from hub.store.seals.chain import Head, is_sealed, read_head
from hub.store.seals.seal import KeyRing
from hub.store.writer import open_writer

BUSY = 5.0
"""Seconds; nobody else knows the copy."""


def note_restore(
    copy: Path, source: Path, replaced: Path, *, ring: KeyRing, actor: str, now: float
) -> None:
    """Append `store.restored` to a proven copy: from which file, by whom, in whose place.

    `replaced` names the head of what is given up, so that a head kept elsewhere is explained.
    """
    given_up = _head_of(replaced)
    data = {"backup": source.name, "replaced": str(given_up) if given_up else ""}
    try:
        with closing(open_writer(copy, BUSY)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            entry = Entry(
                seq=read_head(connection).seq + 1,
                at=now,
                type="store.restored",
                subject="store",
                actor=actor,
                data=data,
            )
            write_journal(connection, [entry], ring)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise explain(error, str(copy)) from error


def _head_of(path: Path) -> Head | None:
    """Read the head of a database that may be broken, or not there at all."""
    if path.is_file():
        with suppress(sqlite3.Error), closing(open_reader(path)) as connection:
            return read_head(connection) if is_sealed(connection) else None
    return None
