"""Stored readings and events as the reports that they came in, in event time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from hub.model.device import DeviceUid
from hub.model.report import Report, Sample, Topic
from hub.ports import EventRow, ReadingRow
from hub.store import event, reading
from hub.store.failure import explain
from hub.store.readers import open_reader

FIRST_WINDOW = 60.0
LONGEST_WINDOW = 86_400.0
SHORTEST_WINDOW = 1.0
ROWS_AT_ONCE = 20_000
"""Rows that a window should hold: the next one is made longer or shorter accordingly."""
TOO_MANY = 200_000
"""Rows of a window that are not worth their memory: it is read anew, shorter."""

# CROSS JOIN keeps the order of the tables: one seek per series, never a scan of the history.
_READINGS = (
    f"SELECT {reading.COLUMNS} FROM series s CROSS JOIN reading r"  # noqa: S608 - constants
    " ON r.series = s.id AND r.at >= ? AND r.at < ? JOIN boot b ON b.id = r.boot"
)
_EVENTS = f"SELECT {event.COLUMNS} FROM event WHERE at >= ? AND at < ?"  # noqa: S608 - constants

_NEXT_READING = (
    "SELECT min((SELECT min(r.at) FROM reading r WHERE r.series = s.id AND r.at >= ?))"
    " FROM series s WHERE 1 = 1"
)
_NEXT_EVENT = "SELECT min(at) FROM event WHERE at >= ?"

Row = ReadingRow | EventRow


def replay_file(
    path: Path, *, start: float, end: float, uids: Iterable[str] | None
) -> Iterator[Report]:
    """Yield the reports of a database file window by window, each in a transaction of its own."""
    chosen = None if uids is None else sorted(set(uids))
    try:
        with closing(open_reader(path)) as connection:
            for rows in _windows(connection, start, end, chosen):
                yield from to_reports(rows)
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error


def to_reports(rows: Iterable[Row]) -> Iterator[Report]:
    """Group rows into one report per (uid, at, boot, seq) and body, in event time, then arrival."""
    for _, group in groupby(sorted(rows, key=_key), key=_key):
        yield _report(list(group))


def _windows(
    connection: sqlite3.Connection, start: float, end: float, uids: Sequence[str] | None
) -> Iterator[list[Row]]:
    length = FIRST_WINDOW
    while start < end:
        until = min(start + length, end)
        rows = _read(connection, (start, until), uids)
        if len(rows) > TOO_MANY and length > SHORTEST_WINDOW:
            length = max(SHORTEST_WINDOW, length / 8)
            continue
        yield rows
        start = until if rows else max(until, _next_instant(connection, until, uids))
        length = _next_length(length, len(rows))


def _next_length(length: float, rows: int) -> float:
    wanted = length * ROWS_AT_ONCE / (rows + 1)
    return max(SHORTEST_WINDOW, min(wanted, 4 * length, LONGEST_WINDOW))


def _next_instant(
    connection: sqlite3.Connection, start: float, uids: Sequence[str] | None
) -> float:
    chosen, values = _choice(uids)
    found = [
        connection.execute(sql + chosen, (start, *values)).fetchone()[0]
        for sql in (_NEXT_READING, _NEXT_EVENT)
    ]
    return min((at for at in found if at is not None), default=float("inf"))


def _read(
    connection: sqlite3.Connection, span: tuple[float, float], uids: Sequence[str] | None
) -> list[Row]:
    chosen, values = _choice(uids)
    readings = connection.execute(f"{_READINGS}{chosen} LIMIT {TOO_MANY + 1}", span + values)
    rows: list[Row] = [reading.to_reading(row) for row in readings]
    events = connection.execute(_EVENTS + chosen, span + values)
    rows.extend(event.to_event(row) for row in events)
    return rows


def _choice(uids: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    if uids is None:
        return "", ()
    return f" AND uid IN ({', '.join('?' * len(uids))})", tuple(uids)


def _key(row: Row) -> tuple[Any, ...]:
    name = row.name if isinstance(row, EventRow) else ""
    seq = -1 if row.seq is None else row.seq
    return row.at, row.received, row.uid, row.boot, seq, name


def _report(group: Sequence[Row]) -> Report:
    first = group[0]
    is_event = isinstance(first, EventRow)
    return Report(
        address="",
        uid=DeviceUid(first.uid),
        topic=Topic.EVENT if is_event else Topic.TELEMETRY,
        at=first.at,
        received=first.received,
        boot=first.boot,
        seq=first.seq,
        samples=tuple(
            Sample(row.point, row.value, row.quality)
            for row in group
            if isinstance(row, ReadingRow)
        ),
        event=first.name if isinstance(first, EventRow) else "",
        data=first.data if isinstance(first, EventRow) else {},
    )
