"""Deletes events that are past the time of what they are about, in short transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hub.store.deletion.concern import Concern, EventKeep
from hub.store.deletion.expiry import ROWS
from hub.store.leftover import count
from hub.store.readings.log import read_mark, write_mark

_NAMES = (
    "WITH RECURSIVE known (name) AS (SELECT min(name) FROM event UNION ALL"
    " SELECT (SELECT min(e.name) FROM event e WHERE e.name > known.name) FROM known"
    " WHERE known.name IS NOT NULL) SELECT name FROM known WHERE name IS NOT NULL"
)
_OLDEST = "SELECT min(at) FROM event WHERE name = ?"
_OLD = "SELECT uid, at, name, boot, tie FROM event WHERE name = ? AND at < ? LIMIT ?"
_DELETE = "DELETE FROM event WHERE uid = ? AND at = ? AND name = ? AND boot = ? AND tie = ?"


def names_by_concern(
    connection: sqlite3.Connection, keep: EventKeep
) -> dict[Concern, tuple[list[str], float]]:
    """Return the names that are stored, and the instant of the oldest event, for each concern."""
    found: dict[Concern, tuple[list[str], float]] = {}
    for (name,) in connection.execute(_NAMES).fetchall():
        oldest = connection.execute(_OLDEST, (name,)).fetchone()[0]
        names, before = found.get(keep.concern_of(name), ([], oldest))
        found[keep.concern_of(name)] = [*names, name], min(before, oldest)
    return found


def newest_event(connection: sqlite3.Connection) -> float:
    """Return the instant of the newest event; long ago without any."""
    found: float | None = connection.execute("SELECT max(at) FROM event").fetchone()[0]
    return float("-inf") if found is None else found


def drop_events(
    connection: sqlite3.Connection,
    *,
    concern: Concern,
    names: Sequence[str],
    before: float,
    now: float,
) -> bool:
    """Delete some events with these names before an instant; tell whether there may be more."""
    left = ROWS
    for name in names:
        rows = connection.execute(_OLD, (name, before, left)).fetchall()
        connection.executemany(_DELETE, rows)
        left -= len(rows)
        if not left:
            break
    count(connection, deleted_of(concern), ROWS - left, now)
    if left < ROWS:
        write_mark(connection, _mark(concern), max(int(before), forgotten(connection, concern)))
    return not left


def deleted_of(concern: Concern) -> str:
    """Return the name of the counter of deleted events."""
    return f"{concern}.deleted_by_age"


def forgotten(connection: sqlite3.Connection, concern: Concern) -> int:
    """Return the instant (whole seconds) before which events have been deleted; 0 for never."""
    return read_mark(connection, _mark(concern))


def _mark(concern: Concern) -> str:
    return f"forgotten:{concern}"
