"""The belfry: follows the journal, moves rings from channel to channel, and runs the lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from hub.bells import course
from hub.bells.course import NEVER
from hub.bells.delivery import STATES, Delivery
from hub.bells.ending import find_stopped
from hub.bells.enquiry import Enquiry
from hub.bells.lane import Lane, Surroundings
from hub.bells.outbox import Told, tell
from hub.courier.doze import doze
from hub.courier.health import Health
from hub.model.ring import Ring
from hub.ports import Pulse

PAGE = 500
REASONS = ("ticket.", "roster.", "incident.dispatched")
"""Entries that rings come with, and end by."""
NET = 60.0
"""Seconds after which rings are read anew, whatever the journal says."""
REST = 0.25
"""Real seconds from one look at the journal to the next: a busy hub opens tickets in each commit.
What was acknowledged meanwhile is not sent: a lane looks for itself right before."""


class Belfry:
    """Carries out every ring; `lanes` by the id of their bell.

    `enquiries` ask the vendors that can be asked what became of messages.
    """

    def __init__(
        self,
        lanes: Mapping[str, Lane],
        around: Surroundings,
        pulse: Pulse,
        enquiries: Sequence[Enquiry] = (),
    ) -> None:
        self.lanes = lanes
        self._enquiries = enquiries
        self._around = around
        self._outbox = around.outbox
        self._pulse = pulse
        self._news = asyncio.Event()
        self._reading = asyncio.Lock()
        self._loaded_at = 0.0

    async def run(self) -> None:
        """Carry out rings until cancelled."""
        await self.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="bells-journal")
            group.create_task(self._watch(), name="bells-watch")
            for name, lane in self.lanes.items():
                group.create_task(lane.run(self.catch_up, self.wake), name=f"bells-{name}")
            for each in self._enquiries:
                group.create_task(each.run(self.wake), name=f"bells-receipts-{each.bell.id}")

    async def open(self) -> None:
        """Read what is stored."""
        for name, body in (await self._around.books.documents(STATES)).items():
            if lane := self.lanes.get(name):
                stored = msgspec.json.decode(body, type=Health)
                # A start is a reason to try again.
                lane.health = msgspec.structs.replace(stored, shut_until=0.0, failures=0)
        await self._outbox.open(self._pulse.last_seq())

    async def catch_up(self) -> None:
        """Read the journal: which rings are over, and which are new."""
        async with self._reading:
            now = self._around.clock.now()
            is_news = self._outbox.left_out > 0 or now >= self._loaded_at + NET
            while True:
                head = self._pulse.last_seq()
                entries = await self._around.books.journal(
                    after=self._outbox.cursor, limit=PAGE, types=REASONS
                )
                stopped = find_stopped(self._outbox.rings.values(), entries, now)
                last = entries[-1].seq if entries else 0
                is_whole = len(entries) < PAGE
                self._outbox.cursor = max(self._outbox.cursor, last, head if is_whole else 0)
                await self._outbox.end(stopped)
                is_news = is_news or bool(entries)
                if is_whole:
                    break
            if is_news:
                self._loaded_at = now
                await self._outbox.load()

    def wake(self) -> None:
        """Have everybody look anew."""
        self._news.set()
        for lane in self.lanes.values():
            lane.news.set()
        for enquiry in self._enquiries:
            enquiry.news.set()

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            looked = loop.time()
            await self.catch_up()
            self.wake()
            await self._pulse.wait(self._outbox.cursor, NET)
            await asyncio.sleep(max(0.0, looked + REST - loop.time()))

    async def _watch(self) -> None:
        clock = self._around.clock
        while True:
            now = clock.now()
            await self._move(now)
            rings, deliveries = self._outbox.rings, self._outbox.deliveries
            looks = (course.next_look(ring, deliveries[key], now) for key, ring in rings.items())
            await doze(clock, self._news, min(looks, default=NEVER))

    async def _move(self, now: float) -> None:
        """Have each ring go on to its next channel where it is time."""
        moved: list[str] = []
        told: list[Told] = []
        for key, ring in self._outbox.rings.items():
            before = self._outbox.deliveries[key]
            after, events = course.move(ring, before, now, partial(self._opens_at, now))
            if after != before:
                self._outbox.deliveries[key] = after
                moved.append(key)
                told += [tell(ring, after, event) for event in events]
        if moved:
            for lane in self.lanes.values():
                lane.news.set()
            await self._outbox.put(moved, told)

    def _opens_at(self, now: float, ring: Ring, channel: str) -> float:
        lane = self.lanes.get(channel)
        return lane.opens_at(ring, now) if lane else NEVER

    def waiting(self) -> Sequence[tuple[Ring, Delivery]]:
        """Return every ring that is being carried out, worst first."""
        rings = sorted(self._outbox.rings.values(), key=lambda ring: (ring.at, ring.id))
        return [(ring, self._outbox.deliveries[ring.id]) for ring in rings]
