"""What could not be taken: quarantine and newcomers, bounded, each loss and refusal counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hub.ports import NewcomerRow, QuarantineRow
from hub.store import bounds

_NEVER = float("-inf")
_ADD = (
    "INSERT INTO counter (name, value, at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
    " value = counter.value + excluded.value, at = excluded.at"
)
_QUARANTINE = (
    "INSERT INTO quarantine (at, link, address, tie, payload, reason) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (at, link, address, tie) DO NOTHING"
)
_NEWCOMER = (
    "INSERT INTO newcomer (link, address, first_seen, last_seen, count, sample, guess)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (link, address) DO UPDATE SET"
    " last_seen = excluded.last_seen, count = newcomer.count + excluded.count,"
    " sample = excluded.sample, guess = excluded.guess"
)


def count(connection: sqlite3.Connection, name: str, number: int, at: float) -> None:
    """Add to a counter."""
    if number:
        connection.execute(_ADD, (name, number, at))


def write_quarantine(connection: sqlite3.Connection, rows: Sequence[QuarantineRow]) -> None:
    """Insert rows; the oldest make room where there are too many, and are counted."""
    before = connection.total_changes
    connection.executemany(
        _QUARANTINE,
        [
            (row.at, row.link, row.address, index, row.payload, row.reason)
            for index, row in enumerate(rows)
        ],
    )
    at = max(row.at for row in rows)
    count(connection, bounds.QUARANTINED, connection.total_changes - before, at)
    held = connection.execute("SELECT count(*) FROM quarantine").fetchone()[0]
    too_many = held - bounds.QUARANTINE_ROWS
    if too_many > 0:
        connection.execute(
            "DELETE FROM quarantine WHERE rowid IN (SELECT rowid FROM quarantine"
            " ORDER BY at, link, address, tie LIMIT ?)",
            (too_many,),
        )
        count(connection, bounds.QUARANTINE_FULL, too_many, at)


def write_newcomers(connection: sqlite3.Connection, rows: Sequence[NewcomerRow]) -> None:
    """Count each message of an unknown device; a device beyond the limit is refused and counted.

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
            values = (*key, first.at, last.at, len(fresh), last.sample, last.guess)
            connection.execute(_NEWCOMER, values)
    _count_refused(connection, refused)


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


def prune(connection: sqlite3.Connection, now: float) -> None:
    """Delete what is past its time; only losses that a person could miss are counted."""
    connection.execute("DELETE FROM digest WHERE at < ?", (now - bounds.DIGEST_AGE,))
    found = connection.execute(
        "DELETE FROM quarantine WHERE at < ?", (now - bounds.QUARANTINE_AGE,)
    )
    count(connection, bounds.QUARANTINE_OLD, found.rowcount, now)
