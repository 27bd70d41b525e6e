"""The worker of one channel: takes what is due, writes that down, sends it, writes what came of it.

Each channel has its own, so that a vendor that is dead or slow delays nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import random
from typing import NamedTuple

import msgspec
import structlog

from hub.access.record import PEOPLE
from hub.bells import course
from hub.bells.channel import Address, Channel
from hub.bells.contact import Contacts
from hub.bells.course import NEVER
from hub.bells.delivery import STATES
from hub.bells.ending import is_overtaken
from hub.bells.message import Message, Scene, compose
from hub.bells.outbox import Outbox, Told, tell
from hub.clock import Clock
from hub.config.bell_settings import BellSettings
from hub.courier import health
from hub.courier.answer import Answer, Verdict, later, refused
from hub.courier.doze import doze
from hub.courier.health import Health, Pace
from hub.model.ring import Ring
from hub.ports import Books, Document

log = structlog.get_logger(__name__)

MANY = "many read there, and this ticket is only for leaders"
CatchUp = Callable[[], Awaitable[None]]


class Surroundings(NamedTuple):
    """What all lanes share; `scene` is asked anew for each message, `chance` gives 0 to 1."""

    books: Books
    outbox: Outbox
    contacts: Contacts
    clock: Clock
    scene: Callable[[], Scene]
    chance: Callable[[], float] = random  # noqa: S311 - makes pauses uneven, and no keys


class Lane:
    """One channel with its rings, its health and its pace."""

    def __init__(self, bell: BellSettings, channel: Channel, around: Surroundings) -> None:
        self.bell = bell
        self.health = Health()
        self.pace = Pace(bell.per_minute)
        self.news = asyncio.Event()
        self._channel = channel
        self._around = around

    @property
    def language(self) -> str:
        """Return the language of the site."""
        return self._around.scene().language

    def opens_at(self, ring: Ring, now: float) -> float:
        """Return from when on this ring can go over it, by its health and its quiet hours."""
        quiet = now if ring.critical else self.bell.silent_until(ring.severity, now)
        return max(quiet, self.health.shut_until)

    async def run(self, catch_up: CatchUp, settle: Callable[[], None]) -> None:
        """Send what is due until cancelled.

        `catch_up` reads the journal before something is sent, `settle` is told of each outcome.
        """
        clock = self._around.clock
        while True:
            parcel, until = self.next_parcel(clock.now())
            if not parcel:
                await doze(clock, self.news, until)
                continue
            await self._deliver(parcel, catch_up)
            settle()

    def next_parcel(self, now: float) -> tuple[list[Ring], float]:
        """Return rings that make one message now, or none and when to look again.

        All that one person is to be told of one ticket is one message, so that its order is kept.
        """
        outbox, waits = self._around.outbox, self._around.outbox.outrun()
        calling = [ring for ring in outbox.calling(self.bell.id) if ring.id not in waits]
        ready = [max(outbox.deliveries[each.id].due, self.opens_at(each, now)) for each in calling]
        due = [ring for ring, at in zip(calling, ready, strict=True) if at <= now]
        free = self.pace.free_at(now)
        self.pace.held = len(due) if free > now else 0
        if not due or free > now:
            return [], max(free, min(ready, default=NEVER))
        first = due[0]
        same = [
            ring
            for ring in calling
            if (ring.ticket, ring.person) == (first.ticket, first.person)
            and max(course.start_of(ring), self.opens_at(ring, now)) <= now
        ]
        return sorted(same, key=lambda ring: (ring.at, ring.rung, ring.id)), now

    async def _deliver(self, parcel: Sequence[Ring], catch_up: CatchUp) -> None:
        outbox, keys = self._around.outbox, [ring.id for ring in parcel]
        for key in keys:
            outbox.deliveries[key] = course.take(outbox.deliveries[key])
        await outbox.put(keys)
        # Somebody may have taken the ticket while that was written, or a later ring be on its way.
        await catch_up()
        waits = outbox.outrun(besides=keys)
        for ring in parcel:
            if ring.id in waits and ring.id in outbox.rings:
                outbox.deliveries[ring.id] = course.put_back(outbox.deliveries[ring.id])
        left = [ring for ring in parcel if ring.id in outbox.rings and ring.id not in waits]
        if not left:
            return
        address = await self._find(left)
        if isinstance(address, Address):
            answer = await self.send(await self._write(left, address.language), address)
        else:
            answer = refused(address, theirs=True)
        await self._take_answer(left, answer)

    async def _find(self, rings: Sequence[Ring]) -> Address | str:
        """Return where these go, or why nowhere: what is discreet is not for a group to read."""
        if self.bell.facts.is_shared and any(ring.discreet for ring in rings):
            return MANY
        return await self._around.contacts.find(rings[0].person, self.bell.facts)

    async def send(self, message: Message, address: Address) -> Answer:
        """Send one message, and note how the channel is."""
        clock = self._around.clock
        self.pace.count(clock.now())
        answer = await self._try(message, address)
        before = self.health
        self.health = health.note(before, answer, clock.now(), self._around.chance())
        if self.health.failing and not before.failing:
            log.warning("a bell fails", bell=self.bell.id, why=answer.why)
        if before.failing and not self.health.failing:
            log.info("a bell works again", bell=self.bell.id)
        return answer

    async def _try(self, message: Message, address: Address) -> Answer:
        try:
            return await self._channel.send(message, address)
        except Exception:  # one channel's fault must end neither the others nor the hub
            log.exception("a bell failed by a fault of its own; report this", bell=self.bell.id)
            return later("it failed by a fault of the hub's own; the log has the trace")

    def paper(self) -> Document:
        """Return the document with how the channel is."""
        body = msgspec.json.encode(self.health)
        return Document(collection=STATES, key=self.bell.id, body=body, at=self._around.clock.now())

    async def _write(self, rings: Sequence[Ring], language: str) -> Message:
        books, facts = self._around.books, self.bell.facts
        ticket = await books.ticket(rings[-1].ticket)
        people = await books.documents(PEOPLE) if facts.outside else ()
        scene = msgspec.structs.replace(self._around.scene(), people=tuple(people))
        return compose(
            rings,
            ticket,
            scene,
            bell=self.bell.id,
            outside=facts.outside,
            language="" if facts.has_template else language,
        )

    async def _take_answer(self, rings: Sequence[Ring], answer: Answer) -> None:
        outbox, now = self._around.outbox, self._around.clock.now()
        told: list[Told] = []
        for ring in rings:
            chance = self._around.chance()
            # What was acknowledged while it was on its way is out of the box, and told anyway.
            kept = outbox.deliveries.get(ring.id)
            before = kept or course.take(course.begin(ring))
            after, events = course.answered(ring, before, answer, now, chance)
            told += [tell(ring, after, event) for event in events]
            if kept:
                outbox.deliveries[ring.id] = after
        changed = [ring.id for ring in rings]
        if answer.verdict is Verdict.DELIVERED:
            changed += self._overtake(rings, told)
        await outbox.put(changed, told, [self.paper()])

    def _overtake(self, rings: Sequence[Ring], told: list[Told]) -> list[str]:
        """End the earlier rings of who was told these, and return them."""
        outbox, own = self._around.outbox, {ring.id for ring in rings}
        earlier = [
            ring
            for ring in outbox.rings.values()
            if ring.id not in own and is_overtaken(ring, rings[-1])
        ]
        for ring in earlier:
            after, events = course.overtake(outbox.deliveries[ring.id], self.bell.id)
            outbox.deliveries[ring.id] = after
            told += [tell(ring, after, event) for event in events]
        return [ring.id for ring in earlier]
