"""Orders under kills, cuts, delays and replays: none opens a gate late, twice, or untold."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from random import Random
from typing import Any

import pytest

from hub.clock import ManualClock
from hub.errors import CommandRefusedError, ConflictError, HubError, LinkError
from hub.intake.batch import Batch
from hub.intake.command_room import CommandRoom
from hub.model.access import Identity, Role
from hub.model.command import Command, CommandState
from hub.model.device import Device
from hub.model.report import Sample
from hub.services import command as orders
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import GATE, Sender, Stage, stage

pytestmark = pytest.mark.chaos

EPISODES = 50_000 if os.environ.get("CHAOS_LONG") else 500
SEED = 2911
GUARD = Identity(name="wang", role=Role.GUARD)
NEVER_MOVED = {CommandState.FAILED, CommandState.REFUSED, CommandState.EXPIRED}
END = 40.0
OPEN_FOR = 4.0
FATES: tuple[tuple[bool, HubError | None], ...] = (
    *[(True, None)] * 4,
    (False, None),
    (False, CommandRefusedError("nobody is there")),
    (False, LinkError("the broker hung")),
    (True, LinkError("the broker hung")),
)
"""What the link says of an order, and whether it gets to the gate."""


class Link(Sender):
    """Hands orders to whoever plays the link."""

    def __init__(self, act: Callable[[Command], Awaitable[None]]) -> None:
        super().__init__()
        self._act = act

    async def send(self, command: Command, device: Device) -> None:
        await self._act(command)


class Episode:
    """One order, or two, to one gate that keeps expiry and id; seconds are of the hub's clock."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.clock = ManualClock()
        self.store = MemoryStore(self.clock)
        self.begin = self.clock.now()
        self.faults: list[str] = []
        self.sent: Counter[str] = Counter()
        self.moves: dict[str, float] = {}
        self.orders: dict[str, int] = {}
        """Id → in which life of the hub it was given."""
        self.life = 0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._known = set[str]()
        self._ties = itertools.count()
        self._said: list[tuple[str, dict[str, Any]]] = []
        self._seq = 0
        self._run: Stage | None = None

    async def send(self, life: int, command: Command) -> None:
        """Be the link of one life of the hub: what it says and what it does are two things."""
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)
        if life != self.life:
            return  # the process that would have sent is no more
        stored = await self.store.books.command(command.id)
        if stored is None:
            self.faults.append(f"{command.id} went out and is not in the store")
        self.sent[command.id] += 1
        if self.orders.setdefault(command.id, life) != life:
            self.faults.append(f"{command.id} was sent by a later life of the hub")
        through, error = self.chance.choice(FATES)
        for _ in range(self.chance.choice((1, 1, 2)) if through else 0):
            self.after(self.chance.choice((0.1, 0.6, 3.0, 7.0)), lambda: self.arrive(command))
        if error is not None:
            raise error

    def arrive(self, command: Command) -> None:
        """Be the gate: move once, and never after the expiry."""
        now = self.clock.now()
        if command.id in self._known or now >= command.expires:
            return
        self._known.add(command.id)
        if self.chance.random() < 0.1:
            self.answer(command, "refused")
            return
        self.moves[command.id] = now
        self.answer(command, "received")
        if self.chance.random() < 0.8:
            self.after(1.0, lambda: self.tell("state", {"points": {"arm.position": "open"}}))
            self.after(1.1, lambda: self.answer(command, "executed"))
            self.after(OPEN_FOR, lambda: self.tell("state", {"points": {"arm.position": "closed"}}))

    def answer(self, command: Command, result: str) -> None:
        self.tell("ack", {"id": command.id, "result": result})

    def tell(self, kind: str, body: dict[str, Any]) -> None:
        """Have the gate say something, that may be lost before the broker, and come twice."""
        if self.chance.random() < 0.1:
            return
        self._seq += kind == "state"
        self._said.append((kind, {"seq": self._seq, "ts": self.clock.now(), **body}))
        self.deliver(*self._said[-1])
        if self.chance.random() < 0.3:
            again = self.chance.choice(self._said)
            self.after(self.chance.uniform(0.0, 9.0), lambda: self.deliver(*again))

    def deliver(self, kind: str, body: dict[str, Any]) -> None:
        """Hand it to the hub that runs, or let it wait at the broker."""
        if self._run is not None:
            self._run.say(kind, body)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.clock.now() + seconds, next(self._ties), act))

    async def play(self) -> None:
        """Give one order or two, kill the hub now and then, and see all of it end."""
        kills = sorted(self.chance.uniform(0.0, 12.0) for _ in range(self.chance.choice((0, 1, 2))))
        for kill in [*kills, END]:
            link = Link(partial(self.send, self.life))
            async with stage(self.store, self.clock, rules=(), sender=link) as run:
                self._run = run
                await self.live(run, self.begin + kill)
                self._run, self.life = None, self.life + 1
            await self.clock.advance(self.chance.choice((0.0, 0.5, 3.0)))
        await self.check()

    async def live(self, run: Stage, until: float) -> None:
        """Run one life of the hub."""
        self._seq += 1
        self.deliver("state", {"seq": self._seq, "points": {"arm.position": "closed"}})
        await run.settle()
        if not self.orders or (len(self.orders) < 2 and self.chance.random() < 0.5):
            with contextlib.suppress(ConflictError, CommandRefusedError):
                command = await run.intake.desk.command(GATE.id, "open", "visitor", GUARD)
                self.orders.setdefault(command.id, self.life)
                if self.chance.random() < 0.2 and until < self.begin + END:
                    return  # killed at once
        while self.clock.now() < until:
            step = min(until, self._due[0][0] if self._due else until, self.clock.now() + 1.0)
            await self.clock.advance(max(0.0, step - self.clock.now()))
            while self._due and self._due[0][0] <= self.clock.now():
                heapq.heappop(self._due)[2]()
            await run.settle()

    def was_open(self, at: float) -> bool:
        """Tell whether the arm can have been open, for whichever order."""
        return any(moved <= at <= moved + OPEN_FOR for moved in self.moves.values())

    async def check(self) -> None:
        """Compare what the gate did with what people were told."""
        for order, life in self.orders.items():
            stored = await self.store.books.command(order)
            moved = self.moves.get(order)
            if stored is None:
                self.faults.append(f"{order} of life {life} was told as taken and is not stored")
                continue
            if stored.state not in orders.FINAL:
                self.faults.append(f"{order} never ended: {stored.state}")
            if self.sent[order] > 1:
                self.faults.append(f"{order} was sent {self.sent[order]} times")
            if moved is not None and moved >= stored.expires:
                self.faults.append(f"{order} opened late")
            if moved is not None and stored.state in NEVER_MOVED:
                self.faults.append(f"{order} moved the arm and is told as {stored.state}")
            if stored.state is CommandState.EXECUTED and not self.was_open(stored.history[-1].at):
                self.faults.append(f"{order} is told as done and nothing has moved")


async def play(episodes: int) -> tuple[Counter[str], list[str]]:
    """Play episodes; returns how orders ended, and what was wrong."""
    ends: Counter[str] = Counter()
    faults: list[str] = []
    for seed in range(SEED, SEED + episodes):
        episode = Episode(seed)
        await episode.play()
        faults += [f"seed {seed}: {fault}" for fault in episode.faults]
        commands = [await episode.store.books.command(order) for order in episode.orders]
        ends.update(str(command.state) for command in commands if command)
    return ends, faults


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.pipeline.LINGER", 0.0)


async def test_no_order_opens_late_or_twice_or_is_told_as_what_it_was_not() -> None:
    ends, faults = await play(EPISODES)
    sys.stdout.write(f"\nseed {SEED}: {EPISODES} episodes; ends {dict(ends)}\n")
    assert faults == []
    assert set(ends) == {"executed", "unknown", "failed", "refused"}


def resend(self: CommandRoom, commands: list[Command], batch: Batch) -> None:
    """Be a hub that sends again after a restart what it does not know the end of."""
    for command in commands:
        self._pending[command.id] = command
        self._spawn(self._send(command, GATE))


def believe(command: Command, samples: Iterable[Sample], now: float) -> Command:
    """Be a hub that takes whatever a device says for the movement that was ordered."""
    if command.state in orders.FINAL:
        return command
    return (
        orders._to(command, CommandState.EXECUTED, now)
        if command.state is CommandState.SENT
        else command
    )


def forget(command: Command, now: float) -> Command:
    """Be a hub that leaves orders without an end."""
    return command


@pytest.mark.parametrize(
    ("place", "broken", "said"),
    [
        (CommandRoom, {"end_all": resend}, "sent by a later life"),
        (orders, {"observe": believe}, "nothing has moved"),
        (orders, {"time_out": forget}, "never ended"),
    ],
)
async def test_a_broken_hub_is_caught(
    monkeypatch: pytest.MonkeyPatch, place: object, broken: dict[str, object], said: str
) -> None:
    for name, part in broken.items():
        monkeypatch.setattr(place, name, part)
    _, faults = await play(60)
    assert [fault for fault in faults if said in fault]
