"""What becomes of history as it ages: its hours are rolled up, and in the end deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

from hub.store.committer import Hands
from hub.store.deletion import expiry, forgetting
from hub.store.deletion.concern import SHELVES, USUAL, Concern, EventKeep
from hub.store.deletion.retention import Retention, limits
from hub.store.readings import compaction, rollup
from hub.store.readings.chunk import HOUR
from hub.store.readings.log import read_mark, write_mark
from hub.store.readings.steps import Steps
from hub.store.seals.day_key import Shelf, day_of
from hub.store.seals.paper_seal import forget_days

ROLLED_AT_ONCE = 10
"""Hours rolled up in one go: more wait, while a database of before catches up."""
DELETED_AT_ONCE = 1
"""Hours, or days of roll-ups, deleted in one go for each limit: one a minute, so that a clock that
has jumped ahead destroys little before somebody sees it."""
EVENTS_AT_ONCE = 6 * HOUR
"""Seconds of history whose events go in one go, for the same reason; a day takes four minutes."""
DAY = 86_400.0


class Ageing:
    """Rolls history up and deletes it, in short transactions between the commits.

    Nothing is deleted before `keep` was told what is kept.
    """

    def __init__(self, steps: Steps, hands: Hands) -> None:
        self._steps = steps
        self._hands = hands
        self.retention: Retention | None = None

    async def keep(self, retention: Retention) -> None:
        """Keep to a retention from now on, also for what is stored already."""
        await self._steps.write(partial(expiry.note_retention, retention=retention))
        self._hands.leftovers.age = retention.leftovers.payloads * DAY
        self._hands.leftovers.stranger_age = retention.leftovers.newcomers * DAY
        self._hands.events.keep = retention.events or USUAL
        self.retention = retention

    async def roll(self, hours: int = ROLLED_AT_ONCE) -> None:
        """Roll up so many hours that are in columns, the newest first."""
        for _ in range(hours):
            found = await self._steps.read(rollup.find_unrolled_hour)
            if found is None:
                return
            hour, uids = found
            for some in _portions(uids):
                work = partial(rollup.roll, hour=hour, uids=some, retention=self.retention)
                rows = await self._steps.read(work)
                await self._steps.write(partial(rollup.write_rollups, rows=rows))
            await self._steps.write(partial(rollup.note_rolled, hour=hour))

    async def forget(self, now: float, most: int = DELETED_AT_ONCE) -> None:
        """Delete what is past its time at `now`: so many hours and days for each limit.

        Age counts from the newest reading, so that a hub that was off for long deletes nothing yet.
        """
        retention = self.retention
        if retention is None:
            return
        newest = (await self._steps.read(expiry.newest_hour) + 1) * HOUR
        latest = await self._steps.read(forgetting.newest_event)
        days = self._hands.events.days
        await self._steps.write(partial(forget_days, days=days, now=now))
        if retention.events:
            await self._drop_events(retention.events, min(now, max(newest, latest)), most)
        now = min(now, newest)
        readings, hours = limits(retention)
        for limit in readings[:-1]:
            await self._thin_hours(retention, limit, int((now - limit * DAY) // HOUR), most)
        await self._drop_hours(now, int((now - readings[-1] * DAY) // HOUR), most)
        for limit in hours[:-1]:
            await self._thin_days(retention, limit, int((now - limit * DAY) // DAY), most)
        await self._drop_days(now, int((now - hours[-1] * DAY) // DAY), most)

    async def _drop_events(self, keep: EventKeep, now: float, most: int) -> None:
        ask = partial(forgetting.names_by_concern, keep=keep)
        stored = await self._steps.read(ask)
        for concern in Concern:
            names, oldest = stored.get(concern, ([], now))
            past = now - keep.days[concern] * DAY
            before = min(past, oldest + most * EVENTS_AT_ONCE)
            if oldest < before:
                drop = partial(
                    forgetting.drop_events, concern=concern, names=names, before=before, now=now
                )
                while await self._steps.write(drop):
                    pass
            if shelf := SHELVES.get(concern):
                await self._steps.write(partial(self._drop_keys, shelf=shelf, before=before))

    def _drop_keys(self, _: sqlite3.Connection, shelf: Shelf, before: float) -> None:
        """Delete the keys of whole days whose events are gone: then no copy tells them either."""
        self._hands.events.days.forget(shelf, day_of(before))

    async def _drop_hours(self, now: float, before: int, most: int) -> None:
        for _ in range(most):
            hour = await self._steps.read(partial(expiry.find_old_hour, before=before))
            if hour is None:
                return
            await self._steps.write(partial(expiry.begin_drop, hour=hour, now=now))
            while await self._steps.write(partial(expiry.drop_hour, hour=hour)):
                pass

    async def _thin_hours(self, retention: Retention, limit: int, before: int, most: int) -> None:
        find = partial(expiry.find_thick_hour, limit=limit, before=before)
        for _ in range(most):
            hour = await self._steps.read(find)
            if hour is None:
                return
            await self._thin("chunk", hour, retention, limit)
            await self._steps.write(partial(expiry.note_thinned, hour=hour, limit=limit))

    async def _drop_days(self, now: float, before: int, most: int) -> None:
        for _ in range(most):
            find = partial(expiry.find_old_day, after=-(2**62), before=before)
            day = await self._steps.read(find)
            if day is None:
                return
            while await self._steps.write(partial(expiry.drop_day, day=day, now=now)):
                pass

    async def _thin_days(self, retention: Retention, limit: int, before: int, most: int) -> None:
        mark = f"{expiry.THINNED_DAYS}:{limit}"
        for _ in range(most):
            after = await self._steps.read(partial(read_mark, name=mark))
            find = partial(expiry.find_old_day, after=after, before=before)
            day = await self._steps.read(find)
            if day is None:
                return
            await self._thin("rollup", day, retention, limit)
            await self._steps.write(partial(write_mark, name=mark, number=day))

    async def _thin(self, table: str, when: int, retention: Retention, limit: int) -> None:
        ask = partial(expiry.devices_of, table=table, when=when, retention=retention, limit=limit)
        thin, write = _WAYS[table]
        for some in _portions(await self._steps.read(ask)):
            work = partial(thin, when=when, uids=some, retention=retention, limit=limit)
            rows = await self._steps.read(work)
            await self._steps.write(partial(write, rows=rows))


_WAYS: dict[str, tuple[Callable[..., list[rollup.Rollup]], Callable[..., None]]] = {
    "chunk": (expiry.thin_hour, expiry.write_thinned),
    "rollup": (expiry.thin_day, rollup.write_rollups),
}


def _portions(uids: Sequence[str]) -> list[Sequence[str]]:
    size = compaction.CHUNKS
    return [uids[start : start + size] for start in range(0, len(uids), size)]
