"""What becomes of history as it ages: its hours are rolled up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from hub.store import compaction, rollup
from hub.store.readers import Readers
from hub.store.writer import Writer

T = TypeVar("T")

ROLLED_AT_ONCE = 10
"""Hours rolled up in one go: more wait while a database of before roll-ups catches up."""


class Ageing:
    """Rolls history up, in short transactions between the commits."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def roll(self, hours: int = ROLLED_AT_ONCE) -> None:
        """Roll up so many hours that are in columns, the newest first."""
        for _ in range(hours):
            found = await self._readers.read(rollup.find_unrolled_hour)
            if found is None:
                return
            hour, uids = found
            for start in range(0, len(uids), compaction.CHUNKS):
                some = uids[start : start + compaction.CHUNKS]
                rows = await self._readers.read(partial(rollup.roll, hour=hour, uids=some))
                await self._write(partial(rollup.write_rollups, rows=rows))
            await self._write(partial(rollup.note_rolled, hour=hour))

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._writer.call(lambda: self._writer.transact(work))
