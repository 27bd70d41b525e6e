"""A subscription over a store in memory, in virtual time: incidents change, a receiver listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec

from hub.courier.answer import DELIVERED, Answer, Request
from hub.feeds.incident import make_projector
from hub.feeds.push.lane import Around, PushLane
from hub.feeds.push.office import PushOffice
from hub.intake.pulse import CommitPulse
from hub.model.access import Identity, Role
from hub.model.journal import Entry
from hub.model.subscription import Subscription
from hub.ports import Changes
from hub.store.memory import MemoryStore
from tests.support.belfry import LoopClock, SlowDesk
from tests.unit.access.web_fakes import PLACES, ticket

CITY = Identity(name="key:city", role=Role.GRID, machine=True)
SECRET = "whsec_" + "A" * 43 + "="
project = make_projector("gs", lambda: PLACES)


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One request that the receiver got, and whether it has said that it took it."""

    at: float
    id: str
    seq: int
    incident: str
    taken: bool
    said: Answer


class Receiver:
    """Answers what `answer` says of each item; what it got is in `heard`."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.heard: list[Heard] = []
        self.answer: Callable[[str], Answer] = lambda _incident: DELIVERED
        self.takes: Callable[[], float] = lambda: 0.0

    async def send(self, request: Request) -> Answer:
        item = msgspec.json.decode(request.body, type=dict[str, Any])
        said = self.answer(item["subject"])
        number = request.headers["webhook-id"]
        assert number == item["id"]
        self.heard.append(
            Heard(
                at=self.clock.now(),
                id=number,
                seq=int(number.rpartition("-")[2]),
                incident=item["subject"],
                taken=said is DELIVERED,
                said=said,
            )
        )
        if seconds := self.takes():
            await asyncio.sleep(seconds)
        return said


class PushStage:
    """Everything but the hub's loop; `keys` are the receiver's live keys."""

    def __init__(self, *, seed: int = 1, make_lane: type[PushLane] = PushLane) -> None:
        self.clock = LoopClock()
        self.store = MemoryStore(self.clock)
        self.pulse = CommitPulse(0)
        self.desk = SlowDesk(self.store, self.clock, self.pulse)
        self.receiver = Receiver()
        self.keys: Sequence[Identity] = (CITY,)
        self.rows: list[tuple[int, str]] = []
        self._make_lane = make_lane
        self._chance = Random(seed)
        self._task: asyncio.Task[None] | None = None
        self.office: PushOffice

    async def start(self) -> None:
        """Start on what is stored."""
        around = Around(
            name_item="gs-{}".format,
            books=self.store.books,
            desk=self.desk,
            pulse=self.pulse,
            clock=self.clock,
            send=self.receiver.send,
            keys_of=self._keys_of,
            chance=self._chance.random,
        )
        self.office = PushOffice(around, make_lane=self._make_lane)
        await self.office.open()
        self._task = asyncio.create_task(self.office.run(), name="pushes")

    async def kill(self) -> None:
        """Stop, with whatever was under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def subscribe(self, who: Identity = CITY, **fields: Any) -> PushLane:  # noqa: ANN401
        """Subscribe the city's platform, by one of its keys."""
        wish = {"id": "", "receiver": "", "secret": "", "url": "https://city.example/in"}
        made = await self.office.subscribe(Subscription(**{**wish, **fields}), who)
        return self.office.lanes[made.id]

    async def tell(self, number: str, kind: str = "updated", **fields: object) -> int:
        """Commit a change of an incident, and wake the readers; return its number."""
        async with self.desk._turn:
            seq = self.desk._desk._numbering.draw()
            about = ticket(number, **fields)
            entry = Entry(
                seq=seq,
                at=self.clock.now(),
                type=f"ticket.{kind}",
                subject=number,
                actor="hub",
                place=about.place,
            )
            row = project(entry, about)
            assert row is not None
            await self.store.committer.commit(Changes(journal=[entry], feed=[row]))
            self.rows.append((seq, number))
            self.pulse.beat(seq, frozenset())
        return seq

    async def journal(self, kind: str) -> list[Entry]:
        """Return the entries of a type."""
        return await self.store.books.journal(after=0, limit=10_000_000, types=(kind,))

    async def _keys_of(self, receiver: str) -> Sequence[Identity]:
        assert receiver == "city"
        return self.keys
