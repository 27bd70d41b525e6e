"""What a store holds of each kind of data: for how long, since when, and what was deleted of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from hub.ports import Holding
from hub.store import bounds
from hub.store.deletion import forgetting
from hub.store.deletion.concern import Concern, EventKeep
from hub.store.deletion.retention import Retention, keep_of, limits
from hub.store.readings import rollup
from hub.store.readings.chunk import HOUR
from hub.store.readings.log import read_mark

DAY = 86_400.0
DELETED = {
    "readings": (bounds.HISTORY_OLD,),
    "hours": (bounds.ROLLUP_OLD,),
    **{concern.value: (forgetting.deleted_of(concern),) for concern in Concern},
    "quarantine": (bounds.QUARANTINE_OLD, bounds.QUARANTINE_FULL),
    "newcomers": (bounds.NEWCOMER_OLD,),
}
"""Kind → the counters of what was deleted: messages of readings, days of a device's hours, rows."""

_OLDEST = {
    "readings": "SELECT min(hour) * 3600.0 FROM (SELECT min(hour) AS hour FROM part UNION ALL"
    " SELECT CAST(min(first) / 3600 AS INTEGER) FROM intake)",
    "hours": "SELECT min(day) * 86400.0 FROM rollup",
    "quarantine": "SELECT min(at) FROM quarantine",
    "newcomers": "SELECT min(last_seen) FROM newcomer",
    "reports": "SELECT CAST(substr(min(key), 1, 10) AS REAL) FROM document"
    " WHERE collection = 'personal'",
    "journal": "SELECT at FROM journal ORDER BY seq LIMIT 1",
}
_THINNED = "SELECT max(hour) FROM part WHERE part = 0 AND abs(thinned) >= ?"
_COUNTERS = "SELECT name, value, at FROM counter"


def read_holdings(connection: sqlite3.Connection, retention: Retention) -> list[Holding]:
    """Return every kind: history, events, what was not understood, and the journal."""
    counters = {name: (value, at) for name, value, at in connection.execute(_COUNTERS)}
    return [
        Holding(
            kind=kind,
            keep_days=days,
            oldest=oldest,
            complete_since=since,
            deleted=sum(value for value, _ in gone),
            deleted_at=max((at for _, at in gone), default=None),
        )
        for kind, days, oldest, since in _kinds(connection, retention)
        for gone in ([counters[name] for name in DELETED.get(kind, ()) if name in counters],)
    ]


def find_reach(
    connection: sqlite3.Connection, retention: Retention, uid: str, point: str
) -> float | None:
    """Return since when a point's readings are complete; None where none were deleted."""
    return _complete_since(connection, retention, keep_of(retention, uid, point).readings)


def _complete_since(
    connection: sqlite3.Connection, retention: Retention, days: int
) -> float | None:
    """Return since when readings that are kept for so many days are complete.

    Hours go as a whole by the longest limit; before that the points of shorter ones are cut out.
    """
    gone = read_mark(connection, rollup.DROPPED)
    if days < limits(retention)[0][-1]:
        gone = max(gone, connection.execute(_THINNED, (days,)).fetchone()[0] or 0)
    return (gone + 1) * HOUR if gone else None


def _kinds(
    connection: sqlite3.Connection, retention: Retention
) -> Iterator[tuple[str, int | None, float | None, float | None]]:
    def oldest(kind: str) -> float | None:
        found: float | None = (connection.execute(_OLDEST[kind]).fetchone() or (None,))[0]
        return found

    usual, rest = retention.usual, retention.leftovers
    since = _complete_since(connection, retention, usual.readings)
    yield "readings", usual.readings, oldest("readings"), since
    yield "hours", usual.hours, oldest("hours"), None
    if retention.events:
        yield from _events(connection, retention.events)
    yield "quarantine", rest.payloads, oldest("quarantine"), None
    yield "newcomers", rest.newcomers, oldest("newcomers"), None
    yield "reports", retention.reports, oldest("reports"), None
    yield "journal", None, oldest("journal"), None


def _events(
    connection: sqlite3.Connection, keep: EventKeep
) -> Iterator[tuple[str, int | None, float | None, float | None]]:
    stored = forgetting.names_by_concern(connection, keep)
    for concern in Concern:
        oldest = stored[concern][1] if concern in stored else None
        since = forgetting.forgotten(connection, concern)
        yield concern.value, keep.days[concern], oldest, float(since) if since else None
