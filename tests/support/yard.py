"""A relay box at a barrier with a link of its own, and somebody who gives it orders."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable

import msgspec

from device_drivers.links.modbus import ModbusLink
from device_drivers.links.modbus_slave import slaves_of
from device_drivers.links.modbus_wire import ModbusSettings
from device_drivers.links.order_desk import OrderDesk
from hub.clock import SystemClock
from hub.errors import LinkError
from hub.model.command import Command, CommandState
from hub.model.device import Device, DeviceUid, Kind
from simulators.bus import Framing
from simulators.relay import OFF, ON, WRITE_COIL, Barrier, RelayBox
from tests.support.patience import PATIENCE
from tests.support.polling import Recorder
from tests.support.shipped import MODELS

PULSE = 0.15
"""Seconds: quicker than a barrier's button, for the tests' sake."""
GATE = Device(
    uid=DeviceUid("d_gate"),
    id="gate-east",
    address="1",
    kind=Kind.BARRIER_GATE,
    model="relay-barrier-box-limits",
    place="guanshan",
    link="bus-1",
)
BOX = MODELS[GATE.model]
QUICK = tuple(msgspec.structs.replace(each, pulse=PULSE) for each in BOX.orders)
YARD_MODELS = {**MODELS, BOX.id: msgspec.structs.replace(BOX, orders=QUICK)}
_numbers = itertools.count(1)


def order(do: str = "open", *, lasts: float = 5.0, **fields: object) -> Command:
    """Make an order that may begin within so many seconds."""
    now = SystemClock().now()
    command = Command(
        id=f"c{next(_numbers)}",
        uid=GATE.uid,
        device=GATE.id,
        do=do,
        actor="wang",
        reason="visitor",
        issued=now,
        expires=now + lasts,
        state=CommandState.AUTHORISED,
    )
    return msgspec.structs.replace(command, **fields)


class Yard:
    """The box, what its link has told, and the desk for its orders."""

    def __init__(self, framing: str, *, timeout: float = 1.0, period: float = 60.0) -> None:
        self.barrier = Barrier(time.time)
        self.box = RelayBox(self.barrier, Framing(framing))
        self.recorder = Recorder()
        self.clock = SystemClock()
        self.desk = OrderDesk("bus-1", self.clock)
        self.device = GATE
        self.given: list[Command] = []
        self.lost = asyncio.Event()
        """Set once a life of the link has ended by itself."""
        self.port = 0
        self._framing, self._timeout, self._period = framing, timeout, period

    async def give(self, command: Command) -> CommandState:
        """Give an order, as a command room does."""
        return await self.desk.send(command, self.device)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Server]:
        """Let the box serve, without a hub."""
        self.server = server = await self.box.serve("127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield server
        finally:
            server.close()
            await self.box.hang_up()
            await server.wait_closed()

    def link(self) -> ModbusLink:
        """Make a link, as a hub that starts."""
        settings = ModbusSettings(
            name="bus-1",
            host="127.0.0.1",
            port=self.port,
            framing=self._framing,
            period=self._period,
            timeout=self._timeout,
            gap=0.0,
        )
        slaves = slaves_of([self.device], YARD_MODELS, self._timeout)
        watch = self.recorder
        return ModbusLink(
            settings, slaves, inbox=watch, watch=watch, clock=self.clock, desk=self.desk
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run a link until the block ends; ready once it has polled."""
        task = await self._start()
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _start(self) -> asyncio.Task[None]:
        """Start a link, anew where a busy machine let it miss its first poll: the next is far."""
        seen, polls = self.recorder, len(self.recorder.envelopes)
        while True:
            self.lost.clear()
            seen.missed.clear()
            task = asyncio.create_task(self._run())
            await self.until(
                lambda: len(seen.envelopes) > polls or self.lost.is_set() or seen.missed != []
            )
            if len(seen.envelopes) > polls:
                return task
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self.link().run()
        except LinkError:
            self.lost.set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve and run."""
        async with self.listening(), self.running():
            yield

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds at the box, which tells nobody."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.005)

    @property
    def moves(self) -> list[str]:
        """What the arm has done."""
        return [movement.do for movement in self.barrier.movements]

    def count(self, value: int) -> int:
        """Count the requests that wrote "on" or "off"."""
        written = [each.count for each in self.box.asked if each.function == WRITE_COIL]
        assert set(written) <= {ON, OFF}
        return written.count(value)

    async def is_off(self) -> None:
        """Wait until no relay stands on and the link has read that."""
        await self.until(lambda: not any(self.barrier.coils))

    def check(self, *given: Command) -> None:
        """Fail where a movement has no order of its own that was valid, or one more than one."""
        left = list(given)
        for movement in self.barrier.movements:
            fit = [o for o in left if o.do == movement.do and o.issued <= movement.at < o.expires]
            assert fit, f"{movement} without an order"
            left.remove(fit[0])
        assert self.barrier.together == 0, "two relays were closed at once"
        assert self.count(ON) <= len(given), "an order was written twice"
