"""What a start needs, read as of one moment: everything open, and where the counters stand."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeVar

import msgspec

from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.device import LinkState
from hub.model.era import Era
from hub.model.report import Quality, Value
from hub.model.ticket import Ticket
from hub.ports import CursorRow, DigestRow, HeardRow, PointRow, Snapshot, StateRow
from hub.store import bounds
from hub.store.readings.reading import to_reading
from hub.store.readings.unsaved import Unsaved, last_sample, read_unsaved

T = TypeVar("T")
Rows = list[tuple[Any, ...]]

_POINTS = "SELECT uid, point, at, received, boot, seq, body FROM point"
_CURSORS = "SELECT uid, topic, boot, seq, gaps, at FROM cursor"
_ERAS = "SELECT body FROM document WHERE collection = 'era'"
_GAPS = msgspec.json.Decoder(tuple[tuple[int, int], ...])
_POINT = msgspec.msgpack.Decoder(tuple[Value | None, Quality])
_TICKETS = (
    "SELECT body FROM ticket WHERE ended = 0 OR (ended = 1 AND closed_at >= ?)"
    " ORDER BY day, ordinal, number"
)


def load_snapshot(connection: sqlite3.Connection, *, now: float) -> Snapshot:
    """Read it all; a closed ticket counts as open for the 25 h in which it can come back."""
    alarms = _rows(connection, "SELECT body FROM alarm WHERE ended = 0 ORDER BY raised_at, id")
    tickets = _rows(connection, _TICKETS, now - bounds.CLOSED_TICKET_AGE)
    commands = _rows(connection, "SELECT body FROM command WHERE ended = 0 ORDER BY id")
    unsaved = read_unsaved(connection)
    return Snapshot(
        points=_points(connection, unsaved),
        cursors=_cursors(connection, unsaved),
        heard=_heard(connection, unsaved),
        states=_states(connection, unsaved),
        alarms=bodies(alarms, Alarm),
        tickets=bodies(tickets, Ticket),
        commands=bodies(commands, Command),
        last_seq=_rows(connection, "SELECT coalesce(max(seq), 0) FROM journal")[0][0],
        last_ticket=last_tickets(connection),
        digests=_digests(connection, now - bounds.DIGEST_AGE),
    )


def bodies(rows: Rows, kind: type[T]) -> list[T]:
    """Return the things whose JSON is the only column."""
    decoder = msgspec.json.Decoder(kind)
    return [decoder.decode(body) for (body,) in rows]


def _rows(connection: sqlite3.Connection, sql: str, *values: float) -> Rows:
    return connection.execute(sql, values).fetchall()


def _points(connection: sqlite3.Connection, unsaved: Unsaved) -> list[PointRow]:
    stored = {(row[0], row[1]): _to_point(row) for row in connection.execute(_POINTS)}
    for uid, device in unsaved.devices.items():
        for point, report in device.points.items():
            stored[uid, point] = to_reading(report, last_sample(report, point))
    return [stored[key] for key in sorted(stored)]


def _to_point(row: tuple[Any, ...]) -> PointRow:
    uid, point, at, received, boot, seq, body = row
    value, quality = _POINT.decode(body)
    return PointRow(
        uid=uid,
        point=point,
        value=value,
        quality=quality,
        at=at,
        received=received,
        boot=boot,
        seq=seq,
    )


def _cursors(connection: sqlite3.Connection, unsaved: Unsaved) -> list[CursorRow]:
    stored = {
        (uid, topic, boot): CursorRow(
            uid=uid, topic=topic, boot=boot, seq=seq, gaps=_GAPS.decode(gaps), at=at
        )
        for uid, topic, boot, seq, gaps, at in connection.execute(_CURSORS)
    }
    for uid, device in unsaved.devices.items():
        stored |= {(uid, *key): row for key, row in device.cursors.items()}
    return list(stored.values())


def _heard(connection: sqlite3.Connection, unsaved: Unsaved) -> list[HeardRow]:
    stored = {
        uid: HeardRow(uid=uid, at=at, state=LinkState(state), boot=boot)
        for uid, at, state, boot in connection.execute("SELECT uid, at, state, boot FROM heard")
    }
    stored |= {uid: device.heard for uid, device in unsaved.devices.items() if device.heard}
    return list(stored.values())


def _states(connection: sqlite3.Connection, unsaved: Unsaved) -> list[StateRow]:
    stored = dict(connection.execute("SELECT key, data FROM state"))
    stored |= {key: row.data for key, (_, row) in unsaved.states.items()}
    return [
        StateRow(key=key, data=stored[key]) for key in sorted(stored) if stored[key] is not None
    ]


def last_tickets(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the last number that was given, by day; also before a restore that gave it up."""
    sql = "SELECT day, max(ordinal) FROM ticket WHERE day <> '' GROUP BY day"
    found: dict[str, int] = dict(connection.execute(sql).fetchall())
    for era in bodies(_rows(connection, _ERAS), Era):
        for day, ordinal in era.tickets.items():
            found[day] = max(found.get(day, 0), ordinal)
    return found


def _digests(connection: sqlite3.Connection, since: float) -> list[DigestRow]:
    sql = "SELECT uid, digest, at FROM digest WHERE at >= ? ORDER BY at"
    return [
        DigestRow(uid=uid, digest=digest, at=at)
        for uid, digest, at in connection.execute(sql, (since,))
    ]
