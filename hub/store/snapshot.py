"""What a start needs, read as of one moment: everything open, and where the counters stand."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeVar

import msgspec

from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.device import LinkState
from hub.model.ticket import Ticket
from hub.ports import CursorRow, DigestRow, HeardRow, PointRow, Snapshot, StateRow
from hub.store import bounds, reading

T = TypeVar("T")
Rows = list[tuple[Any, ...]]

_POINTS = (
    f"SELECT {reading.COLUMNS} FROM point r"  # noqa: S608 - constants
    " JOIN series s ON s.id = r.series JOIN boot b ON b.id = r.boot ORDER BY s.uid, s.point"
)
_TICKETS = (
    "SELECT body FROM ticket WHERE ended = 0 OR (ended = 1 AND closed_at >= ?)"
    " ORDER BY day, ordinal, number"
)


def load_snapshot(connection: sqlite3.Connection, *, now: float) -> Snapshot:
    """Read it all; a closed ticket counts as open for the 25 h in which it can come back."""
    alarms = _rows(connection, "SELECT body FROM alarm WHERE ended = 0 ORDER BY raised_at, id")
    tickets = _rows(connection, _TICKETS, now - bounds.CLOSED_TICKET_AGE)
    commands = _rows(connection, "SELECT body FROM command WHERE ended = 0 ORDER BY id")
    states = _rows(connection, "SELECT key, data FROM state ORDER BY key")
    return Snapshot(
        points=_points(connection),
        cursors=_cursors(connection),
        heard=_heard(connection),
        states=[StateRow(key=key, data=data) for key, data in states],
        alarms=bodies(alarms, Alarm),
        tickets=bodies(tickets, Ticket),
        commands=bodies(commands, Command),
        last_seq=_rows(connection, "SELECT coalesce(max(seq), 0) FROM journal")[0][0],
        last_ticket=_last_ticket(connection),
        digests=_digests(connection, now - bounds.DIGEST_AGE),
    )


def bodies(rows: Rows, kind: type[T]) -> list[T]:
    """Return the things whose JSON is the only column."""
    decoder = msgspec.json.Decoder(kind)
    return [decoder.decode(body) for (body,) in rows]


def _rows(connection: sqlite3.Connection, sql: str, *values: float) -> Rows:
    return connection.execute(sql, values).fetchall()


def _points(connection: sqlite3.Connection) -> list[PointRow]:
    return [reading.to_point(row) for row in connection.execute(_POINTS)]


def _cursors(connection: sqlite3.Connection) -> list[CursorRow]:
    decoder = msgspec.json.Decoder(tuple[tuple[int, int], ...])
    sql = "SELECT uid, topic, boot, seq, gaps, at FROM cursor"
    return [
        CursorRow(uid=uid, topic=topic, boot=boot, seq=seq, gaps=decoder.decode(gaps), at=at)
        for uid, topic, boot, seq, gaps, at in connection.execute(sql)
    ]


def _heard(connection: sqlite3.Connection) -> list[HeardRow]:
    return [
        HeardRow(uid=uid, at=at, state=LinkState(state), boot=boot)
        for uid, at, state, boot in connection.execute("SELECT uid, at, state, boot FROM heard")
    ]


def _last_ticket(connection: sqlite3.Connection) -> dict[str, int]:
    sql = "SELECT day, max(ordinal) FROM ticket WHERE day <> '' GROUP BY day"
    return dict(connection.execute(sql).fetchall())


def _digests(connection: sqlite3.Connection, since: float) -> list[DigestRow]:
    sql = "SELECT uid, digest, at FROM digest WHERE at >= ? ORDER BY at"
    return [
        DigestRow(uid=uid, digest=digest, at=at)
        for uid, digest, at in connection.execute(sql, (since,))
    ]
