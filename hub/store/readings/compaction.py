"""Makes history of the intake log: first by device and hour as it came, then in columns.

Each step is one short transaction, so that a commit never waits long; a step that is repeated, or
that a crash cuts off, leaves nothing double, since readers know a message by its identity.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from zlib import crc32

from hub.store.readings import chunk
from hub.store.readings.chunk import EVER, HOUR, Span
from hub.store.readings.log import Said, identity, order, read_mark, write_mark

CHUNKS = 20
"""Chunks written in one transaction: less than a megabyte."""
GROUPS = 256
"""Devices share chunks until their hour is over: few large rows cost less than many small ones."""
ROWS = 50
"""Rows of the log deleted in one transaction."""
GRACE = 3_900.0
"""Seconds after an hour's end before it is put into columns: a start reads the last hour anew, and
what lies as it came is read faster."""

SORTED = "sorted_through"
COUNTED = "sorted"
"""Names in `meta`: the log's row up to which chunks hold the readings, and how many those were."""

Unpack = Callable[[str, bytes, Span, bool], list[Said]]
"""Makes messages of (uid, columns, span, whether the device has nothing else in the hour)."""
Chunk = tuple[int, int, str, int, bytes]
"""hour, part, uid (of a part as it came: group), count of messages, body."""


_WAITING = "SELECT coalesce(sum(count), 0) FROM intake WHERE id > ?"
_INSERT = "INSERT OR REPLACE INTO chunk (hour, part, uid, count, body) VALUES (?, ?, ?, ?, ?)"
_PART = "INSERT OR REPLACE INTO part (hour, part, count) VALUES (?, ?, ?)"
_CUT = "DELETE FROM intake WHERE id IN (SELECT id FROM intake WHERE id <= ? ORDER BY id LIMIT ?)"
_OPEN = "SELECT min(hour) FROM part WHERE part > 0 AND hour < ?"
_NAMES = "SELECT DISTINCT uid FROM chunk WHERE hour = ? AND part > 0"
_COLUMNS = "SELECT uid FROM chunk WHERE hour = ? AND part = 0"
_BODY = "SELECT body FROM chunk WHERE hour = ? AND part = 0 AND uid = ?"
_GROUP = (
    "SELECT c.body FROM part p CROSS JOIN chunk c ON c.hour = p.hour AND c.part = p.part"
    " AND c.uid = ? WHERE p.hour = ? AND p.part > 0 ORDER BY p.part"
)


def unpack_all(uid: str, body: bytes, span: Span, _alone: bool) -> list[Said]:
    """Return all that columns hold of a span."""
    return chunk.unpack(uid, body, span)


@lru_cache(maxsize=65_536)
def group_of(uid: str) -> str:
    """Return the name under which a device's messages lie until their hour is over."""
    return f"#{crc32(uid.encode()) % GROUPS:02x}"


def measure_log(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return how many messages of the log are not sorted yet, and how many it holds in all."""
    found = [connection.execute(_WAITING, (row,)) for row in (read_mark(connection, SORTED), 0)]
    waiting, held = (rows.fetchone()[0] for rows in found)
    return waiting, held


def write_parts(connection: sqlite3.Connection, part: int, counts: Mapping[int, int]) -> None:
    """Write that these hours have this part; before the first of its chunks is written."""
    connection.executemany(_PART, [(hour, part, count) for hour, count in counts.items()])


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


def find_open_hour(connection: sqlite3.Connection, now: float) -> tuple[int, list[str]] | None:
    """Return an hour that is over and lies in parts, and its groups; None when there is none."""
    hour = connection.execute(_OPEN, (int((now - GRACE) // HOUR),)).fetchone()[0]
    return None if hour is None else (hour, _names(connection, hour))


def _names(connection: sqlite3.Connection, hour: int) -> list[str]:
    return [name for (name,) in connection.execute(_NAMES, (hour,))]


def merge_group(connection: sqlite3.Connection, hour: int, group: str) -> list[Chunk]:
    """Return an hour of a group's devices in columns."""
    merged = {}
    for uid, said in _read_parts(connection, hour, group, EVER).items():
        body = read_columns(connection, hour, uid)
        merged[uid] = once([*said, *(chunk.unpack(uid, body) if body else ())])
    return [(hour, 0, uid, len(said), chunk.pack(said)) for uid, said in merged.items()]


def read_hour(
    connection: sqlite3.Connection,
    span: Span,
    uids: Collection[str] | None,
    unpack: Unpack = unpack_all,
) -> Iterator[dict[str, list[Said]]]:
    """Yield uid → what the device said, group by group; of all devices or of some.

    `span` lies within one hour; at least what was said in it is given, of columns what `unpack`
    makes of them; it is told whether the device has nothing but columns.
    """
    hour = int(span[0] // HOUR)
    columns: dict[str, list[str]] = {}
    for uid in columns_of(connection, hour):
        columns.setdefault(group_of(uid), []).append(uid)
    groups = {*columns, *_names(connection, hour)}
    if uids is not None:
        groups &= set(map(group_of, uids))
        uids = frozenset(uids)
    for group in sorted(groups):
        parts = _read_parts(connection, hour, group, span)
        some = {*parts, *columns.get(group, ())}
        chosen = some if uids is None else some.intersection(uids)
        packed = chosen.intersection(columns.get(group, ()))
        bodies = ((uid, read_columns(connection, hour, uid)) for uid in packed)
        said = {uid: unpack(uid, body, span, uid not in parts) for uid, body in bodies}
        yield {uid: _join(parts.get(uid), said.get(uid)) for uid in sorted(chosen)}


def _join(parts: list[Said] | None, columns: list[Said] | None) -> list[Said]:
    """Return a device's messages, each once: columns by themselves hold none twice."""
    return once((*parts, *(columns or ()))) if parts else columns or []


def _read_parts(
    connection: sqlite3.Connection, hour: int, group: str, span: Span
) -> dict[str, list[Said]]:
    """Return what the devices of a group said as far as it is not in columns yet."""
    devices: dict[str, list[Said]] = {}
    for (body,) in connection.execute(_GROUP, (group, hour)):
        for each in chunk.split(body):
            if span[0] <= each[2].at < span[1]:
                devices.setdefault(each[0], []).append(each)
    return devices


def columns_of(connection: sqlite3.Connection, hour: int) -> list[str]:
    """Return whose columns an hour has."""
    return [uid for (uid,) in connection.execute(_COLUMNS, (hour,))]


def read_columns(connection: sqlite3.Connection, hour: int, uid: str) -> bytes:
    """Return a device's columns of an hour; empty where there are none."""
    found = connection.execute(_BODY, (hour, uid)).fetchone()
    return found[0] if found else b""


def begin_columns(connection: sqlite3.Connection, hour: int) -> None:
    """Note that an hour will have columns, with as many messages as its parts have."""
    connection.execute(
        "INSERT OR REPLACE INTO part (hour, part, count, thinned)"
        " SELECT hour, 0, sum(count), -max(abs(thinned)) FROM part WHERE hour = ?",
        (hour,),
    )


def drop_part(connection: sqlite3.Connection, hour: int) -> bool:
    """Delete one part of an hour whose columns are written; tell whether there was one."""
    sql = "SELECT min(part) FROM part WHERE hour = ? AND part > 0"
    part = connection.execute(sql, (hour,)).fetchone()[0]
    for table in ("chunk", "part"):
        connection.execute(f"DELETE FROM {table} WHERE hour = ? AND part = ?", (hour, part))  # noqa: S608
    return part is not None


def read_chunks(uid: str, rows: Iterable[tuple[int, bytes]]) -> list[Said]:
    """Return what chunks of (part, body) hold of one device, in order, each message once."""
    said: list[Said] = []
    for part, body in rows:
        if not part:
            said += chunk.unpack(uid, body)
        elif uid.encode() in body:
            said += [each for each in chunk.split(body) if each[0] == uid]
    return once(said)


def once(said: Iterable[Said]) -> list[Said]:
    """Return a device's messages in order, each once."""
    return sorted({identity(each): each for each in said}.values(), key=order)
