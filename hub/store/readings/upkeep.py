"""Upkeep: what turns the intake log into history, beside the commits and never in their way."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from functools import partial

import structlog

from hub.clock import Clock
from hub.errors import StoreError
from hub.store.committer import Hands
from hub.store.readers import Readers
from hub.store.readings import compaction
from hub.store.readings.ageing import Ageing
from hub.store.readings.log import CHECKPOINT, read_mark
from hub.store.readings.sheaf import MESSAGES, Sheaf
from hub.store.readings.steps import Steps
from hub.store.readings.unsaved import Unsaved
from hub.store.reserve import FileReserve
from hub.store.writer import Writer

log = structlog.get_logger(__name__)

LOOK = 2.0
"""Real seconds between two looks at how long the log is."""
SORT_EVERY = 60.0
"""Real seconds after which it is sorted, however short: who asks for history reads the rest."""
SAVE_EVERY = 300.0
"""Real seconds after which what is kept by key is saved: a device that speaks twice a minute is
written once for ten messages."""
BEHIND = 500_000
"""Messages of the log that a start after a crash may have to read: about a second."""


class Upkeep:
    """Keeps the log short. What fails is done the next time: nothing leaves the log before."""

    def __init__(
        self,
        *,
        writer: Writer,
        readers: Readers,
        unsaved: Unsaved,
        clock: Clock,
        hands: Hands,
        reserve: FileReserve,
    ) -> None:
        self._writer = writer
        self._steps = Steps(writer, readers)
        self._unsaved = unsaved
        self._clock = clock
        self._reserve = reserve
        self.ageing = Ageing(self._steps, hands)
        self._sorted_at = self._saved_at = time.monotonic()

    async def run(self) -> None:
        """Look after the log until cancelled."""
        with self._steps.unhurried():
            await self._keep_looking()

    async def _keep_looking(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(LOOK)
            if self._reserve.spending:
                continue  # what is left of a full disk is not for this
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
        """Save everything, sort the whole log, merge and roll up what is over at `now`."""
        await self.save()
        await self._sort()
        await self._cut()
        await self._merge(now)
        await self.ageing.roll(sys.maxsize)
        await self.ageing.forget(now, sys.maxsize)

    async def empty_log(self) -> bool:
        """Leave nothing in the write-ahead log of what was deleted; False while somebody reads."""
        return await self._writer.call(self._writer.empty_log)

    async def save(self) -> None:
        """Write what stands only in the log to its tables, a part at a time.

        What is said meanwhile is left for the next time, so that it ends on a busy hub as well.
        """
        upto = self._unsaved.last
        while await self._steps.call(lambda: self._save_some(upto)):
            pass

    async def _look(self) -> None:
        waiting, held = await self._steps.read(compaction.measure_log)
        if waiting >= MESSAGES or self._is_over(self._sorted_at, SORT_EVERY):
            await self._sort()
            self._sorted_at = time.monotonic()
            now = self._clock.now()
            await self._merge(now)
            await self.ageing.roll()
            await self.ageing.forget(now)
        if held >= BEHIND or self._is_over(self._saved_at, SAVE_EVERY):
            await self.save()
            self._saved_at = time.monotonic()
            await self._cut()

    def _is_over(self, since: float, span: float) -> bool:
        return time.monotonic() - since >= span

    async def _sort(self) -> None:
        """Sort what the log holds now into chunks.

        What is said meanwhile is left for the next time: sorting less at once costs more.
        """
        upto = self._unsaved.last
        while sheaf := await self._gather(upto):
            note = partial(compaction.write_parts, part=sheaf.last, counts=sheaf.counts())
            await self._steps.write(note)
            while await self._steps.write(sheaf.write):
                pass
            await self._steps.write(partial(compaction.note_sorted, last=sheaf.last))

    async def _gather(self, upto: int) -> Sheaf | None:
        after = await self._steps.read(partial(read_mark, name=compaction.SORTED))
        sheaf = Sheaf(after)
        while await self._steps.read(partial(sheaf.gather, upto=upto)):
            pass
        return sheaf if sheaf.last > after else None

    async def _cut(self) -> None:
        """Delete what is sorted and saved."""
        last = await self._steps.read(_disposable)
        while await self._steps.write(partial(compaction.cut_log, last=last)):
            pass

    async def _merge(self, now: float) -> None:
        """Put hours that are over into columns."""
        find = partial(compaction.find_open_hour, now=now)
        while found := await self._steps.read(find):
            hour, groups = found
            await self._steps.write(partial(compaction.begin_columns, hour=hour))
            for group in groups:
                merge = partial(compaction.merge_group, hour=hour, group=group)
                rows = await self._steps.read(merge)
                await self._steps.write(partial(compaction.write_chunks, rows=rows))
            while await self._steps.write(partial(compaction.drop_part, hour=hour)):
                pass

    def _save_some(self, upto: int) -> bool:
        some = self._unsaved.due(upto)
        if any(some):
            self._writer.transact(lambda connection: self._unsaved.write(connection, some))
            self._unsaved.forget(some)
        return any(some)


def _disposable(connection: sqlite3.Connection) -> int:
    return min(read_mark(connection, compaction.SORTED), read_mark(connection, CHECKPOINT))
