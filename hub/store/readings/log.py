"""The intake log: what each commit took in, as one row that costs next to nothing to write.

Everything else is made of it afterwards: latest values and what else is kept by key and changes all
the time (`unsaved`), and the history by hour and device (`compaction`). Then the row is deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hub.model.report import Report
from hub.ports import Changes, CursorRow, HeardRow, StateRow

Said = tuple[str, int, Report]
"""uid, place in its batch, and the report; the place tells reports without `seq` apart."""


class Page(msgspec.Struct, frozen=True, array_like=True):
    """The body of a row."""

    said: list[Said]
    cursors: list[CursorRow]
    heard: list[HeardRow]
    states: list[StateRow]


CHECKPOINT = "checkpoint"
"""Name in `meta` of the row up to which everything that is kept by key stands in its table."""

_PAGE = msgspec.msgpack.Decoder(Page)
_ENCODER = msgspec.msgpack.Encoder()
_APPEND = "INSERT INTO intake (count, first, last, body) VALUES (?, ?, ?, ?)"
_MARK = (
    "INSERT INTO meta (key, value) VALUES (?, ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
_SPAN = (
    "SELECT body FROM intake WHERE id > coalesce((SELECT CAST(value AS INTEGER) FROM meta"
    " WHERE key = 'sorted_through'), 0) AND last >= ? AND first < ? ORDER BY id"
)
_BEHIND = "SELECT id, body FROM intake WHERE id > ? ORDER BY id"


def to_page(changes: Changes, states: list[StateRow]) -> Page | None:
    """Return what was said in a batch, with its states as they are stored; None for nothing."""
    if not (changes.readings or changes.cursors or changes.heard or states):
        return None
    said: list[Said] = [(report.uid, i, report) for i, report in enumerate(changes.readings)]
    return Page(said, changes.cursors, changes.heard, states)


def append(connection: sqlite3.Connection, page: Page) -> int:
    """Write a page and return its number."""
    instants = [report.at for _, _, report in page.said]
    span = (min(instants), max(instants)) if instants else (None, None)
    row = (len(instants), *span, _ENCODER.encode(page))
    return connection.execute(_APPEND, row).lastrowid or 0


def read_mark(connection: sqlite3.Connection, name: str) -> int:
    """Return a number that `meta` keeps: `CHECKPOINT`, or one of the compaction's."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
    return int(found[0]) if found else 0


def write_mark(connection: sqlite3.Connection, name: str, number: int) -> None:
    """Keep a number in `meta`."""
    connection.execute(_MARK, (name, str(number)))


def read_behind(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, Page]]:
    """Yield the rows behind `number`, in the order of their commits."""
    for row, body in connection.execute(_BEHIND, (number,)):
        yield row, _PAGE.decode(body)


def read_span(
    connection: sqlite3.Connection, start: float, end: float, uids: Sequence[str] | None
) -> list[Said]:
    """Return what only the log holds with start <= at < end, of these devices or of all.

    Most rows hold nothing of a single device; they are told by their bytes, without decoding.
    """
    needles = None if uids is None else [uid.encode() for uid in uids]
    wanted = None if uids is None else set(uids)
    return [
        said
        for (body,) in connection.execute(_SPAN, (start, end))
        if needles is None or any(needle in body for needle in needles)
        for said in _PAGE.decode(body).said
        if start <= said[2].at < end and (wanted is None or said[0] in wanted)
    ]


def identity(said: Said) -> tuple[Any, ...]:
    """Return what two entries have in common exactly when they are the same message."""
    _, index, report = said
    if report.seq is not None:
        return report.at, report.topic, report.boot, report.seq
    return report.at, report.received, index


def order(said: Said) -> tuple[Any, ...]:
    """Return what entries of one device are sorted by: event time, then arrival."""
    _, index, report = said
    return report.at, report.received, -1 if report.seq is None else report.seq, index
