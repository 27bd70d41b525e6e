"""Makes history of the intake log: first by device and hour as it came, then in columns.

Each step is one short transaction, so that a commit never waits long; a step that is repeated, or
that a crash cuts off, leaves nothing double, since readers know a message by its identity.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hub.store import chunk
from hub.store.chunk import HOUR
from hub.store.log import Said, read_checkpoint

MESSAGES = 40_000
"""Messages of the log that are sorted in one go: some 15 MB."""
CHUNKS = 500
"""Chunks written in one transaction."""
HOURS = 20
"""Hours of devices put into columns in one transaction: some 20 ms."""
GRACE = 300.0
"""Seconds after an hour's end before it is put into columns."""

Chunk = tuple[str, int, int, int, bytes]
"""uid, hour, part, count of messages, body."""


class _Head(msgspec.Struct, array_like=True):
    """As much of an entry's report as tells its hour."""

    address: str
    topic: str
    at: float


class _Page(msgspec.Struct, array_like=True):
    said: list[msgspec.Raw]


_PAGE = msgspec.msgpack.Decoder(_Page)
_ENTRY = msgspec.msgpack.Decoder(tuple[str, int, _Head])
_LOG = "SELECT id, count, body FROM intake WHERE id <= ? ORDER BY id"
_SORTED = (
    "INSERT INTO meta (key, value)"
    " SELECT 'sorted', coalesce(sum(count), 0) FROM intake WHERE id <= ?"
    " ON CONFLICT (key) DO UPDATE SET value = meta.value + excluded.value"
)
_INSERT = "INSERT OR REPLACE INTO chunk (uid, hour, part, count, body) VALUES (?, ?, ?, ?, ?)"
_OPEN = "SELECT DISTINCT uid, hour FROM chunk WHERE part > 0 AND hour < ? LIMIT ?"
_PARTS = "SELECT part, body FROM chunk WHERE uid = ? AND hour = ? ORDER BY part"
_MERGED = "DELETE FROM chunk WHERE uid = ? AND hour = ? AND part > 0"


def measure_log(connection: sqlite3.Connection) -> int:
    """Return how many messages the log holds."""
    return int(connection.execute("SELECT coalesce(sum(count), 0) FROM intake").fetchone()[0])


def read_log(connection: sqlite3.Connection) -> tuple[list[Chunk], int]:
    """Return the oldest messages of the log by device and hour, and the last row that they are of.

    Only what stands in the tables of latest values may leave the log: row 0 means nothing yet.
    """
    hours: dict[tuple[str, int], list[msgspec.Raw]] = {}
    last = messages = 0
    for number, count, body in connection.execute(_LOG, (read_checkpoint(connection),)):
        if messages and messages + count > MESSAGES:
            break
        for raw in _PAGE.decode(body).said:
            uid, _, head = _ENTRY.decode(raw)
            hours.setdefault((uid, int(head.at // HOUR)), []).append(raw)
        last, messages = number, messages + count
    chunks = [(*key, last, len(raws), chunk.join(raws)) for key, raws in hours.items()]
    return chunks, last


def write_chunks(connection: sqlite3.Connection, rows: Sequence[Chunk]) -> None:
    """Write some chunks; what they hold stays in the log until all of them are written."""
    connection.executemany(_INSERT, rows)


def cut_log(connection: sqlite3.Connection, last: int) -> None:
    """Delete the rows of the log up to `last`, and count what they held (meta 'sorted')."""
    connection.execute(_SORTED, (last,))
    connection.execute("DELETE FROM intake WHERE id <= ?", (last,))


def read_hours(connection: sqlite3.Connection, now: float) -> list[Chunk]:
    """Return some hours of devices that are over, in columns; nothing when all have been done."""
    over = int((now - GRACE) // HOUR)
    return [_merge(connection, *each) for each in connection.execute(_OPEN, (over, HOURS))]


def _merge(connection: sqlite3.Connection, uid: str, hour: int) -> Chunk:
    said = read_chunks(uid, connection.execute(_PARTS, (uid, hour)))
    return uid, hour, 0, len(said), chunk.pack(said)


def write_hours(connection: sqlite3.Connection, rows: Sequence[Chunk]) -> None:
    """Put hours in columns into the place of their parts."""
    connection.executemany(_INSERT, rows)
    connection.executemany(_MERGED, [row[:2] for row in rows])


def read_chunks(uid: str, rows: Iterable[tuple[int, bytes]]) -> list[Said]:
    """Return what chunks of (part, body) hold together, in order, each message once."""
    said: dict[Any, Said] = {}
    for part, body in rows:
        found = chunk.split(body) if part else chunk.unpack(uid, body)
        said.update((chunk.identity(each), each) for each in found)
    return sorted(said.values(), key=chunk.order)
