"""Immutable rows by number: the journal and the feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.errors import StoreBrokenError
from hub.model.journal import Entry
from hub.ports import FeedRow

ENTRY_COLUMNS = "seq, at, type, subject, actor, place, body"
FEED_COLUMNS = "seq, incident, place, type, at, body"

_SQL = {
    "journal": f"INSERT INTO journal ({ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
    "feed": f"INSERT INTO feed ({FEED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
}
_LAST = {
    "journal": "SELECT coalesce(max(seq), 0) FROM journal",
    "feed": "SELECT coalesce(max(seq), 0) FROM feed",
}
_ONE = {
    "journal": f"SELECT {ENTRY_COLUMNS} FROM journal WHERE seq = ?",  # noqa: S608
    "feed": f"SELECT {FEED_COLUMNS} FROM feed WHERE seq = ?",  # noqa: S608
}


def write_journal(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Append entries; one that is there already must be the very same."""
    _append(connection, "journal", [_entry_row(entry) for entry in entries])


def write_feed(connection: sqlite3.Connection, items: Sequence[FeedRow]) -> None:
    """Append feed items; one that is there already must be the very same."""
    _append(connection, "feed", [_feed_row(item) for item in items])


def _append(connection: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    last = connection.execute(_LAST[table]).fetchone()[0]
    for row in rows:
        if row[0] <= last:
            _compare(connection, table, row)
    connection.executemany(_SQL[table], [row for row in rows if row[0] > last])


def _compare(connection: sqlite3.Connection, table: str, row: tuple[Any, ...]) -> None:
    if connection.execute(_ONE[table], row[:1]).fetchone() != row:
        raise StoreBrokenError(
            f"{table}: number {row[0]} belongs to another entry or was passed over; two hubs have"
            " written, or an old backup is in use: stop, and restore the newest backup"
        )


def _entry_row(entry: Entry) -> tuple[Any, ...]:
    body = msgspec.json.encode(entry.data)
    return entry.seq, entry.at, entry.type, entry.subject, entry.actor, entry.place, body


def _feed_row(item: FeedRow) -> tuple[Any, ...]:
    return item.seq, item.incident, item.place, item.type, item.at, item.body


def to_entry(row: tuple[Any, ...]) -> Entry:
    """Return the entry of a row of `ENTRY_COLUMNS`."""
    seq, at, kind, subject, actor, place, body = row
    data = msgspec.json.decode(body)
    return Entry(seq=seq, at=at, type=kind, subject=subject, actor=actor, place=place, data=data)


def to_feed_item(row: tuple[Any, ...]) -> FeedRow:
    """Return the feed item of a row of `FEED_COLUMNS`."""
    seq, incident, place, kind, at, body = row
    return FeedRow(seq=seq, incident=incident, place=place, type=kind, at=at, body=body)
