"""What is sorted of the intake log in one go, gathered a piece at a time.

A thread that works in Python holds up the loop, so each piece is short, and others come between.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

import msgspec

from hub.store.readings import chunk
from hub.store.readings.chunk import HOUR
from hub.store.readings.compaction import CHUNKS, group_of, write_chunks

MESSAGES = 20_000
"""Messages of the log that are sorted in one go: some 7 MB, and what 10,000 devices say in a minute
at a message in 30 s."""
PIECE = 1_000
"""Messages of them that are read in one step: milliseconds of the interpreter's time."""


class _Head(msgspec.Struct, array_like=True):
    """As much of an entry's report as tells its hour."""

    address: str
    topic: str
    at: float


class _Page(msgspec.Struct, array_like=True):
    said: list[msgspec.Raw]


_PAGE = msgspec.msgpack.Decoder(_Page)
_ENTRY = msgspec.msgpack.Decoder(tuple[str, int, _Head])
_LOG = "SELECT id, count, body FROM intake WHERE id > ? AND id <= ? ORDER BY id"


class Sheaf:
    """Messages of the log that are sorted in one go; `last` is the row that they reach to."""

    def __init__(self, after: int) -> None:
        self.last = after
        self._messages = 0
        self._raws: dict[tuple[int, str], list[msgspec.Raw]] = {}

    def gather(self, connection: sqlite3.Connection, upto: int) -> bool:
        """Take the next piece of the log up to a row; False once that is all, or enough."""
        enough = self._messages + PIECE
        for number, count, body in connection.execute(_LOG, (self.last, upto)):
            if self._messages and self._messages + count > MESSAGES:
                return False
            for raw in _PAGE.decode(body).said:
                uid, _, head = _ENTRY.decode(raw)
                self._raws.setdefault((int(head.at // HOUR), group_of(uid)), []).append(raw)
            self.last, self._messages = number, self._messages + count
            if self._messages >= enough:
                return True
        return False

    def counts(self) -> dict[int, int]:
        """Return how many messages each hour has."""
        counts: Counter[int] = Counter()
        for (hour, _), raws in self._raws.items():
            counts[hour] += len(raws)
        return counts

    def write(self, connection: sqlite3.Connection) -> bool:
        """Write some of the chunks, and forget them; tell whether there are more."""
        keys = sorted(self._raws)[:CHUNKS]
        some = ((*key, self._raws.pop(key)) for key in keys)
        rows = [(hour, self.last, name, len(raws), chunk.join(raws)) for hour, name, raws in some]
        write_chunks(connection, rows)
        return bool(self._raws)
