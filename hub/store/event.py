"""Events of devices as rows; what they tell of people and vehicles is sealed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.ports import EventRow
from hub.store.deletion.concern import SHELVES, USUAL, Concern, EventKeep
from hub.store.order import tie
from hub.store.seals.day_key import DAY, DayKeys, about

COLUMNS = "uid, at, name, boot, tie, numbered, received, body"

_INSERT = (
    f"INSERT INTO event ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
    " ON CONFLICT (uid, at, name, boot, tie) DO UPDATE SET"
    " numbered = excluded.numbered, received = excluded.received, body = excluded.body"
)
_BEHIND = (
    "SELECT uid, at, name, boot, tie, received, body FROM event"
    " WHERE (uid, at, name, boot, tie) > (?, ?, ?, ?, ?) ORDER BY uid, at, name, boot, tie LIMIT ?"
)
AT_ONCE = 5_000
"""Rows sealed in one go by an upgrade, so that memory does not grow with them."""
_BODY = "UPDATE event SET body = ? WHERE uid = ? AND at = ? AND name = ? AND boot = ? AND tie = ?"
_OPEN = b"{"
"""How a body begins that is not sealed."""


class EventWriter:
    """Writes events; `keep` says which of them are sealed."""

    def __init__(self, days: DayKeys) -> None:
        self.days = days
        self.keep: EventKeep = USUAL

    def write(self, connection: sqlite3.Connection, events: Sequence[EventRow]) -> None:
        """Insert all rows."""
        rows = [self._row(event, index) for index, event in enumerate(events)]
        connection.executemany(_INSERT, rows)

    def _row(self, event: EventRow, index: int) -> tuple[Any, ...]:
        body = msgspec.json.encode(event.data)
        shelf = SHELVES.get(self.keep.concern_of(event.name))
        if shelf:
            # A clock that is wrong must not give it a key that outlives it.
            at = min(event.at, event.received)
            body = self.days.seal(body, shelf, at=at, about=about(event.uid, event.name))
        return (
            event.uid,
            event.at,
            event.name,
            event.boot,
            tie(event, index),
            event.seq is not None,
            event.received,
            body,
        )


def to_event(row: tuple[Any, ...], days: DayKeys) -> EventRow:
    """Return the event of a row of `COLUMNS`; without data where its key is not there any more."""
    uid, at, name, boot, tied, numbered, received, body = row
    if not body.startswith(_OPEN):
        body = days.unseal(body, about=about(uid, name)) or b"{}"
    return EventRow(
        uid=uid,
        at=at,
        name=name,
        boot=boot,
        seq=tied if numbered else None,
        received=received,
        data=msgspec.json.decode(body),
    )


def seal_all(connection: sqlite3.Connection, days: DayKeys) -> None:
    """Seal what was kept as it came; within the migration's transaction.

    What is past its time by the newest event loses its data at once. Names of a site's own models
    are not known here: those stay as they are, and go in time.
    """
    newest = connection.execute("SELECT max(at) FROM event").fetchone()[0]
    last: tuple[Any, ...] = ("", 0.0, "", "", 0)
    while rows := connection.execute(_BEHIND, (*last, AT_ONCE)).fetchall():
        for *key, received, body in rows:
            concern = USUAL.by_name.get(key[2], Concern.DEVICES)
            if shelf := SHELVES.get(concern):
                old = newest - key[1] > USUAL.days[concern] * DAY
                at, what = min(key[1], received), about(key[0], key[2])
                sealed = b"{}" if old else days.seal(body, shelf, at=at, about=what)
                connection.execute(_BODY, (sealed, *key))
        last = rows[-1][: len(last)]
