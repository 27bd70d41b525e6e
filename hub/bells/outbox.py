"""The outbox: which rings there are, how far each has come, and all of it in the store.

What is in memory is what was handed to the store last; a write that fails is tried until it goes
through, since nothing may be sent that is not written down.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from hub.bells import course
from hub.bells.delivery import DELIVERIES, Delivery, Event
from hub.bells.ending import is_overtaken
from hub.clock import Clock
from hub.errors import StoreError
from hub.model.alarm import Severity
from hub.model.ring import RINGS, Ring
from hub.ports import Books, Desk, Document

log = structlog.get_logger(__name__)

MOST = 1000
"""Rings that are carried out at a time, worst first; the others wait in the store."""
RETRY_AFTER = 1.0
CURSOR = "bell_cursor"
_SEVERITIES = list(Severity)

Told = tuple[str, str, str, dict[str, Any]]


class Outbox:
    """Rings and their deliveries; `left_out` is how many more wait in the store."""

    def __init__(self, books: Books, desk: Desk, clock: Clock, known: Collection[str]) -> None:
        self.rings: dict[str, Ring] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.left_out = 0
        self.cursor = 0
        self._books = books
        self._desk = desk
        self._clock = clock
        self._known = known
        self._failing = ""
        self._ending: set[str] = set()
        """Rings that are out of memory, and whose removal is on its way to the store."""

    async def open(self, last_seq: int) -> None:
        """Read what is stored, as it was when the last run ended."""
        now = self._clock.now()
        stored = await self._books.documents(DELIVERIES)
        await self.load(stored)
        body = await self._books.document(CURSOR, "journal")
        self.cursor = msgspec.json.decode(body, type=int) if body else 0
        if not body and not self.rings:
            self.cursor = last_seq
        for key, delivery in self.deliveries.items():
            self.deliveries[key] = course.pick_up(self.rings[key], delivery, self._known, now)

    async def load(self, stored: Mapping[str, bytes] | None = None) -> None:
        """Take in rings that are new, and let go of those that were taken back."""
        # One that ends while this is read stands in what is read, and must not begin anew.
        had = self.rings.keys() | self._ending
        bodies = await self._books.documents(RINGS)
        for gone in had & self.rings.keys() - bodies.keys():
            self.forget(gone)
        new = [ring for key, body in bodies.items() if key not in had for ring in _read(body)]
        new.sort(key=lambda ring: (_SEVERITIES.index(ring.severity), ring.at, ring.id))
        room = max(0, MOST - len(self.rings))
        self.left_out = len(new) - room if len(new) > room else 0
        for ring in new[:room]:
            begun = (stored or {}).get(ring.id)
            self.rings[ring.id] = ring
            self.deliveries[ring.id] = (
                msgspec.json.decode(begun, type=Delivery)
                if begun
                else course.pick_up(ring, course.begin(ring), self._known, self._clock.now())
            )

    def forget(self, ring: str) -> None:
        """Let go of a ring."""
        self.rings.pop(ring, None)
        self.deliveries.pop(ring, None)

    def calling(self, channel: str) -> list[Ring]:
        """Return the rings that a channel still has to take, worst and oldest first."""
        found = [
            ring
            for key, ring in self.rings.items()
            if course.is_calling(ring, self.deliveries[key])
            and course.channel_of(ring, self.deliveries[key]) == channel
        ]
        return sorted(found, key=lambda ring: (_SEVERITIES.index(ring.severity), ring.at, ring.id))

    def outrun(self, besides: Collection[str] = ()) -> set[str]:
        """Return rings that a later one, to the same person about the same ticket, is ahead of.

        They wait for what becomes of it: what is older must not be heard after it. Those of one
        message, `besides`, do not wait for each other.
        """
        ahead = [
            ring
            for key, ring in self.rings.items()
            if self.deliveries[key].in_hand and key not in besides
        ]
        return {ring.id for one in ahead for ring in self.rings.values() if is_overtaken(ring, one)}

    async def end(self, rings: Iterable[str]) -> None:
        """Take rings out, here and in the store."""
        gone = list(rings)
        if gone:
            await self._remove(gone, [], [])

    async def put(
        self, rings: Iterable[str], told: Sequence[Told] = (), extra: Sequence[Document] = ()
    ) -> None:
        """Store how far these rings have come; those that are over go."""
        papers, over = list(extra), []
        for key in rings:
            delivery = self.deliveries.get(key)
            if delivery is None:
                continue
            if course.is_over(delivery):
                over.append(key)
            else:
                body = msgspec.json.encode(delivery)
                papers.append(
                    Document(collection=DELIVERIES, key=key, body=body, at=self._clock.now())
                )
        await self._remove(over, papers, told)

    async def write(self, papers: Sequence[Document], told: Sequence[Told]) -> None:
        """Write until it goes through; the cursor goes with it."""
        body = msgspec.json.encode(self.cursor)
        cursor = Document(collection=CURSOR, key="journal", body=body, at=self._clock.now())
        while True:
            try:
                await self._desk.write([*papers, cursor], told)
            except StoreError as error:
                self._note_failure(str(error))
                await self._clock.sleep(RETRY_AFTER)
            else:
                self._note_failure("")
                return

    def _note_failure(self, why: str) -> None:
        if why and not self._failing:
            log.warning("the outbox of the bells is not written; nothing is sent", why=why)
        if self._failing and not why:
            log.info("the outbox of the bells is written again")
        self._failing = why

    async def _remove(
        self, rings: Sequence[str], papers: Sequence[Document], told: Sequence[Told]
    ) -> None:
        """Take rings out, in one write with other papers."""
        for ring in rings:
            self.forget(ring)
        self._ending.update(rings)
        removals = [
            Document(collection=collection, key=ring, body=None, at=self._clock.now())
            for ring in rings
            for collection in (RINGS, DELIVERIES)
        ]
        await self.write([*papers, *removals], told)
        self._ending.difference_update(rings)


ENTRIES = {
    "sent": "bell.sent",
    "delivered": "bell.delivered",
    "missed": "bell.missed",
    "failed": "bell.failed",
    "given_up": "bell.given_up",
}


def tell(ring: Ring, delivery: Delivery, event: Event) -> Told:
    """Write the entry of what became of a ring: with a login, and never with an address."""
    data = {
        "ring": ring.id,
        "person": ring.person,
        "concern": ring.concern.value,
        "rung": ring.rung,
        "attempts": delivery.attempts,
        "place": ring.place,
        **({"discreet": True} if ring.discreet else {}),
        **({"channel": event.channel} if event.channel else {}),
        **({"why": event.why} if event.why else {}),
        **({"key": event.key} if event.key else {}),
    }
    return (ENTRIES[event.type], ring.ticket, "hub", data)


def _read(body: bytes) -> list[Ring]:
    try:
        return [msgspec.json.decode(body, type=Ring)]
    except msgspec.DecodeError as error:
        # The fault is the text's, and a trace would only show where it was read.
        log.warning("a ring cannot be read, and rings nobody; report this", why=str(error))
        return []
