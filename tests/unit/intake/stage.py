"""A whole intake without sockets: a small site, the real rules, a memory store, a manual clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from math import inf
from typing import Any

import msgspec

from device_drivers.dialects.lingdang import LingdangDriver
from hub.clock import ManualClock
from hub.errors import CommandRefusedError, LinkError
from hub.feeds.incident import make_projector
from hub.intake.climber import read_duty_needs
from hub.intake.commission_room import CommissionNeeds
from hub.intake.core import Intake, Needs, build_intake
from hub.intake.inspection_room import InspectionNeeds
from hub.intake.report_room import GATHERINGS, read_gatherings
from hub.intake.suspect import SUSPECTS
from hub.model.case import CASES
from hub.model.catalogue import DeviceModel
from hub.model.command import Command
from hub.model.device import Device, DeviceUid, Kind
from hub.model.hold import HOLDS
from hub.model.inspection import INSPECTIONS, ROUNDS
from hub.model.place import Place
from hub.model.rung import Duty
from hub.ports import Driver, Envelope, Registers
from hub.services.commission.state_book import ACCEPTANCES, DEVICE_STATES, read_sheets, stand
from hub.services.incidents.case_book import CaseBook
from hub.services.registry import Site
from hub.settings import FloodSettings
from hub.store.memory import MemoryStore
from rules.rule import Rule
from tests.support.shipped import MODELS, RULES

PLACES = {
    path: Place(path=path, name=path, kind=kind)
    for path, kind in (("gs", "community"), ("gs/a", "compound"), ("gs/a/b1", "building"))
}


def device(name: str, kind: Kind = Kind.BARRIER_GATE, **fields: Any) -> Device:  # noqa: ANN401
    """Make a device, of the shipped model of its kind if no other; its address is its id."""
    base = {"place": "gs/a/b1", "uid": DeviceUid(f"d_{name}"), "id": name, "address": name}
    base["model"] = f"ld-{kind.replace('_', '-')}"
    return Device(kind=kind, **{**base, **fields})


GATE, OTHER = device("gate-1"), device("gate-2")
DOOR = device("door-1", Kind.UNIT_DOOR)
CONTROLLER = device("ctl-1", Kind.ACCESS_CONTROLLER)
SITE = (GATE, OTHER, DOOR, CONTROLLER)


SESSION = "mqtt-state"


class Sender:
    """Takes orders; refuses or loses them when told."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.failure: CommandRefusedError | LinkError | None = None

    async def send(self, command: Command, device: Device) -> None:
        if self.failure:
            raise self.failure
        self.sent.append(command)


class Hand:
    """Remembers in memory; what it holds outlives a stage, as a mapped page outlives a hub."""

    def __init__(self) -> None:
        self.left: tuple[str, bytes] | None = None

    def take(self, address: str, payload: bytes) -> None:
        self.left = (address, payload)

    def rest(self) -> None:
        self.left = None


class Stage:
    """A running intake, and the words with which tests talk to it."""

    def __init__(
        self, intake: Intake, store: MemoryStore, clock: ManualClock, sender: Sender
    ) -> None:
        self.intake = intake
        self.store = store
        self.clock = clock
        self.sender = sender
        self.acknowledged: list[Envelope] = []
        self.deaf = False
        """Whether the connection is half open: nothing comes, and nobody says so."""
        self._seq = 0

    def say(self, kind: str, body: dict[str, Any], *, of: Device = GATE, **fields: Any) -> None:  # noqa: ANN401
        """Have a device send a message of the hub's own dialect."""
        self._seq += 1
        now = self.clock.now()
        numbered = {"boot": "b1", "seq": self._seq, "ts": now, **body} if kind != "ack" else body
        self.raw(f"ld/gs/{of.address}/{kind}", msgspec.json.encode(numbered), **fields)

    def raw(self, topic: str, payload: bytes, **fields: Any) -> None:  # noqa: ANN401
        """Have the broker deliver anything."""
        self.intake.inbox.offer(self.envelope(topic, payload, **fields))

    def envelope(
        self,
        address: str,
        payload: bytes | tuple[Registers, ...],
        **fields: Any,  # noqa: ANN401
    ) -> Envelope:
        """Make what a link would yield now."""
        return Envelope(
            link="mqtt",
            address=address,
            payload=payload,
            received=self.clock.now(),
            token=object(),
            **fields,
        )

    def cut(self) -> None:
        """Lose the connection to the broker."""
        self.intake.watch.link_down(SESSION, "cut")

    def prove(self) -> None:
        """Bring the hub's own message back, as long as anything comes."""
        for session in () if self.deaf else self.intake.watch.up:
            self.intake.watch.link_heard(session, self.clock.now())

    def reconnect(self, waited: Sequence[Envelope]) -> None:
        """Have the broker resume the session, and deliver what waited in it."""
        self.intake.watch.link_up(SESSION, resumed=True)
        for envelope in waited:
            self.intake.inbox.offer(envelope)
        self.intake.watch.link_caught_up(SESSION)

    async def settle(self, seconds: float = 0.0) -> None:
        """Let everything that has arrived go through, then the clock go on, second by second."""
        await self._drain()
        while seconds > 0:
            await self.clock.advance(min(1.0, seconds))
            seconds -= 1.0
            await self._drain()

    async def _drain(self) -> None:
        await self.intake.inbox.perform(lambda _batch: None)
        await self.intake.inbox.perform(lambda _batch: None)

    async def types(self) -> list[str]:
        """Return the journal's types in order."""
        return [entry.type for entry in await self.store.books.journal(after=0, limit=10_000)]

    async def open_tickets(self) -> list[str]:
        """Return the rules of the open tickets."""
        tickets = await self.store.books.tickets(open_only=True, limit=100)
        return [ticket.rule for ticket in tickets]


@contextlib.asynccontextmanager
async def stage(
    store: MemoryStore | None = None,
    clock: ManualClock | None = None,
    devices: Sequence[Device] = SITE,
    waited: Sequence[Envelope] = (),
    models: Mapping[str, DeviceModel] = MODELS,
    *,
    hand: Hand | None = None,
    flood: FloodSettings = FloodSettings(),  # noqa: B008 - frozen
    drivers: Mapping[str, Driver] | None = None,
    rules: Sequence[Rule] = RULES,
    duty: Duty = Duty(plans=()),  # noqa: B008 - frozen
    sender: Sender | None = None,
    sessions: Sequence[str] = (SESSION,),
    machine_since: float = inf,
    buses: Mapping[str, str] = {},
) -> AsyncIterator[Stage]:
    """Run an intake over the store while the block runs; its link has told what `waited`.

    `buses` are further links that ask their devices themselves, with the driver of each.
    """
    clock = clock or ManualClock()
    store = store or MemoryStore(clock)
    sender, errands = sender or Sender(), set[asyncio.Task[None]]()

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        errands.add(task)
        task.add_done_callback(errands.discard)

    changed = await store.books.documents(DEVICE_STATES)
    standing = stand(Site(devices=tuple(devices), places=PLACES), changed, "devices.csv")
    cases = CaseBook(await store.books.documents(CASES))
    needs = Needs(
        clock=clock,
        committer=store.committer,
        books=store.books,
        sender=sender,
        spawn=spawn,
        project=make_projector("gs", lambda: PLACES, cases.of),
        cases=cases,
        drivers=drivers or {"lingdang": LingdangDriver(MODELS)},
        link_drivers={"mqtt": "lingdang", **buses},
        carried={**dict.fromkeys(sessions, "mqtt"), **{bus: bus for bus in buses}},
        machine_since=machine_since,
        commission=CommissionNeeds(
            sheets=read_sheets(await store.books.documents(ACCEPTANCES)), written=standing.written
        ),
        inspections=InspectionNeeds(
            inspections=await store.books.documents(INSPECTIONS),
            rounds=await store.books.documents(ROUNDS),
        ),
        devices=standing.site.devices,
        places=PLACES,
        models=models,
        rules=rules,
        prefix="GS",
        hand=hand or Hand(),
        gatherings=read_gatherings(await store.books.documents(GATHERINGS)),
        suspects=await store.books.documents(SUSPECTS),
        holds=await store.books.documents(HOLDS),
        flood=flood,
        duty=await read_duty_needs(duty, store.books),
        prove=lambda: running.prove(),  # noqa: PLW0108 - it is not there yet
    )
    snapshot = await store.archive.load(now=clock.now())
    intake = build_intake(needs, snapshot, store.archive)
    running = Stage(intake, store, clock, sender)
    task = asyncio.create_task(
        intake.pipeline.run(lambda _link, envelopes: running.acknowledged.extend(envelopes))
    )
    running.reconnect(waited)
    await running.settle()
    try:
        yield running
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
