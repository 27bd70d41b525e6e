"""The office of subscriptions: made, ended, looked at, replayed; and it runs their lanes."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Collection, Sequence
from functools import partial

import msgspec

from hub.access.record import KEYS, ApiKey
from hub.clock import Clock
from hub.courier.signature import WEBHOOK_SECRET
from hub.errors import ConflictError, NotFoundError, StoreError
from hub.feeds.case import receiver_of
from hub.feeds.push import course
from hub.feeds.push.courier import Courier
from hub.feeds.push.course import Progress
from hub.feeds.push.lane import Around, PushLane
from hub.model.access import Identity, Role
from hub.model.subscription import DEAD, PROGRESS, SUBSCRIPTIONS, Dead, Subscription
from hub.ports import Books, Document

MOST = 20
"""Subscriptions of one receiver."""
NET = 60.0
"""Seconds after which every lane looks anew, whatever was told."""


class PushOffice:
    """Holds the subscriptions and their lanes."""

    def __init__(self, around: Around, make_lane: type[PushLane] = PushLane) -> None:
        self.lanes: dict[str, PushLane] = {}
        self._make_lane = make_lane
        self._standing: set[str] = set()
        self._around = around
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def open(self) -> None:
        """Read what is stored; a start is a reason to try at once."""
        books = self._around.books
        progress = await books.documents(PROGRESS)
        for key, body in (await books.documents(SUBSCRIPTIONS)).items():
            wish = msgspec.json.decode(body, type=Subscription)
            known = progress.get(key)
            come = msgspec.json.decode(known, type=Progress) if known else _begin(wish)
            self.lanes[key] = self._make_lane(wish, come, self._around)

    async def stand(self, wish: Subscription, courier: Courier, who: Identity) -> None:
        """Take over a lane that the configuration has; at first it begins at what comes next.

        Its place is stored before anything is sent: a kill in between must lose nothing.
        """
        around = self._around._replace(keys_of=partial(_always, who))
        known = await self._around.books.document(PROGRESS, wish.id)
        progress = msgspec.json.decode(known, type=Progress) if known else _begin(wish)
        if not known:
            await self._around.desk.write([self._paper(PROGRESS, wish.id, progress)])
        self.lanes[wish.id] = self._make_lane(wish, progress, around, courier)
        self._standing.add(wish.id)

    async def run(self) -> None:
        """Push until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for lane in self.lanes.values():
                self._start(lane)
            group.create_task(self._follow(), name="push-feed")

    async def subscribe(self, wish: Subscription, who: Identity) -> Subscription:
        """Make a subscription of who asks, with an id and a secret of its own.

        Raises ConflictError for more of them than a receiver may have.
        """
        if len([each for each in self.subscriptions(who) if each.wish.secret]) >= MOST:
            raise ConflictError(
                f"a receiver has {MOST} subscriptions at most; end one first",
                zh=f"每个接收方最多 {MOST} 个订阅，请先结束一个。",
            )
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        made = msgspec.structs.replace(
            wish,
            id=f"sub-{secrets.token_hex(6)}",
            receiver=receiver_of(who),
            scope=who.scope,
            secret=WEBHOOK_SECRET + key,
            made_at=self._around.clock.now(),
        )
        lane = self._make_lane(made, _begin(made), self._around)
        papers = [self._paper(SUBSCRIPTIONS, made.id, made)]
        papers.append(self._paper(PROGRESS, made.id, lane.progress))
        told = {"receiver": made.receiver, "url": made.url}
        await self._around.desk.write(papers, [("subscription.made", made.id, who.name, told)])
        self.lanes[made.id] = lane
        self._start(lane)
        return made

    async def end(self, subscription: str, who: Identity) -> PushLane:
        """End a subscription: nothing more is sent, and its dead letters go.

        Raises ConflictError for one that the configuration has.
        """
        lane = self.find(subscription, who)
        if subscription in self._standing:
            raise ConflictError(
                f"{subscription} stands in lingdang.toml: take its [[receiver]] out there",
                zh=f"{subscription} 写在 lingdang.toml 里，请在那里删除对应的 [[receiver]]。",
            )
        if task := self._tasks.pop(subscription, None):
            task.cancel()
        gone = [(SUBSCRIPTIONS, subscription), (PROGRESS, subscription)]
        gone += [(DEAD, dead.key) for dead in await self.dead(subscription, who)]
        papers = [self._paper(collection, key, None) for collection, key in gone]
        told = {"receiver": lane.wish.receiver, "url": lane.wish.url}
        try:
            await self._around.desk.write(
                papers, [("subscription.ended", subscription, who.name, told)]
            )
        except StoreError:
            self._start(lane)
            raise
        self.lanes.pop(subscription, None)
        return lane

    def last_seq(self) -> int:
        """Return the journal's last number."""
        return self._around.pulse.last_seq()

    def subscriptions(self, who: Identity) -> Sequence[PushLane]:
        """Return those of who asks, and to an administrator all, oldest first."""
        found = [lane for lane in self.lanes.values() if _may(who, lane)]
        return sorted(found, key=lambda lane: (lane.wish.made_at, lane.wish.id))

    def find(self, subscription: str, who: Identity) -> PushLane:
        """Return one, or raise NotFoundError."""
        lane = self.lanes.get(subscription)
        if lane is None or not _may(who, lane):
            raise NotFoundError(
                f"There is no subscription {subscription!r}.", zh=f"没有订阅 {subscription}。"
            )
        return lane

    async def dead(self, subscription: str, who: Identity) -> Sequence[Dead]:
        """Return what was given up, the oldest item first."""
        lane = self.find(subscription, who)
        bodies = (await self._around.books.documents(DEAD)).values()
        found = (msgspec.json.decode(body, type=Dead) for body in bodies)
        own = [each for each in found if each.subscription == lane.wish.id]
        return sorted(own, key=lambda each: each.seq)

    async def replay(self, subscription: str, seqs: Collection[int], who: Identity) -> int:
        """Have dead items be tried again, all where none is named; return how many."""
        lane = self.find(subscription, who)
        dead = await self.dead(subscription, who)
        chosen = [each for each in dead if not seqs or each.seq in seqs]
        course.replay(
            lane.progress,
            [(each.incident, each.seq) for each in chosen],
            self._around.clock.now(),
        )
        papers = [self._paper(DEAD, each.key, None) for each in chosen]
        told = {"receiver": lane.wish.receiver, "items": len(chosen)}
        await lane.keep([("push.replayed", subscription, who.name, told)], papers)
        lane.news.set()
        return len(chosen)

    def _start(self, lane: PushLane) -> None:
        if self._group is not None:
            task = self._group.create_task(lane.run(), name=f"push-{lane.wish.id}")
            self._tasks[lane.wish.id] = task

    async def _follow(self) -> None:
        pulse = self._around.pulse
        seq = pulse.last_seq()
        while True:
            seq = await pulse.wait(seq, NET)
            for lane in self.lanes.values():
                lane.news.set()

    def _paper(self, collection: str, key: str, thing: msgspec.Struct | None) -> Document:
        body = None if thing is None else msgspec.json.encode(thing)
        return Document(collection=collection, key=key, body=body, at=self._around.clock.now())


async def live_keys(books: Books, clock: Clock, receiver: str) -> Sequence[Identity]:
    """Return whom the live keys of a receiver stand for: they say what it may see now."""
    records = (
        msgspec.json.decode(body, type=ApiKey) for body in (await books.documents(KEYS)).values()
    )
    return [
        record.identity()
        for record in records
        if record.name == receiver and record.role is Role.GRID and record.is_live(clock.now())
    ]


async def _always(who: Identity, _receiver: str) -> Sequence[Identity]:
    """Return whom a configured receiver stands for: it has no key, and needs none."""
    return (who,)


def _begin(wish: Subscription) -> Progress:
    return Progress(cursor=wish.after)


def _may(who: Identity, lane: PushLane) -> bool:
    return who.role is Role.ADMINISTRATOR or receiver_of(who) == lane.wish.receiver
