"""The trace that a restore leaves in the journal that it puts back."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from hub.model.era import ERAS, Era, next_name
from hub.model.journal import Entry
from hub.store.failure import explain
from hub.store.readers import open_reader
from hub.store.record import write_journal
from hub.store.seals.chain import Head, is_sealed, read_head
from hub.store.seals.seal import KeyRing
from hub.store.snapshot import last_tickets
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
    lost = _read_given_up(replaced)
    data = {"backup": source.name, "replaced": str(lost.head) if lost.head else ""}
    try:
        with closing(open_writer(copy, BUSY)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            era = Era(
                name=next_name(lost.eras | _eras_in(connection), now),
                first=read_head(connection).seq + 1,
                at=now,
                tickets=_beyond(lost.tickets, last_tickets(connection)),
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


class _Lost(NamedTuple):
    """What is known of a database that is given up; nothing where it cannot be read."""

    head: Head | None = None
    eras: frozenset[str] = frozenset()
    tickets: Mapping[str, int] = {}


def _read_given_up(path: Path) -> _Lost:
    """Read what has to be known of a database that may be broken, or not there at all."""
    if path.is_file():
        with suppress(sqlite3.Error), closing(open_reader(path)) as connection:
            eras = frozenset(_eras_in(connection))
            head = read_head(connection) if is_sealed(connection) else None
            return _Lost(head, eras, last_tickets(connection))
    return _Lost()


def _beyond(given: Mapping[str, int], known: Mapping[str, int]) -> dict[str, int]:
    """Return the days on which more numbers were given than are known."""
    return {day: last for day, last in given.items() if last > known.get(day, 0)}


def _eras_in(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute(_NAMES, (ERAS,))}
