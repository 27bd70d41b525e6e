"""Orders to a relay box under kills, cuts, delays and replays: each moves the arm in time or never.

The hub is the real one from its desk to its Modbus link; the wire is played, in virtual time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import Counter
from random import Random

import pytest

from device_drivers.codecs.blocks import Block
from device_drivers.dialects.lingdang import LingdangDriver
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links import modbus
from device_drivers.links.modbus_pulse import Relays
from device_drivers.links.modbus_slave import Slave, slaves_of
from device_drivers.links.modbus_wire import ModbusSettings
from device_drivers.links.order_desk import Order, OrderDesk
from device_drivers.links.polling import NoAnswerError
from hub.clock import ManualClock
from hub.errors import CommandRefusedError, ConflictError, LinkError, ProtocolError
from hub.intake.batch import Batch
from hub.intake.command_room import CommandRoom
from hub.model.access import Identity, Role
from hub.model.catalogue import RelayOrder
from hub.model.command import Command, CommandState
from hub.ports import Registers
from hub.services import command as orders
from hub.store.memory import MemoryStore
from simulators.relay import Barrier
from tests.support.yard import GATE, YARD_MODELS
from tests.unit.intake.stage import Stage, stage

pytestmark = pytest.mark.chaos

EPISODES = 10_000 if os.environ.get("CHAOS_LONG") else 200
SEED = 2964
GUARD = Identity(name="wang", role=Role.GUARD)
NEVER_MOVED = {CommandState.FAILED, CommandState.REFUSED, CommandState.EXPIRED}
TIMEOUT, NETWORK, STEP = 1.0, 0.3, 0.5
"""Seconds: of an answer, of a frame on its way at most, between two looks of the test."""
CALM = 15.0
"""Seconds at the end in which nothing goes wrong, so that everything can be put right."""


class World:
    """The box, the network to it, and everything that goes wrong."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.clock = ManualClock()
        self.barrier = Barrier(self.clock.now)
        self.barrier.timer = self.chance.choice((0.0, 0.0, 0.0, 0.3))
        self.life = 0
        self.cut_until = 0.0
        self.calm = False

    @property
    def is_cut(self) -> bool:
        return self.clock.now() < self.cut_until

    def fate(self) -> str:
        """Choose what becomes of one question."""
        if self.calm:
            return "good"
        return self.chance.choices(
            ("good", "lost", "unheard", "busy", "failure", "no target", "nonsense", "slow"),
            (79, 4, 4, 2, 2, 2, 3, 2),
        )[0]


class PlayedWire:
    """Plays `ModbusWire` for one life of the hub; a dead hub's writes nothing more."""

    world: World

    def __init__(self, settings: ModbusSettings) -> None:
        self._life = self.world.life
        self._is_open = False

    async def open(self) -> None:
        await self._takes(0.01)
        if self.world.is_cut:
            raise LinkError("bus-1: no connection")
        self._is_open = True

    def close(self) -> None:
        self._is_open = False

    async def ensure(self) -> None:
        if not self._is_open:
            await self.open()

    async def read(self, slave: Slave, block: Block, *, seconds: float | None = None) -> Registers:
        await self.ensure()
        fate = await self._travel()
        function = block.function or slave.function
        if fate in {"busy", "failure"}:
            return Registers(function=function, start=block.start, exception=6)
        self.world.barrier.settle()
        bits = self.world.barrier.coils if function == 1 else self.world.barrier.limits()
        words = tuple(map(int, bits[block.start : block.start + block.count]))
        await self._answer(fate)
        return Registers(function=function, start=block.start, words=words)

    async def write_coil(self, slave: Slave, relay: RelayOrder, *, on: bool) -> int:
        if not self._is_open:
            raise LinkError("bus-1: not connected")
        WRITTEN.append((self.world.clock.now(), relay.coil, on))
        fate = await self._travel()
        if fate in {"busy", "failure"}:
            return {"busy": 6, "failure": 4}[fate]
        self.world.barrier.switch(relay.coil, on=on)
        await self._answer("unheard" if fate == "slow" else fate)
        return 11 if fate == "no target" else 0

    async def _travel(self) -> str:
        """Bring a question to the box, or lose it on the way."""
        fate = self.world.fate()
        await self._takes(self.world.chance.uniform(0.01, NETWORK))
        if fate == "lost" or self.world.is_cut:
            await self._takes(TIMEOUT)
            self._lose()
        return fate

    async def _answer(self, fate: str) -> None:
        """Bring the answer back, or lose it on the way; slow is a bus with many others on it."""
        await self._takes(8.0 if fate == "slow" else self.world.chance.uniform(0.01, NETWORK))
        if fate == "unheard" or self.world.is_cut:
            await self._takes(TIMEOUT)
            self._lose()
        if fate == "nonsense":
            self.close()
            raise ProtocolError("bus-1: unit 1 answered something else")

    def _lose(self) -> None:
        self.close()
        raise NoAnswerError("bus-1: unit 1 does not answer")

    async def _takes(self, seconds: float) -> None:
        await self.world.clock.sleep(seconds)
        if self._life != self.world.life:
            await asyncio.Event().wait()  # this process is no more


WRITTEN: list[tuple[float, int, bool]] = []


class Life:
    """One run of the hub's link, kept as the supervisor keeps it."""

    def __init__(self, world: World, desk: OrderDesk) -> None:
        self._world, self._desk = world, desk
        self._task: asyncio.Task[None] | None = None

    def start(self, run: Stage) -> None:
        self._task = asyncio.create_task(self._keep(run))

    async def _keep(self, run: Stage) -> None:
        settings = ModbusSettings(name="bus-1", host="", period=1.0, timeout=TIMEOUT)
        intake, clock = run.intake, self._world.clock
        slaves = slaves_of([GATE], YARD_MODELS, TIMEOUT)
        link = modbus.ModbusLink(
            settings, slaves, inbox=intake.inbox, watch=intake.watch, clock=clock, desk=self._desk
        )
        while True:
            try:
                await link.run()
            except LinkError as error:
                intake.watch.link_down("bus-1", str(error))
            await clock.sleep(0.5)

    async def stop(self) -> None:
        """Be told to stop, and be given the time for it."""
        assert self._task is not None
        self._task.cancel()
        while not self._task.done():
            await self._world.clock.advance(STEP)


class Episode:
    """Some orders to one gate behind a relay box, in some lives of the hub."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        self.store = MemoryStore(self.world.clock)
        self.faults: list[str] = []
        self.orders: list[str] = []

    async def play(self) -> None:
        """Live until the end, and compare."""
        chance = self.world.chance
        PlayedWire.world = self.world
        WRITTEN.clear()
        for _ in range(chance.choice((1, 2, 2, 3))):
            await self._live(chance.uniform(1.0, 8.0))
            await self.world.clock.advance(chance.choice((0.0, 0.5, 3.0)))
        self.world.calm, self.world.cut_until = True, 0.0
        await self._live(CALM)
        await self._check()

    async def _live(self, seconds: float) -> None:
        """Run one life, and kill it, or tell it to stop."""
        world, before = self.world, asyncio.all_tasks()
        desk = OrderDesk("bus-1", world.clock)
        life = Life(world, desk)
        drivers = {"lingdang": LingdangDriver(YARD_MODELS), "modbus": ModbusDriver(YARD_MODELS)}
        async with stage(
            self.store,
            world.clock,
            (GATE,),
            models=YARD_MODELS,
            drivers=drivers,
            rules=(),
            sender=desk,  # type: ignore[arg-type]
            buses={"bus-1": "modbus"},
        ) as run:
            life.start(run)
            end = world.clock.now() + seconds
            while world.clock.now() < end:
                await self._step(run, desk, min(STEP, end - world.clock.now()))
            if world.chance.random() < 0.3:
                await life.stop()
            world.life += 1
        left = asyncio.all_tasks() - before
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _step(self, run: Stage, desk: OrderDesk, seconds: float) -> None:
        chance = self.world.chance
        if not self.world.calm:
            if chance.random() < 0.2:
                await self._give(run, desk)
            if chance.random() < 0.06:
                self.world.cut_until = self.world.clock.now() + chance.choice((0.2, 1.0, 4.0))
        for _ in range(10):
            await asyncio.sleep(0)
        await run.settle()
        await self.world.clock.advance(seconds)
        await run.settle()

    async def _give(self, run: Stage, desk: OrderDesk) -> None:
        """Give an order, which somebody may replay."""
        do = self.world.chance.choice(("open", "open", "close"))
        with contextlib.suppress(ConflictError, CommandRefusedError):
            command = await run.intake.desk.command(GATE.id, do, "visitor", GUARD)
            self.orders.append(command.id)
            if self.world.chance.random() < 0.3:
                asyncio.get_running_loop().create_task(self._replay(desk, command))

    async def _replay(self, desk: OrderDesk, command: Command) -> None:
        await self.world.clock.sleep(self.world.chance.choice((0.1, 1.0, 4.0, 7.0)))
        with contextlib.suppress(CommandRefusedError, LinkError):
            await desk.send(command, GATE)
            self.faults.append(f"{command.id} was taken twice")

    async def _check(self) -> None:
        """Compare what the arm did with the orders, and with what people were told of them."""
        barrier = self.world.barrier
        known = {order: await self.store.books.command(order) for order in self.orders}
        left = {order: command for order, command in known.items() if command is not None}
        self.faults += [f"{order} is not stored" for order in known.keys() - left.keys()]
        moved = set[str]()
        for move in barrier.movements:
            fit = [
                c for c in left.values()
                if c.do == move.do and c.issued <= move.at and c.id not in moved
            ]  # fmt: skip
            in_time = [c for c in fit if move.at < c.expires + NETWORK]
            if not in_time:
                self.faults.append(f"{move} is late" if fit else f"{move} has no order")
            moved |= {command.id for command in in_time[-1:]}
        began = sum(1 for _, _, on in WRITTEN if on)
        if began > len(self.orders):
            self.faults.append(f"{began} times on for {len(self.orders)} orders")
        if barrier.together:
            self.faults.append("two relays were on together")
        if any(barrier.coils):
            self.faults.append(f"a relay was left on: {barrier.coils}")
        for command in left.values():
            self._check_told(command, moved=command.id in moved)

    def _check_told(self, command: Command, *, moved: bool) -> None:
        if command.state not in orders.FINAL:
            self.faults.append(f"{command.id} never ended: {command.state}")
        if moved and command.state in NEVER_MOVED:
            self.faults.append(f"{command.id} moved the arm and is told as {command.state}")
        if command.state is CommandState.EXECUTED:
            at = command.history[-1].at
            before = [move.do for move in self.world.barrier.movements if move.at <= at]
            if (before or ["close"])[-1] != command.do:
                self.faults.append(f"{command.id} is told as done, and the arm is elsewhere")


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
        ends["moved"] += len(episode.world.barrier.movements)
    return ends, faults


@pytest.fixture(autouse=True)
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.pipeline.LINGER", 0.0)
    monkeypatch.setattr(modbus, "ModbusWire", PlayedWire)


async def test_no_order_moves_the_arm_late_or_twice_and_every_relay_is_let_go() -> None:
    ends, faults = await play(EPISODES)
    sys.stdout.write(f"\nseed {SEED}: {EPISODES} episodes; {dict(ends)}\n")
    assert faults == []
    assert set(ends) >= {"executed", "unknown", "failed", "moved"}


async def _again(self: Relays, slave: Slave, relay: RelayOrder) -> tuple[str, bool]:
    """Be a sender that writes "on" again when it was not answered."""
    for _ in range(2):
        await self._wire.ensure()
        with contextlib.suppress(LinkError, ProtocolError):
            if await self._wire.write_coil(slave, relay, on=True) == 0:
                return "", False
    return "it does not answer", False


async def _hold(self: Relays, slave: Slave, relays: set[int]) -> bool:
    """Be a sender that does not let go."""
    return True


async def _nothing(self: Relays, slave: Slave) -> set[int]:
    """Be a sender that does not look whether a relay stands on."""
    return set()


def _trust(self: Relays, slaves: object) -> None:
    """Be a hub that believes that its last life has let go of everything."""


def _resend(self: CommandRoom, commands: list[Command], batch: Batch) -> None:
    """Be a hub that sends again after a restart what it does not know the end of."""
    for command in commands:
        self._pending[command.id] = command
        self._spawn(self._send(command, GATE))


@pytest.mark.parametrize(
    ("place", "broken", "said"),
    [
        (Relays, {"_switch_on": _again}, "times on for"),
        (Relays, {"_let_go": _hold}, "a relay was left on"),
        (Relays, {"doubt_all": _trust}, "a relay was left on"),
        (Order, {"has_expired": False}, "is late"),
        (Relays, {"_standing": _nothing}, "a relay was left on"),
        (CommandRoom, {"end_all": _resend}, "is told as failed"),
    ],
)
async def test_a_broken_sender_is_caught(
    monkeypatch: pytest.MonkeyPatch, place: object, broken: dict[str, object], said: str
) -> None:
    for name, part in broken.items():
        monkeypatch.setattr(place, name, part)
    _, faults = await play(25)
    assert [fault for fault in faults if said in fault], faults[:9]
