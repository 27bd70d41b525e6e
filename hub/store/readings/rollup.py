"""Roll-ups: what a number was in each clock hour, a day of a device in one block.

They are made of an hour's columns, once those are written, and made anew when those are: what is
read from them is what the readings say. Only good and finite numbers count.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import fsum
from typing import NamedTuple

import msgspec

from hub.model.report import Quality
from hub.ports import ReadingRow, RollupRow
from hub.store.deletion.retention import Retention, keep_of
from hub.store.readings import chunk, column
from hub.store.readings.chunk import HOUR
from hub.store.readings.column import Column
from hub.store.readings.compaction import columns_of, read_columns
from hub.store.readings.log import read_mark

HOURS = 24
DROPPED = "readings_dropped_through"
"""Name in `meta` of the newest hour whose readings are deleted."""

_HOUR = (
    "SELECT max(hour) FROM part p WHERE part = 0 AND rolled = 0"
    " AND NOT EXISTS (SELECT 1 FROM part q WHERE q.hour = p.hour AND q.part > 0)"
)
_DAY = "SELECT body FROM rollup WHERE day = ? AND uid = ?"
_DAYS = "SELECT min(day), max(day) FROM rollup"
_THINNED = "SELECT thinned FROM part WHERE hour = ? AND part = 0"
_INSERT = "INSERT OR REPLACE INTO rollup (day, uid, body) VALUES (?, ?, ?)"
_ROLLED = "UPDATE part SET rolled = 1 WHERE hour = ? AND part = 0"

Rollup = tuple[int, str, bytes]
"""day, uid, body."""


class Figures(NamedTuple):
    """What a point was in an hour, of `number` readings; `total` is the exact sum, rounded once."""

    number: int
    minimum: float
    maximum: float
    total: float
    first: float
    last: float


Day = dict[str, dict[int, Figures]]
"""point → hour of the day → figures."""


class Block(msgspec.Struct, frozen=True, array_like=True):
    """A point's day: `count` hours, and a column of each field of `Figures`."""

    point: str
    count: int
    hours: Column
    figures: tuple[Column, ...]


_ENCODE = msgspec.msgpack.Encoder().encode
_BLOCKS = msgspec.msgpack.Decoder(list[Block])


def sum_up(values: Sequence[float]) -> Figures:
    """Return the figures of at least one number, in order of event time."""
    return Figures(
        number=len(values),
        minimum=min(values),
        maximum=max(values),
        total=fsum(values),
        first=values[0],
        last=values[-1],
    )


def to_row(hour: int, figures: Figures) -> RollupRow:
    """Return an hour (epoch / 3600) as readers get it."""
    number, minimum, maximum, total, first, last = figures
    return RollupRow(
        at=hour * HOUR,
        count=number,
        minimum=minimum,
        maximum=maximum,
        mean=total / number,
        first=first,
        last=last,
    )


def by_hour(rows: Iterable[ReadingRow]) -> dict[int, Figures]:
    """Return hour → figures of readings in order of event time."""
    hours: dict[int, list[float]] = {}
    for row in rows:
        if row.quality is Quality.GOOD and chunk.is_number(row.value):
            hours.setdefault(int(row.at // HOUR), []).append(row.value)
    return {hour: sum_up(values) for hour, values in hours.items()}


def pack_day(day: Mapping[str, Mapping[int, Figures]]) -> bytes:
    """Return the block of a device's day; points without an hour are left out."""
    blocks = [
        Block(
            point=point,
            count=len(hours),
            hours=column.pack(sorted(hours)),
            figures=tuple(map(column.pack, zip(*(hours[h] for h in sorted(hours)), strict=True))),
        )
        for point, hours in sorted(day.items())
        if hours
    ]
    return zlib.compress(_ENCODE(blocks))


def unpack_day(body: bytes) -> Day:
    """Return what `pack_day` was given."""
    return {block.point: _unpack(block) for block in _read(body)}


def unpack_point(body: bytes, point: str) -> dict[int, Figures]:
    """Return one point's hours of the day."""
    return next((_unpack(block) for block in _read(body) if block.point == point), {})


def _read(body: bytes) -> list[Block]:
    return _BLOCKS.decode(zlib.decompress(body))


def _unpack(block: Block) -> dict[int, Figures]:
    columns = (column.unpack(each, block.count) for each in (block.hours, *block.figures))
    return {hour: Figures(*figures) for hour, *figures in zip(*columns, strict=True)}


def find_unrolled_hour(connection: sqlite3.Connection) -> tuple[int, list[str]] | None:
    """Return the newest hour whose columns are not rolled up, and its devices; None without one."""
    hour = connection.execute(_HOUR).fetchone()[0]
    return None if hour is None else (hour, columns_of(connection, hour))


def roll(
    connection: sqlite3.Connection, hour: int, uids: Iterable[str], retention: Retention | None
) -> list[Rollup]:
    """Return the days of some devices with this hour as its columns have it now."""
    is_settled = _settled(connection, hour, retention)
    return [_roll(connection, hour, uid, is_settled) for uid in uids]


def _settled(
    connection: sqlite3.Connection, hour: int, retention: Retention | None
) -> Callable[[str, str], bool]:
    """Tell of which (uid, point) readings of the hour are gone, so that its figures must stay."""
    thinned = abs(connection.execute(_THINNED, (hour,)).fetchone()[0])
    dropped = hour <= read_mark(connection, DROPPED)
    if dropped or (thinned and retention is None):
        return lambda _uid, _point: True
    if not thinned or retention is None:
        return lambda _uid, _point: False
    return lambda uid, point: keep_of(retention, uid, point).readings <= thinned


def _roll(
    connection: sqlite3.Connection, hour: int, uid: str, is_settled: Callable[[str, str], bool]
) -> Rollup:
    day, place = divmod(hour, HOURS)
    numbers = chunk.unpack_numbers(read_columns(connection, hour, uid))
    kept = read_day(connection, day, uid)
    for point in {*kept, *numbers}:
        if is_settled(uid, point):
            continue
        hours = kept.setdefault(point, {})
        hours.pop(place, None)
        if point in numbers:
            hours[place] = sum_up(numbers[point])
    return day, uid, pack_day(kept)


def read_day(connection: sqlite3.Connection, day: int, uid: str) -> Day:
    """Return a device's day; empty where there is none."""
    found = connection.execute(_DAY, (day, uid)).fetchone()
    return unpack_day(found[0]) if found else {}


def write_rollups(connection: sqlite3.Connection, rows: Sequence[Rollup]) -> None:
    """Write some days; they count once their hour is noted."""
    connection.executemany(_INSERT, rows)


def note_rolled(connection: sqlite3.Connection, hour: int) -> None:
    """Note that an hour's roll-ups are written."""
    connection.execute(_ROLLED, (hour,))


def read_rolled(
    connection: sqlite3.Connection, key: tuple[str, str], first: float, last: float
) -> dict[int, Figures]:
    """Return hour → figures of a point with first <= hour < last, as far as they are rolled up."""
    uid, point = key
    low, high = connection.execute(_DAYS).fetchone()
    if low is None or first >= last:
        return {}
    found: dict[int, Figures] = {}
    for day in range(int(max(low, first // HOURS)), int(min(high, (last - 1) // HOURS)) + 1):
        row = connection.execute(_DAY, (day, uid)).fetchone()
        hours = unpack_point(row[0], point) if row else {}
        found |= {day * HOURS + hour: figures for hour, figures in hours.items()}
    return {hour: figures for hour, figures in found.items() if first <= hour < last}
