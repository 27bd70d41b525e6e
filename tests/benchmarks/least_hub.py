"""The least that a hub in Python can do with a message: decode, compare, commit, acknowledge.

No rules, duplicates, clocks, presence, counters, quarantine, journal, tickets nor readers, and of
no use to anybody. It is the yardstick: what the hub takes longer than this, its own work takes;
what this one takes longer than the broker's ceiling, the language and the commit take.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from hub.ports import Envelope

_Row = tuple[str, float, bytes]


class _Body(msgspec.Struct):
    boot: str
    seq: int
    ts: float
    points: dict[str, bool | float | str | None]


class LeastHub:
    """Keeps each message in a row of its own and the latest value of each point in memory.

    SQLite as the hub has it: WAL, `synchronous=FULL`, one transaction for each batch, in a thread.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(1)
        self._store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._store.execute("PRAGMA journal_mode=WAL")
        self._store.execute("PRAGMA synchronous=FULL")
        self._store.execute("CREATE TABLE message (topic TEXT, at REAL, points BLOB)")
        self._decode = msgspec.json.Decoder(_Body).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._latest: dict[str, dict[str, Any]] = {}
        self.changes = 0

    async def take(self, batch: Sequence[Envelope]) -> None:
        """Take a batch; it is in the store when this returns."""
        rows = [self._read(envelope) for envelope in batch]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._commit, rows)

    def _read(self, envelope: Envelope) -> _Row:
        assert isinstance(envelope.payload, bytes)
        body = self._decode(envelope.payload)
        latest = self._latest.setdefault(envelope.address, {})
        for point, value in body.points.items():
            if latest.get(point) != value:
                latest[point] = value
                self.changes += 1
        return envelope.address, body.ts, self._encode(body.points)

    def _commit(self, rows: Sequence[_Row]) -> None:
        self._store.execute("BEGIN IMMEDIATE")
        self._store.executemany("INSERT INTO message VALUES (?, ?, ?)", rows)
        self._store.execute("COMMIT")

    def count(self) -> int:
        """Return how many messages are stored."""
        (count,) = self._store.execute("SELECT count(*) FROM message").fetchone()
        return int(count)

    def close(self) -> None:
        """Stop the thread, and close the store."""
        self._thread.shutdown()
        self._store.close()
