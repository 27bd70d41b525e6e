"""Events of devices as rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.ports import EventRow
from hub.store.order import tie

COLUMNS = "uid, at, name, boot, tie, numbered, received, body"

_INSERT = (
    f"INSERT INTO event ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
    " ON CONFLICT (uid, at, name, boot, tie) DO UPDATE SET"
    " numbered = excluded.numbered, received = excluded.received, body = excluded.body"
)


def write_events(connection: sqlite3.Connection, events: Sequence[EventRow]) -> None:
    """Insert all rows."""
    connection.executemany(_INSERT, [_row(event, index) for index, event in enumerate(events)])


def _row(event: EventRow, index: int) -> tuple[Any, ...]:
    return (
        event.uid,
        event.at,
        event.name,
        event.boot,
        tie(event, index),
        event.seq is not None,
        event.received,
        msgspec.json.encode(event.data),
    )


def to_event(row: tuple[Any, ...]) -> EventRow:
    """Return the event of a row of `COLUMNS`."""
    uid, at, name, boot, tied, numbered, received, body = row
    return EventRow(
        uid=uid,
        at=at,
        name=name,
        boot=boot,
        seq=tied if numbered else None,
        received=received,
        data=msgspec.json.decode(body),
    )
