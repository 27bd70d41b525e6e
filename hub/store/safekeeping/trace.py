"""The trace that a restore leaves in the journal that it puts back."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from hub.model.era import ERAS, Era, next_name
from hub.model.journal import Entry
from hub.store.failure import explain
from hub.store.readers import open_reader
from hub.store.record import write_journal
from hub.store.seals.chain import Head, is_sealed, read_head
from hub.store.seals.seal import KeyRing
from hub.store.writer import open_writer

BUSY = 5.0
"""Seconds; nobody else knows the copy."""
_NAMES = "SELECT key FROM document WHERE collection = ?"
_KEEP = "INSERT INTO document (collection, key, body, at) VALUES (?, ?, ?, ?)"


def note_restore(
    copy: Path, source: Path, replaced: Path, *, ring: KeyRing, actor: str, now: float
) -> None:
    """Append `store.restored` to a proven copy: from which file, by whom, in whose place.

    `replaced` names the head of what is given up, so that a head kept elsewhere is explained.
    An era begins with the entry, behind all that either of the two has been through.
    """
    given_up, known = _read_given_up(replaced)
    data = {"backup": source.name, "replaced": str(given_up) if given_up else ""}
    try:
        with closing(open_writer(copy, BUSY)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            era = Era(
                name=next_name(known | _eras_in(connection), now),
                first=read_head(connection).seq + 1,
                at=now,
            )
            entry = Entry(
                seq=era.first,
                at=now,
                type="store.restored",
                subject="store",
                actor=actor,
                data=data | {"era": era.name},
            )
            write_journal(connection, [entry], ring)
            connection.execute(_KEEP, (ERAS, era.name, msgspec.json.encode(era), now))
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise explain(error, str(copy)) from error


def _read_given_up(path: Path) -> tuple[Head | None, set[str]]:
    """Read head and eras of a database that may be broken, or not there at all."""
    head, eras = None, set[str]()
    if path.is_file():
        with suppress(sqlite3.Error), closing(open_reader(path)) as connection:
            eras = _eras_in(connection)
            head = read_head(connection) if is_sealed(connection) else None
    return head, eras


def _eras_in(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute(_NAMES, (ERAS,))}
