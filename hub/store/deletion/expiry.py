"""Deletes what retention keeps no longer: whole hours and days, and points that go earlier.

Hours go only once they are rolled up, and a roll-up whose readings are gone is not made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from hub.store import bounds
from hub.store.deletion.retention import Retention, fingerprint, keep_of
from hub.store.leftover import count
from hub.store.readings import chunk, rollup
from hub.store.readings.compaction import read_columns
from hub.store.readings.log import read_mark, write_mark
from hub.store.readings.rollup import Rollup

ROWS = 200
"""Rows deleted in one transaction: some hundred kilobytes."""

POLICY = "retention"
"""Name in `meta` of the fingerprint of the retention that was applied last."""
THINNED_DAYS = "hours_thinned"
"""Begin of names in `meta`: the last day whose roll-ups lack the points of a limit."""

_OLD_HOUR = (
    "SELECT min(hour) FROM part p WHERE part = 0 AND rolled = 1 AND hour < ?"
    " AND NOT EXISTS (SELECT 1 FROM part q WHERE q.hour = p.hour AND q.part > 0)"
)
_OLD_DAY = "SELECT min(day) FROM rollup WHERE day > ? AND day < ?"
_THICK = "SELECT min(hour) FROM part WHERE part = 0 AND rolled = 1 AND thinned < ? AND hour < ?"
_DROP_CHUNKS = (
    "DELETE FROM chunk WHERE hour = ? AND part = 0"
    " AND uid IN (SELECT uid FROM chunk WHERE hour = ? AND part = 0 LIMIT ?)"
)
_DROP_DAY = (
    "DELETE FROM rollup WHERE day = ? AND uid IN (SELECT uid FROM rollup WHERE day = ? LIMIT ?)"
)
_WRITE_CHUNK = "UPDATE chunk SET body = ? WHERE hour = ? AND part = 0 AND uid = ?"
_DROP_CHUNK = "DELETE FROM chunk WHERE hour = ? AND part = 0 AND uid = ?"

Thinned = tuple[int, str, bytes]
"""hour or day, uid, and what is left of its body."""


def note_retention(connection: sqlite3.Connection, retention: Retention) -> None:
    """Look through everything anew where another retention was applied last."""
    policy = fingerprint(retention)
    if read_mark(connection, POLICY) != policy:
        connection.execute("UPDATE part SET thinned = -abs(thinned) WHERE part = 0")
        connection.execute("DELETE FROM meta WHERE key LIKE ?", (f"{THINNED_DAYS}:%",))
        write_mark(connection, POLICY, policy)


def newest_hour(connection: sqlite3.Connection) -> int:
    """Return the newest hour that history knows; long ago without any."""
    found: int | None = connection.execute("SELECT max(hour) FROM part").fetchone()[0]
    return -(2**62) if found is None else found


def find_old_hour(connection: sqlite3.Connection, before: int) -> int | None:
    """Return the oldest hour in columns, rolled up and before `before`."""
    found: int | None = connection.execute(_OLD_HOUR, (before,)).fetchone()[0]
    return found


def begin_drop(connection: sqlite3.Connection, hour: int, now: float) -> None:
    """Note that an hour goes: from now on its roll-ups stay as they are; count its messages."""
    if hour > read_mark(connection, rollup.DROPPED):
        write_mark(connection, rollup.DROPPED, hour)
    held = connection.execute("SELECT count FROM part WHERE hour = ? AND part = 0", (hour,))
    count(connection, bounds.HISTORY_OLD, held.fetchone()[0], now)
    connection.execute("UPDATE part SET count = 0 WHERE hour = ? AND part = 0", (hour,))


def drop_hour(connection: sqlite3.Connection, hour: int) -> bool:
    """Delete some of an hour's columns; tell whether there may be more."""
    if connection.execute(_DROP_CHUNKS, (hour, hour, ROWS)).rowcount == ROWS:
        return True
    connection.execute("DELETE FROM part WHERE hour = ? AND part = 0", (hour,))
    return False


def find_old_day(connection: sqlite3.Connection, after: int, before: int) -> int | None:
    """Return the oldest day with roll-ups between the two, neither included."""
    found: int | None = connection.execute(_OLD_DAY, (after, before)).fetchone()[0]
    return found


def drop_day(connection: sqlite3.Connection, day: int, now: float) -> bool:
    """Delete some of a day's roll-ups, and count them; tell whether there may be more."""
    gone = connection.execute(_DROP_DAY, (day, day, ROWS)).rowcount
    count(connection, bounds.ROLLUP_OLD, gone, now)
    return gone == ROWS


def find_thick_hour(connection: sqlite3.Connection, limit: int, before: int) -> int | None:
    """Return the oldest hour before `before` that still holds points of this limit (days)."""
    found: int | None = connection.execute(_THICK, (limit, before)).fetchone()[0]
    return found


def devices_of(
    connection: sqlite3.Connection, table: str, when: int, retention: Retention, limit: int
) -> list[str]:
    """Return whom of an hour (`chunk`) or a day (`rollup`) a limit may concern."""
    where = "hour = ? AND part = 0" if table == "chunk" else "day = ?"
    found = connection.execute(f"SELECT uid FROM {table} WHERE {where}", (when,))  # noqa: S608
    uids = [uid for (uid,) in found]
    usual = retention.usual
    if limit >= (usual.readings if table == "chunk" else usual.hours):
        return uids
    return [uid for uid in uids if uid in retention.own]


def thin_hour(
    connection: sqlite3.Connection, when: int, uids: Iterable[str], retention: Retention, limit: int
) -> list[Thinned]:
    """Return what is left of the columns of those that lose points whose readings are past it."""
    thinned = []
    for uid in uids:
        gone = _gone(retention, uid, "readings", limit)
        left = chunk.leave_out(read_columns(connection, when, uid), gone)
        if left is not None:
            thinned.append((when, uid, left))
    return thinned


def write_thinned(connection: sqlite3.Connection, rows: Sequence[Thinned]) -> None:
    """Write what is left of columns; those with nothing left go."""
    connection.executemany(_WRITE_CHUNK, [(body, hour, uid) for hour, uid, body in rows if body])
    connection.executemany(_DROP_CHUNK, [(hour, uid) for hour, uid, body in rows if not body])


def note_thinned(connection: sqlite3.Connection, hour: int, limit: int) -> None:
    """Note that an hour holds no points of this limit any more."""
    connection.execute("UPDATE part SET thinned = ? WHERE hour = ? AND part = 0", (limit, hour))


def thin_day(
    connection: sqlite3.Connection, when: int, uids: Iterable[str], retention: Retention, limit: int
) -> list[Rollup]:
    """Return the days of those that lose points whose roll-ups are past it."""
    thinned = []
    for uid in uids:
        gone = _gone(retention, uid, "hours", limit)
        kept = rollup.read_day(connection, when, uid)
        left = {point: hours for point, hours in kept.items() if not gone(point)}
        if len(left) < len(kept):
            thinned.append((when, uid, rollup.pack_day(left)))
    return thinned


def _gone(retention: Retention, uid: str, field: str, limit: int) -> Callable[[str], bool]:
    return lambda point: getattr(keep_of(retention, uid, point), field) <= limit
