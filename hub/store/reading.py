"""Readings as rows: written in bulk, one latest value per touched point, and read back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from hub.ports import PointRow, ReadingRow
from hub.store.order import tie
from hub.store.series import Names
from hub.store.value import (
    NUMBERED,
    QUALITY_CODE,
    decode_quality,
    decode_value,
    encode_value,
)

Row = tuple[Any, ...]

_INSERT = (
    "INSERT INTO reading (series, at, boot, tie, received, code, num, txt)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series, at, boot, tie) DO UPDATE SET"
    " received = excluded.received, code = excluded.code, num = excluded.num, txt = excluded.txt"
)
_LATEST = (
    "INSERT INTO point (series, at, boot, tie, received, code, num, txt)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series) DO UPDATE SET"
    " at = excluded.at, boot = excluded.boot, tie = excluded.tie, received = excluded.received,"
    " code = excluded.code, num = excluded.num, txt = excluded.txt"
)
COLUMNS = "s.uid, s.point, r.at, b.name, r.tie, r.received, r.code, r.num, r.txt"
"""What `to_reading` and `to_point` expect, of series s, boot b and reading (or point) r."""


def write_readings(
    connection: sqlite3.Connection, readings: Sequence[ReadingRow], names: Names
) -> None:
    """Insert all rows, and the last `current` one of each point as its latest value."""
    latest: dict[int, Row] = {}
    rows = [_row(reading, index, names, latest) for index, reading in enumerate(readings)]
    names.write(connection)
    connection.executemany(_INSERT, rows)
    connection.executemany(_LATEST, latest.values())


def _row(reading: ReadingRow, index: int, names: Names, latest: dict[int, Row]) -> Row:
    kind, num, txt = encode_value(reading.value)
    code = kind | QUALITY_CODE[reading.quality]
    row = (
        names.series.number((reading.uid, reading.point)),
        reading.at,
        names.boots.number(reading.boot),
        tie(reading, index),
        reading.received if reading.received != reading.at else None,
        code if reading.seq is None else code | NUMBERED,
        num,
        txt,
    )
    if reading.current:
        latest[row[0]] = row
    return row


def to_reading(row: Row) -> ReadingRow:
    """Return the reading of a row of `COLUMNS`."""
    return ReadingRow(**_fields(row))


def to_point(row: Row) -> PointRow:
    """Return the latest value of a row of `COLUMNS`."""
    return PointRow(**_fields(row))


def _fields(row: Row) -> dict[str, Any]:
    uid, point, at, boot, tied, received, code, num, txt = row
    return {
        "uid": uid,
        "point": point,
        "at": at,
        "received": at if received is None else received,
        "value": decode_value(code, num, txt),
        "quality": decode_quality(code),
        "boot": boot,
        "seq": tied if code & NUMBERED else None,
    }
