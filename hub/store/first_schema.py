"""Moves what the first schema kept as a row for each reading into chunks and latest values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import msgspec

from hub.model.device import DeviceUid
from hub.model.report import Quality, Report, Sample, Topic, Value
from hub.store.readings import chunk
from hub.store.readings.log import Said

_COLUMNS = "s.uid, s.point, r.at, b.name, r.tie, r.received, r.code, r.num, r.txt"
_FROM = "r JOIN series s ON s.id = r.series JOIN boot b ON b.id = r.boot"
_READINGS = (
    f"SELECT {_COLUMNS} FROM old_reading {_FROM}"  # noqa: S608 - constants
    " ORDER BY s.uid, r.at, b.name, r.tie"
)
_POINTS = f"SELECT {_COLUMNS} FROM old_point {_FROM}"  # noqa: S608 - constants
_CHUNK = "INSERT INTO chunk (hour, part, uid, count, body) VALUES (?, 0, ?, ?, ?)"
_PARTS = "INSERT INTO part SELECT hour, 0, sum(count) FROM chunk GROUP BY hour"
_POINT = (
    "INSERT INTO point (uid, point, at, received, boot, seq, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_OLD = ("old_reading", "old_point", "series", "boot")

_NUMBERED = 32
_NOTHING, _BOOL, _INT, _FLOAT, _TEXT = 0, 4, 8, 12, 16
_QUALITY = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD)

Row = tuple[Any, ...]


def move(connection: sqlite3.Connection) -> None:
    """Move everything, and drop the old tables; within the migration's transaction."""
    connection.executemany(_POINT, map(_point, connection.execute(_POINTS).fetchall()))
    rows = connection.execute(_READINGS)
    for (uid, hour), group in groupby(rows, key=lambda row: (row[0], int(row[2] // chunk.HOUR))):
        said = list(_said(DeviceUid(uid), group))
        connection.execute(_CHUNK, (hour, uid, len(said), chunk.pack(said)))
    connection.execute(_PARTS)
    for table in _OLD:
        connection.execute(f"DROP TABLE {table}")


def _said(uid: DeviceUid, rows: Iterable[Row]) -> Iterator[Said]:
    for index, (_, group) in enumerate(groupby(rows, key=lambda row: (row[2], row[3], row[4]))):
        same = list(group)
        _, _, at, boot, tie, received, code, *_ = same[0]
        report = Report(
            address="",
            uid=uid,
            topic=Topic.TELEMETRY,
            at=at,
            received=at if received is None else received,
            boot=boot,
            seq=tie if code & _NUMBERED else None,
            samples=tuple(Sample(row[1], _value(row), _QUALITY[row[6] & 3]) for row in same),
        )
        yield uid, index, report


def _point(row: Row) -> Row:
    uid, point, at, boot, tie, received, code, *_ = row
    body = msgspec.msgpack.encode((_value(row), _QUALITY[code & 3]))
    seq = tie if code & _NUMBERED else None
    return uid, point, at, at if received is None else received, boot, seq, body


def _value(row: Row) -> Value | None:
    code, number, text = row[6:9]
    kind = code & 28
    if kind == _FLOAT:
        return float("nan") if number is None else float(number)
    if kind == _BOOL:
        return bool(number)
    if kind == _INT:
        return int(text or 0) if number is None else int(number)
    return str(text) if kind == _TEXT else None
