"""Immutable rows by number: the journal and the feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hub.errors import StoreBrokenError
from hub.model.journal import Entry
from hub.ports import FeedRow
from hub.store.seals.chain import read_head
from hub.store.seals.seal import KeyRing

ENTRY_COLUMNS = "seq, at, type, subject, actor, place, body"
FEED_COLUMNS = "seq, incident, place, type, at, body"

_SQL = {
    "journal": f"INSERT INTO journal ({ENTRY_COLUMNS}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
    "feed": f"INSERT INTO feed ({FEED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
}
_LAST_FEED = "SELECT coalesce(max(seq), 0) FROM feed"
_ONE = {
    "journal": f"SELECT {ENTRY_COLUMNS} FROM journal WHERE seq = ?",  # noqa: S608
    "feed": f"SELECT {FEED_COLUMNS} FROM feed WHERE seq = ?",  # noqa: S608
}


def write_journal(connection: sqlite3.Connection, entries: Sequence[Entry], ring: KeyRing) -> None:
    """Append sealed entries; one that is there already must be the very same."""
    head = read_head(connection)
    new = _new_rows(connection, "journal", head.seq, map(_entry_row, entries))
    sealed, before = [], head.seal
    for row in new:
        before = ring.seal(row, before)
        sealed.append((*row, before))
    connection.executemany(_SQL["journal"], sealed)


def write_feed(connection: sqlite3.Connection, items: Sequence[FeedRow]) -> None:
    """Append feed items; one that is there already must be the very same."""
    last = connection.execute(_LAST_FEED).fetchone()[0]
    new = _new_rows(connection, "feed", last, map(_feed_row, items))
    connection.executemany(_SQL["feed"], new)


def _new_rows(
    connection: sqlite3.Connection, table: str, last: int, rows: Iterable[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    new = []
    for row in rows:
        if row[0] > last:
            new.append(row)
        else:
            _compare(connection, table, row)
    return new


def _compare(connection: sqlite3.Connection, table: str, row: tuple[Any, ...]) -> None:
    if connection.execute(_ONE[table], row[:1]).fetchone() != row:
        raise StoreBrokenError(
            f"{table}: number {row[0]} belongs to another entry or was passed over; two hubs have"
            " written, or an old backup is in use: stop, and restore the newest backup"
        )


def _entry_row(entry: Entry) -> tuple[Any, ...]:
    body = msgspec.json.encode(entry.data)
    return entry.seq, float(entry.at), entry.type, entry.subject, entry.actor, entry.place, body


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
