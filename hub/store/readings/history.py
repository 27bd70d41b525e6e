"""Reads history: a point's readings, or everything that was said, from chunks and log together."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from hub.ports import HistoryPage, ReadingRow, RollupRow
from hub.store.paging import cut_page
from hub.store.readings import chunk, rollup
from hub.store.readings.chunk import HOUR
from hub.store.readings.compaction import group_of, once, read_chunks
from hub.store.readings.log import Said, read_mark, read_span
from hub.store.readings.reading import to_reading

_CHUNKS = (
    "SELECT c.hour, c.part, c.body FROM part p CROSS JOIN chunk c"
    " ON c.hour = p.hour AND c.part = p.part AND c.uid = CASE p.part WHEN 0 THEN ? ELSE ? END"
    " WHERE p.hour >= ? AND p.hour <= ?"
    " ORDER BY p.hour, p.part"
)

_UNROLLED = (
    "SELECT DISTINCT hour FROM part WHERE (part > 0 OR rolled = 0) AND hour >= ? AND hour < ?"
)
_SETTLED = "SELECT hour FROM part WHERE thinned <> 0 AND hour >= ? AND hour < ?"
LONG_AGO = 1e12
"""Seconds from 1970 beyond which nothing is looked for."""


def read_point(
    connection: sqlite3.Connection, key: tuple[str, str], span: tuple[float, float], limit: int
) -> HistoryPage:
    """Return a page of one point's readings with start <= at < end, oldest first."""
    rows: list[ReadingRow] = []
    for hour in _hours(connection, key, span):
        rows += [row for row in hour if span[0] <= row.at < span[1]]
        if len(rows) > limit:
            break
    return cut_page(rows, limit)


def _hours(
    connection: sqlite3.Connection, key: tuple[str, str], span: tuple[float, float]
) -> Iterator[list[ReadingRow]]:
    """Yield the readings of each hour that has any, in order; an instant is never split."""
    uid, point = key
    fresh: dict[int, list[Said]] = {}
    for each in read_span(connection, *span, [uid]):
        fresh.setdefault(int(each[2].at // HOUR), []).append(each)
    last = max(span[0], min(span[1], LONG_AGO))
    names = (uid, group_of(uid))
    found = connection.execute(_CHUNKS, (*names, span[0] // HOUR, last // HOUR))
    for hour, rows in groupby(found, key=lambda row: int(row[0])):
        while fresh and min(fresh) < hour:
            yield _pick(fresh.pop(min(fresh)), key)
        parts = [(part, body) for _, part, body in rows]
        if hour in fresh or parts[0][0] or len(parts) > 1:
            yield _pick([*read_chunks(uid, parts), *fresh.pop(hour, [])], key)
        else:
            yield sorted(chunk.unpack_point(uid, point, parts[0][1]), key=_order)
    for hour in sorted(fresh):
        yield _pick(fresh[hour], key)


def read_rollups(
    connection: sqlite3.Connection, key: tuple[str, str], span: tuple[float, float], limit: int
) -> list[RollupRow]:
    """Return a point's hours that begin before the span's end, from the one of its start on.

    Hours that are not rolled up yet, the last two or so, are summed up from their readings.
    """
    first, last = (min(max(each, -LONG_AGO), LONG_AGO) for each in span)
    start, end = first // HOUR, -(-last // HOUR)
    hours = rollup.read_rolled(connection, key, start, end)
    for hour in _unrolled(connection, key[0], start, end):
        page = read_point(connection, key, (hour * HOUR, (hour + 1) * HOUR), sys.maxsize)
        hours |= rollup.by_hour(page.rows)
    return [rollup.to_row(hour, hours[hour]) for hour in sorted(hours)[:limit]]


def _unrolled(connection: sqlite3.Connection, uid: str, start: float, end: float) -> set[int]:
    """Return hours to be summed up; where readings are gone already, roll-ups know better."""
    found = connection.execute(_UNROLLED, (start, end)).fetchall()
    fresh = read_span(connection, start * HOUR, end * HOUR, [uid])
    hours = {hour for (hour,) in found} | {int(each[2].at // HOUR) for each in fresh}
    dropped = read_mark(connection, rollup.DROPPED)
    settled = {hour for (hour,) in connection.execute(_SETTLED, (start, end))}
    return {hour for hour in hours if hour > dropped} - settled


def _pick(said: Sequence[Said], key: tuple[str, str]) -> list[ReadingRow]:
    return [
        to_reading(report, sample)
        for _, _, report in once(said)
        for sample in report.samples
        if sample.point == key[1]
    ]


def _order(row: ReadingRow) -> tuple[Any, ...]:
    return row.at, row.received, -1 if row.seq is None else row.seq
