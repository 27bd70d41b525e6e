"""The worker of one subscription: reads the feed from its own place, and sends item by item.

The feed itself is the outbox: items are immutable and numbered, so only a place in it is stored.
Each receiver has its own worker, so that one that is dead or slow delays nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from random import random
from typing import Any, NamedTuple

import msgspec
import structlog

from hub.clock import Clock
from hub.courier.answer import Answer, Verdict, later
from hub.courier.doze import doze
from hub.courier.health import ENOUGH, Health, note
from hub.errors import StoreError
from hub.feeds.push import course
from hub.feeds.push.courier import Courier, Send, WebhookCourier
from hub.feeds.push.course import Progress
from hub.model.access import Identity
from hub.model.place import contains
from hub.model.subscription import DEAD, PROGRESS, Dead, Subscription
from hub.ports import Books, Desk, Document, FeedRow, Pulse

log = structlog.get_logger(__name__)

PAGE = 100
KEEP_EVERY = 20
"""Items after which the place is stored: a hub that dies sends at most so many a second time."""
RETRY_AFTER = 1.0
NO_KEY = 60.0
"""Seconds between two looks whether the receiver has a key again."""

Told = tuple[str, str, str, dict[str, Any]]


class Around(NamedTuple):
    """What all lanes share.

    `name_item` gives an item's id by its number, `keys_of` the live keys of a receiver, `chance`
    0 to 1.
    """

    name_item: Callable[[int], str]
    books: Books
    desk: Desk
    pulse: Pulse
    clock: Clock
    send: Send
    keys_of: Callable[[str], Awaitable[Sequence[Identity]]]
    chance: Callable[[], float] = random  # noqa: S311 - makes pauses uneven, and no keys


class PushLane:
    """Sends what one subscription wants, in order for each incident."""

    def __init__(
        self,
        wish: Subscription,
        progress: Progress,
        around: Around,
        courier: Courier | None = None,
    ) -> None:
        self.wish = wish
        self.progress = progress
        self.health = Health()
        self.news = asyncio.Event()
        self.has_key = True
        self._around = around
        self._courier = courier or WebhookCourier(wish, around.name_item, around.send, around.clock)
        self._unkept = 0

    async def run(self) -> None:
        """Send until cancelled."""
        clock = self._around.clock
        while True:
            until = await self._turn()
            if until > clock.now():
                await self.keep()
                await doze(clock, self.news, until)

    async def keep(self, told: Iterable[Told] = (), papers: Iterable[Document] = ()) -> None:
        """Store how far it has come, until that goes through."""
        if not (self._unkept or told or papers):
            return
        self._unkept = 0
        while True:
            body, now = msgspec.json.encode(self.progress), self._around.clock.now()
            own = Document(collection=PROGRESS, key=self.wish.id, body=body, at=now)
            try:
                await self._around.desk.write([own, *papers], list(told))
            except StoreError:
                await self._around.clock.sleep(RETRY_AFTER)
            else:
                return

    async def _turn(self) -> float:
        """Do what is due, and return when to look again."""
        now, keys = self._around.clock.now(), await self._around.keys_of(self.wish.receiver)
        self.has_key = bool(keys)
        if not keys:
            return now + NO_KEY
        if self.health.shut_until > now:
            return self.health.shut_until
        incident, due = course.next_due(self.progress)
        if due <= now:
            await self._try_stuck(incident, keys)
            return now
        if course.is_full(self.progress) or not await self._read_on(keys):
            return due
        return now

    async def _try_stuck(self, incident: str, keys: Sequence[Identity]) -> None:
        seq = self.progress.stuck[incident].seqs[0]
        rows = await self._around.books.feed(after=seq - 1, limit=1)
        if not rows or rows[0].seq != seq or not self._is_wanted(rows[0], keys):
            course.drop(self.progress, incident, seq, self._around.clock.now())
            self._unkept += 1
            return
        await self._deliver(rows[0])

    async def _read_on(self, keys: Sequence[Identity]) -> bool:
        """Send what is new up to a failure, and tell whether there was anything."""
        around, progress = self._around, self.progress
        await self._skip_deleted()
        committed = around.pulse.last_seq()
        rows = await around.books.feed(after=progress.cursor, limit=PAGE)
        for row in rows:
            if self._is_wanted(row, keys) and not course.wait_behind(
                progress, row.incident, row.seq
            ):
                await self._deliver(row)
            progress.cursor = row.seq
            self._unkept += 1
            if self._unkept >= KEEP_EVERY:
                await self.keep()
            if self.health.failures or course.is_full(progress):
                return True
        if len(rows) < PAGE and committed > progress.cursor:
            progress.cursor = committed
        return bool(rows)

    async def _skip_deleted(self) -> None:
        """Go on behind what retention has deleted, and say so."""
        oldest = await self._around.books.oldest_feed()
        if oldest <= self.progress.cursor:
            return
        lost = {"from": self.progress.cursor, "to": oldest}
        self.progress.cursor = oldest
        await self.keep([("push.overtaken", self.wish.id, "hub", lost)])

    def _is_wanted(self, row: FeedRow, keys: Sequence[Identity]) -> bool:
        wish = self.wish
        return (
            all(contains(each, row.place) for each in (wish.place, wish.scope) if each)
            and any(key.may_see(row.place) for key in keys)
            and self._courier.wants(row)
        )

    async def _deliver(self, row: FeedRow) -> None:
        """Send one item, and note what came of it."""
        around = self._around
        answer = await self._hand(row)
        now, before = around.clock.now(), self.health
        # A receiver is never refused for good: what it does not take comes again by the schedule,
        # unless the item itself is what it cannot take (`theirs`).
        counted = msgspec.structs.replace(
            answer, verdict=answer.verdict if is_taken(answer) else Verdict.LATER
        )
        self.health = note(before, counted, now, around.chance())
        if is_taken(answer):
            course.take(self.progress, row.incident, row.seq, now)
            if before.failures >= ENOUGH:
                course.hurry(self.progress, now, before.since or now)
        else:
            await self._fail(row, answer, now)
        self._unkept += 1
        self._log(before)

    async def _hand(self, row: FeedRow) -> Answer:
        try:
            return await self._courier.hand(row)
        except Exception:  # one receiver's fault must end neither the others nor the hub
            log.exception(
                "a push failed by a fault of its own; report this", subscription=self.wish.id
            )
            return later("it failed by a fault of the hub's own; the log has the trace")

    async def _fail(self, row: FeedRow, answer: Answer, now: float) -> None:
        place = (self.progress, row.incident, row.seq, now)
        if answer.theirs:
            tries = course.give_up(*place)
        else:
            tries = course.fail(*place, why=answer.why, wait=answer.wait)
        if not tries:
            return
        dead = Dead(
            subscription=self.wish.id,
            seq=row.seq,
            incident=row.incident,
            at=now,
            tries=tries,
            why=answer.why,
        )
        paper = Document(collection=DEAD, key=dead.key, body=msgspec.json.encode(dead), at=now)
        told = {"receiver": self.wish.receiver, "incident": row.incident, "seq": row.seq}
        told |= {"tries": tries, "why": answer.why}
        await self.keep([("push.given_up", self.wish.id, "hub", told)], [paper])

    def _log(self, before: Health) -> None:
        """Say once that the receiver is gone, and once that it is back; one bad item is neither."""
        facts = {"receiver": self.wish.receiver, "subscription": self.wish.id}
        if self.health.failures >= ENOUGH > before.failures:
            log.warning("a receiver takes no pushes", why=self.health.why, **facts)
        if before.failures >= ENOUGH > self.health.failures:
            log.info("a receiver takes pushes again", **facts)


def is_taken(answer: Answer) -> bool:
    """Tell whether the receiver has the item."""
    return answer.verdict is Verdict.DELIVERED
