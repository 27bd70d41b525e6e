"""What a store holds of each kind of data: for how long, since when, and what was deleted of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from hub.ports import Holding
from hub.store import bounds, forgetting, rollup
from hub.store.chunk import HOUR
from hub.store.concern import Concern, EventKeep
from hub.store.log import read_mark
from hub.store.retention import Retention

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
    "journal": "SELECT at FROM journal ORDER BY seq LIMIT 1",
}
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


def _kinds(
    connection: sqlite3.Connection, retention: Retention
) -> Iterator[tuple[str, int | None, float | None, float | None]]:
    def oldest(kind: str) -> float | None:
        found: float | None = (connection.execute(_OLDEST[kind]).fetchone() or (None,))[0]
        return found

    usual, rest = retention.usual, retention.leftovers
    dropped = read_mark(connection, rollup.DROPPED)
    yield (
        "readings",
        usual.readings,
        oldest("readings"),
        (dropped + 1) * HOUR if dropped else None,
    )
    yield "hours", usual.hours, oldest("hours"), None
    if retention.events:
        yield from _events(connection, retention.events)
    yield "quarantine", rest.payloads, oldest("quarantine"), None
    yield "newcomers", rest.newcomers, oldest("newcomers"), None
    yield "journal", None, oldest("journal"), None


def _events(
    connection: sqlite3.Connection, keep: EventKeep
) -> Iterator[tuple[str, int | None, float | None, float | None]]:
    stored = forgetting.names_by_concern(connection, keep)
    for concern in Concern:
        oldest = stored[concern][1] if concern in stored else None
        since = forgetting.forgotten(connection, concern)
        yield concern.value, keep.days[concern], oldest, float(since) if since else None
