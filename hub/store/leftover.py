"""What could not be taken: quarantine and newcomers, sealed, bounded, each loss counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import structlog

from hub.errors import StoreError
from hub.ports import NewcomerRow, QuarantineRow
from hub.store import bounds
from hub.store.seals.day_key import DayKeys, Shelf, about, day_of

log = structlog.get_logger(__name__)

_NEVER = float("-inf")
_ADD = (
    "INSERT INTO counter (name, value, at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
    " value = counter.value + excluded.value, at = excluded.at"
)
_QUARANTINE = (
    "INSERT INTO quarantine (at, link, address, tie, size, payload, reason)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (at, link, address, tie) DO NOTHING"
)
_NEWCOMER = (
    "INSERT INTO newcomer (link, address, first_seen, last_seen, count, sample, guess)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (link, address) DO UPDATE SET"
    " last_seen = excluded.last_seen, count = newcomer.count + excluded.count,"
    " sample = excluded.sample, guess = excluded.guess"
)
_OLD_QUARANTINE = "SELECT at, link, address, tie, payload, reason FROM old_quarantine ORDER BY at"
_OLD_SAMPLES = "SELECT link, address, last_seen, sample FROM newcomer"
_SUSPECTS = "SELECT key, body FROM document WHERE collection = 'suspect'"
_SUSPECT = "UPDATE document SET body = ? WHERE collection = 'suspect' AND key = ?"
_SAID = "payload"
"""What was kept of a message that had killed the hub, besides its digest."""
_SAMPLE = "UPDATE newcomer SET sample = ? WHERE link = ? AND address = ?"


class Leftovers:
    """Writes and deletes them; `age` is how long payloads are kept, in seconds.

    `stranger_age` is after how many seconds a newcomer that is not heard any more goes.
    """

    def __init__(self, days: DayKeys) -> None:
        self._days = days
        self.age = bounds.QUARANTINE_AGE
        self.stranger_age = bounds.NEWCOMER_AGE

    def write_quarantine(
        self, connection: sqlite3.Connection, rows: Sequence[QuarantineRow]
    ) -> None:
        """Insert rows; the oldest make room where there are too many, and are counted."""
        before = connection.total_changes
        sealed = [_sealed(row, index, self._days) for index, row in enumerate(rows)]
        connection.executemany(_QUARANTINE, sealed)
        at = max(row.at for row in rows)
        count(connection, bounds.QUARANTINED, connection.total_changes - before, at)
        held = connection.execute("SELECT count(*) FROM quarantine").fetchone()[0]
        too_many = held - bounds.QUARANTINE_ROWS
        if too_many > 0:
            connection.execute(
                "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine"
                " ORDER BY at, link, address, tie LIMIT ?)",
                (too_many,),
            )
            count(connection, bounds.QUARANTINE_FULL, too_many, at)

    def write_newcomers(self, connection: sqlite3.Connection, rows: Sequence[NewcomerRow]) -> None:
        """Count each message of an unknown device; one beyond the limit is refused and counted.

        Only what is newer than what was counted counts, so that a repeated batch counts nothing.
        """
        found = connection.execute("SELECT link, address, last_seen FROM newcomer")
        seen = {(link, address): at for link, address, at in found}
        refused: list[NewcomerRow] = []
        for key, messages in _by_sender(rows).items():
            if key not in seen and len(seen) >= bounds.NEWCOMER_ROWS:
                refused.extend(messages)
                continue
            fresh = [row for row in messages if row.at > seen.get(key, _NEVER)]
            if fresh:
                first, last = fresh[0], fresh[-1]
                seen[key] = last.at
                sample = self._days.seal(last.sample, Shelf.PAYLOADS, at=last.at, about=about(*key))
                values = (*key, first.at, last.at, len(fresh), sample, last.guess)
                connection.execute(_NEWCOMER, values)
        _count_refused(connection, refused)

    def prune(self, connection: sqlite3.Connection, now: float) -> None:
        """Delete what is past its time; only losses that a person could miss are counted.

        Keys go first: without them what is left cannot be read, whatever becomes of the rest.
        """
        connection.execute("DELETE FROM digest WHERE at < ?", (now - bounds.DIGEST_AGE,))
        self._forget(now)
        past = (now - self.age,)
        found = connection.execute("DELETE FROM quarantine WHERE at < ?", past)
        count(connection, bounds.QUARANTINE_OLD, found.rowcount, now)
        blank = "UPDATE newcomer SET sample = x'' WHERE last_seen < ? AND sample <> x''"
        connection.execute(blank, past)
        gone = "DELETE FROM newcomer WHERE last_seen < ?"
        found = connection.execute(gone, (now - self.stranger_age,))
        count(connection, bounds.NEWCOMER_OLD, found.rowcount, now)

    def _forget(self, now: float) -> None:
        try:
            self._days.forget(Shelf.PAYLOADS, day_of(now - self.age))
        except StoreError as error:
            # Nothing is taken in less soundly for it, and the rows go all the same.
            log.warning("keys that are past their time could not be deleted", why=str(error))


def seal_all(connection: sqlite3.Connection, days: DayKeys) -> None:
    """Seal what was kept as it came; within the migration's transaction."""
    for at, link, address, tie, payload, reason in connection.execute(_OLD_QUARANTINE).fetchall():
        row = QuarantineRow(link=link, address=address, payload=payload, reason=reason, at=at)
        connection.execute(_QUARANTINE, _sealed(row, tie, days))
    connection.execute("DROP TABLE old_quarantine")
    for link, address, at, sample in connection.execute(_OLD_SAMPLES).fetchall():
        sealed = days.seal(sample, Shelf.PAYLOADS, at=at, about=about(link, address))
        connection.execute(_SAMPLE, (sealed, link, address))
    for key, body in connection.execute(_SUSPECTS).fetchall():
        told = {name: value for name, value in msgspec.json.decode(body).items() if name != _SAID}
        connection.execute(_SUSPECT, (msgspec.json.encode(told), key))


def _sealed(row: QuarantineRow, tie: int, days: DayKeys) -> tuple[object, ...]:
    def seal(column: str, plain: bytes) -> bytes:
        what = about(row.link, row.address, row.at, column)
        return days.seal(plain, Shelf.PAYLOADS, at=row.at, about=what)

    payload, reason = seal("payload", row.payload), seal("reason", row.reason.encode())
    return row.at, row.link, row.address, tie, len(row.payload), payload, reason


def count(connection: sqlite3.Connection, name: str, number: int, at: float) -> None:
    """Add to a counter."""
    if number:
        connection.execute(_ADD, (name, number, at))


def _by_sender(rows: Sequence[NewcomerRow]) -> dict[tuple[str, str], list[NewcomerRow]]:
    senders: dict[tuple[str, str], list[NewcomerRow]] = {}
    for row in rows:
        senders.setdefault((row.link, row.address), []).append(row)
    return senders


def _count_refused(connection: sqlite3.Connection, rows: Sequence[NewcomerRow]) -> None:
    name = (bounds.NEWCOMER_REFUSED,)
    found = connection.execute("SELECT at FROM counter WHERE name = ?", name).fetchone()
    counted = found[0] if found else _NEVER
    fresh = [row.at for row in rows if row.at > counted]
    count(connection, bounds.NEWCOMER_REFUSED, len(fresh), max(fresh, default=0.0))
