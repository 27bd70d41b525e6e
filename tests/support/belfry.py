"""A belfry over a store in memory: channels that do as they are told, and all that they heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random
from typing import Any, Self

import msgspec

from hub.access.record import PEOPLE, Person
from hub.assembly.quiet_desk import QuietDesk
from hub.bells.belfry import Belfry
from hub.bells.channel import Address, Channel
from hub.bells.contact import CONTACTS, Contacts
from hub.bells.course import channel_of
from hub.bells.delivery import DELIVERIES, Delivery
from hub.bells.enquiry import Enquiry
from hub.bells.lane import Lane, Surroundings
from hub.bells.message import Message, Scene
from hub.bells.outbox import Outbox
from hub.bells.receipt import News, Outcome, Receipt
from hub.bells.receipt_book import ReceiptBook
from hub.clock import Clock
from hub.config.bell_settings import BellSettings
from hub.courier.answer import DELIVERED, Answer
from hub.intake.pulse import CommitPulse
from hub.model.access import Role
from hub.model.alarm import Severity
from hub.model.bell import GROUP
from hub.model.journal import Entry
from hub.model.place import Place
from hub.model.ring import RINGS, Concern, Ring
from hub.model.ticket import TicketStep
from hub.ports import Document
from hub.store.memory import MemoryStore

START = 1_764_000_000.0
ALL = 10_000_000
CREW = f"{GROUP}crew"
PLACES = {"gs/a": Place(path="gs/a", name="甲小区"), "gs/a/g": Place(path="gs/a/g", name="南门")}


class LoopClock:
    """Tells the time of the event loop; as with a real clock, no two looks see the same."""

    def __init__(self) -> None:
        self._last = START

    def now(self) -> float:
        self._last = max(START + asyncio.get_running_loop().time(), self._last + 1e-6)
        return self._last

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class SlowDesk:
    """Writes one after the other, as the intake does, and takes its time."""

    def __init__(self, store: MemoryStore, clock: Clock, pulse: CommitPulse) -> None:
        self._desk = QuietDesk(store.committer, clock, 0)
        self._pulse = pulse
        self._turn = asyncio.Lock()
        self.takes = 0.0
        self.steps: list[tuple[str, str, str, str]] = []

    async def write(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]] = (),
    ) -> None:
        # A caller that is killed leaves what it has asked for: the intake goes on with it.
        await asyncio.shield(asyncio.ensure_future(self._write(documents, entries)))

    async def _write(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]],
    ) -> None:
        async with self._turn:
            if self.takes:
                await asyncio.sleep(self.takes)
            await self._desk.write(documents, entries)
            self._pulse.beat(self._desk._numbering.last, frozenset())

    async def step_ticket(self, number: str, step: TicketStep) -> None:
        """Note a step as the hub's desk does, without looking whether it is possible."""
        self.steps.append((number, step.do, step.actor, step.role))
        await self.write([], [(f"ticket.{step.do}d", number, step.actor, {})])


class ToldWitness:
    """Says of each message what `says` has for its id, and remembers when it was asked."""

    def __init__(self, clock: Clock) -> None:
        self.says: dict[str, News] = {}
        self.asked: list[tuple[int, str, str]] = []
        self._clock = clock

    async def ask(self, receipt: Receipt, address: Address) -> News:
        self.asked.append((round(self._clock.now() - START), receipt.id, address.to))
        return self.says.get(receipt.id, News(id=receipt.id, outcome=Outcome.AWAITED))


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One message that a channel was given: its rings, and what it said."""

    at: float
    bell: str
    person: str
    message: Message
    rings: tuple[str, ...]
    answer: Answer


class ToldChannel:
    """Answers what `answer` says; what it takes is in `heard` of its house."""

    def __init__(self, bell: str, house: House) -> None:
        self.bell = bell
        self.answer: Callable[[], Answer] = lambda: DELIVERED
        self.takes: Callable[[], float] = lambda: 0.0
        self._house = house

    async def send(self, message: Message, address: Address) -> Answer:
        house, outbox = self._house, self._house.outbox
        keys = tuple(
            key
            for key, each in outbox.deliveries.items()
            if each.in_hand and channel_of(outbox.rings[key], each) == self.bell
        )
        house.check_written(keys)
        persons = {outbox.rings[key].person for key in keys}
        answer = self.answer()
        heard = Heard(
            at=house.clock.now(),
            bell=self.bell,
            person=" ".join(persons),
            message=message,
            rings=keys,
            answer=answer,
        )
        house.heard.append(heard)
        if seconds := self.takes():
            await asyncio.sleep(seconds)
        return answer


class House:
    """Everything but the hub's loop: ring somebody, act as people do, see what was heard."""

    def __init__(
        self,
        bells: Collection[str] = ("a", "b", "c"),
        *,
        seed: int = 1,
        clock: Clock | None = None,
        settings: Mapping[str, BellSettings] | None = None,
        make_lane: type[Lane] = Lane,
        asked: Collection[str] = (),
    ) -> None:
        self.clock = clock or LoopClock()
        self.store = MemoryStore(self.clock)
        self.pulse = CommitPulse(0)
        self.desk = SlowDesk(self.store, self.clock, self.pulse)
        self.heard: list[Heard] = []
        self.unwritten: list[str] = []
        self.chance = Random(seed)
        self.settings = {
            each: (settings or {}).get(each, BellSettings(id=each, kind="mqtt")) for each in bells
        }
        self.channels = {each: ToldChannel(each, self) for each in bells}
        self.witnesses = {each: ToldWitness(self.clock) for each in asked}
        self._make_lane = make_lane
        self._task: asyncio.Task[None] | None = None
        self.build()

    def build(self, channels: Mapping[str, Channel] | None = None) -> None:
        """Build the belfry anew, as after a start."""
        books, clock = self.store.books, self.clock
        self.outbox = Outbox(books, self.desk, clock, set(self.settings))  # type: ignore[arg-type]
        around = Surroundings(
            books=books,
            outbox=self.outbox,
            contacts=Contacts(books, self.desk, clock),  # type: ignore[arg-type]
            clock=clock,
            scene=lambda: Scene(places=PLACES),
            chance=self.chance.random,
        )
        used = {**self.channels, **(channels or {})}
        lanes = {
            name: self._make_lane(bell, used[name], around) for name, bell in self.settings.items()
        }
        self.book = ReceiptBook(around, self.desk)  # type: ignore[arg-type]
        enquiries = [
            Enquiry(self.settings[name], witness, around, self.book)
            for name, witness in self.witnesses.items()
        ]
        self.belfry = Belfry(lanes, around, self.pulse, enquiries)

    def start(self) -> None:
        """Have the belfry run."""
        self._task = asyncio.create_task(self.belfry.run(), name="belfry")

    async def kill(self) -> None:
        """End it between two steps; nothing is tidied up."""
        assert self._task
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.build()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task
        failed = self._task.exception() if self._task.done() else None
        await self.kill()
        if failed:
            raise failed

    async def ring(self, ring: Ring) -> Ring:
        """Ask for a ring, as an escalation does."""
        body = msgspec.json.encode(ring)
        paper = Document(collection=RINGS, key=ring.id, body=body, at=ring.at)
        told = ("ticket.escalated", ring.ticket, "hub", {"rung": ring.rung})
        await self.desk.write([paper], [told])
        return ring

    @property
    def means(self) -> tuple[Any, Any, Any]:
        """Return what contacts are made with."""
        return self.store.books, self.desk, self.clock

    async def hire(self, name: str, *, phone: str = "", **addresses: str) -> None:
        """Have somebody of the crew, with addresses."""
        person = msgspec.json.encode(Person(name=name, role=Role.CREW, phone=phone))
        papers = [Document(collection=PEOPLE, key=name, body=person, at=START)]
        if addresses:
            body = msgspec.json.encode(addresses)
            papers.append(Document(collection=CONTACTS, key=name, body=body, at=START))
        await self.desk.write(papers)

    async def act(self, entry: str, ticket: str) -> None:
        """Have somebody do something with a ticket."""
        await self.desk.write([], [(entry, ticket, "wang", {})])

    async def journal(self, prefix: str = "bell.") -> list[Entry]:
        """Return the entries of a kind."""
        return await self.store.books.journal(after=0, limit=ALL, types=(prefix,))

    def check_written(self, keys: Sequence[str]) -> None:
        """Note rings that are sent and do not stand in the store as being in hand."""
        for key in keys:
            body = _stored(self.store, key)
            if body is None or not msgspec.json.decode(body, type=Delivery).in_hand:
                self.unwritten.append(key)


def _stored(store: MemoryStore, key: str) -> bytes | None:
    work = store.books.document(DELIVERIES, key)
    try:
        work.send(None)
    except StopIteration as done:
        body: bytes | None = done.value
        return body
    raise AssertionError("the store in memory has waited")


def make_ring(number: int = 1, at: float = START, **fields: object) -> Ring:
    """Make a ring to the crew about one ticket."""
    values: dict[str, Any] = {
        "id": f"r{number}",
        "ticket": "GS-1",
        "rung": 1,
        "person": CREW,
        "concern": Concern.RESPONSIBLE,
        "channels": ("a", "b", "c"),
        "wait": 300.0,
        "at": at,
        "not_before": at,
        "severity": Severity.MAJOR,
        "place": "gs/a/g",
        "title": {"zh": "落杆失败", "en": "does not close"},
        "reason": {"zh": "无人接单", "en": "nobody takes it"},
    }
    return Ring(**{**values, **fields})
