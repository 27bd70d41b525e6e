"""Upkeep: what turns the intake log into history, beside the commits and never in their way."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from functools import partial

import structlog

from hub.clock import Clock
from hub.errors import StoreError
from hub.store import compaction
from hub.store.readers import Readers
from hub.store.unsaved import Unsaved
from hub.store.writer import Writer

log = structlog.get_logger(__name__)

LOOK = 2.0
"""Real seconds between two looks at how long the log is."""
EVERY = 60.0
"""Real seconds after which it is sorted, however short: whoever asks for history reads it whole."""


class Upkeep:
    """Keeps the log short. What fails is done the next time: nothing leaves the log before."""

    def __init__(self, *, writer: Writer, readers: Readers, unsaved: Unsaved, clock: Clock) -> None:
        self._writer = writer
        self._readers = readers
        self._unsaved = unsaved
        self._clock = clock
        self._sorted_at = time.monotonic()

    async def run(self) -> None:
        """Look after the log until cancelled."""
        failing = False
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self._look()
            except StoreError as error:
                if not failing:
                    log.warning(
                        "history is not put in order for now; the log keeps it", why=str(error)
                    )
                failing = True
            else:
                failing = False

    async def tidy(self, *, now: float) -> None:
        """Save everything, sort the whole log and merge every hour that is over at `now`."""
        await self.save()
        while await self._sort():
            pass
        await self._merge(now)

    async def save(self) -> None:
        """Write what stands only in the log to its tables, a part at a time.

        What is said meanwhile is left for the next time, so that it ends on a busy hub as well.
        """
        upto = self._unsaved.last
        while await self._writer.call(lambda: self._save_some(upto)):
            pass

    async def _look(self) -> None:
        waited = time.monotonic() - self._sorted_at
        length = await self._readers.read(compaction.measure_log)
        if length < compaction.MESSAGES and waited < EVERY:
            return
        if length < compaction.MESSAGES:
            await self.save()
        while await self._sort():
            pass
        self._sorted_at = time.monotonic()
        await self._merge(self._clock.now())

    async def _sort(self) -> bool:
        chunks, last = await self._readers.read(compaction.read_log)
        while chunks:
            some, chunks = chunks[: compaction.CHUNKS], chunks[compaction.CHUNKS :]
            await self._write(partial(compaction.write_chunks, rows=some))
        if last:
            await self._write(partial(compaction.cut_log, last=last))
        return last > 0

    async def _merge(self, now: float) -> None:
        while merged := await self._readers.read(partial(compaction.read_hours, now=now)):
            await self._write(partial(compaction.write_hours, rows=merged))

    async def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        await self._writer.call(lambda: self._writer.transact(work))

    def _save_some(self, upto: int) -> bool:
        some = self._unsaved.due(upto)
        if any(some):
            self._writer.transact(lambda connection: self._unsaved.write(connection, some))
            self._unsaved.forget(some)
        return any(some)
