"""Makes history of the intake log: first by device and hour as it came, then in columns.

Each step is one short transaction, so that a commit never waits long; a step that is repeated, or
that a crash cuts off, leaves nothing double, since readers know a message by its identity.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec

from hub.store import chunk
from hub.store.chunk import HOUR
from hub.store.log import Said, read_mark, write_mark

MESSAGES = 40_000
"""Messages of the log that are sorted in one go: some 15 MB."""
CHUNKS = 500
"""Chunks written in one transaction."""
ROWS = 50
"""Rows of the log deleted in one transaction."""
DEVICES = 20
"""Devices whose hour is put into columns in one transaction: some 20 ms."""
GRACE = 300.0
"""Seconds after an hour's end before it is put into columns."""

SORTED = "sorted_through"
COUNTED = "sorted"
"""Names in `meta`: the log's row up to which chunks hold the readings, and how many those were."""

Chunk = tuple[int, int, str, int, bytes]
"""hour, part, uid, count of messages, body."""


class _Head(msgspec.Struct, array_like=True):
    """As much of an entry's report as tells its hour."""

    address: str
    topic: str
    at: float


class _Page(msgspec.Struct, array_like=True):
    said: list[msgspec.Raw]


_PAGE = msgspec.msgpack.Decoder(_Page)
_ENTRY = msgspec.msgpack.Decoder(tuple[str, int, _Head])
_LOG = "SELECT id, count, body FROM intake WHERE id > ? ORDER BY id"
_WAITING = "SELECT coalesce(sum(count), 0) FROM intake WHERE id > ?"
_INSERT = "INSERT OR REPLACE INTO chunk (hour, part, uid, count, body) VALUES (?, ?, ?, ?, ?)"
_PART = "INSERT OR REPLACE INTO part (hour, part, count) VALUES (?, ?, ?)"
_CUT = "DELETE FROM intake WHERE id IN (SELECT id FROM intake WHERE id <= ? ORDER BY id LIMIT ?)"
_OPEN = "SELECT min(hour) FROM part WHERE part > 0 AND hour < ?"
_UIDS = "SELECT DISTINCT uid FROM chunk WHERE hour = ? AND part > 0"
_CHUNKS = (
    "SELECT c.uid, c.part, c.body FROM part p CROSS JOIN chunk c"
    " ON c.hour = p.hour AND c.part = p.part WHERE p.hour = ?"
)


def measure_log(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return how many messages of the log are not sorted yet, and how many it holds in all."""
    found = [connection.execute(_WAITING, (row,)) for row in (read_mark(connection, SORTED), 0)]
    waiting, held = (rows.fetchone()[0] for rows in found)
    return waiting, held


def read_log(connection: sqlite3.Connection) -> tuple[list[Chunk], int]:
    """Return the oldest unsorted messages by hour and device, and the last row that they are of.

    Row 0 means that all are sorted.
    """
    hours: dict[tuple[int, str], list[msgspec.Raw]] = {}
    last = messages = 0
    for number, count, body in connection.execute(_LOG, (read_mark(connection, SORTED),)):
        if messages and messages + count > MESSAGES:
            break
        for raw in _PAGE.decode(body).said:
            uid, _, head = _ENTRY.decode(raw)
            hours.setdefault((int(head.at // HOUR), uid), []).append(raw)
        last, messages = number, messages + count
    chunks = [(hour, last, u, len(raws), chunk.join(raws)) for (hour, u), raws in hours.items()]
    return sorted(chunks, key=lambda row: row[:3]), last


def write_parts(connection: sqlite3.Connection, rows: Sequence[Chunk]) -> None:
    """Write which parts these chunks belong to; before the first of them is written."""
    counts: Counter[tuple[int, int]] = Counter()
    for hour, part, _, count, _ in rows:
        counts[hour, part] += count
    connection.executemany(_PART, [(*key, count) for key, count in counts.items()])


def write_chunks(connection: sqlite3.Connection, rows: Sequence[Chunk]) -> None:
    """Write some chunks; what they hold counts as of the log until all of them are written."""
    connection.executemany(_INSERT, rows)


def note_sorted(connection: sqlite3.Connection, last: int) -> None:
    """Note that chunks hold what the log's rows up to `last` said."""
    before = read_mark(connection, SORTED)
    newer = connection.execute(_WAITING, (before,)).fetchone()[0]
    rest = connection.execute(_WAITING, (last,)).fetchone()[0]
    write_mark(connection, COUNTED, read_mark(connection, COUNTED) + newer - rest)
    write_mark(connection, SORTED, last)


def cut_log(connection: sqlite3.Connection, last: int) -> bool:
    """Delete some rows of the log up to `last`; tell whether there may be more."""
    return connection.execute(_CUT, (last, ROWS)).rowcount == ROWS


def find_open_hour(connection: sqlite3.Connection, now: float) -> tuple[int, list[str]]:
    """Return an hour that is over and lies in parts, and its devices; none when there is none."""
    hour = connection.execute(_OPEN, (int((now - GRACE) // HOUR),)).fetchone()[0]
    if hour is None:
        return 0, []
    return hour, [uid for (uid,) in connection.execute(_UIDS, (hour,))]


def read_hours(
    connection: sqlite3.Connection, hour: int, uids: Sequence[str] | None
) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    """Yield the chunks (part, body) of an hour, device by device; of all devices, or of some."""
    chosen = "" if uids is None else f" AND c.uid IN ({', '.join('?' * len(uids))})"
    found = connection.execute(f"{_CHUNKS}{chosen} ORDER BY c.uid, c.part", (hour, *(uids or ())))
    for uid, rows in groupby(found, key=lambda row: str(row[0])):
        yield uid, [(part, body) for _, part, body in rows]


def merge_hours(connection: sqlite3.Connection, hour: int, uids: Sequence[str]) -> list[Chunk]:
    """Return an hour of some devices in columns."""
    found = read_hours(connection, hour, uids)
    merged = ((uid, read_chunks(uid, parts)) for uid, parts in found)
    return [(hour, 0, uid, len(said), chunk.pack(said)) for uid, said in merged]


def begin_columns(connection: sqlite3.Connection, hour: int) -> None:
    """Note that an hour will have columns, with as many messages as its parts have."""
    connection.execute(
        "INSERT OR REPLACE INTO part SELECT hour, 0, sum(count) FROM part WHERE hour = ?", (hour,)
    )


def drop_part(connection: sqlite3.Connection, hour: int) -> bool:
    """Delete one part of an hour whose columns are written; tell whether there was one."""
    sql = "SELECT min(part) FROM part WHERE hour = ? AND part > 0"
    part = connection.execute(sql, (hour,)).fetchone()[0]
    for table in ("chunk", "part"):
        connection.execute(f"DELETE FROM {table} WHERE hour = ? AND part = ?", (hour, part))  # noqa: S608
    return part is not None


def read_chunks(uid: str, rows: Iterable[tuple[int, bytes]]) -> list[Said]:
    """Return what chunks of (part, body) hold together, in order, each message once."""
    said: dict[Any, Said] = {}
    for part, body in rows:
        found = chunk.split(body) if part else chunk.unpack(uid, body)
        said.update((chunk.identity(each), each) for each in found)
    return sorted(said.values(), key=chunk.order)
