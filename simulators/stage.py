"""The stage: the community on real sockets, in one process and one loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from hub.clock import Clock
from hub.model.device import Kind
from simulators.bus import Bus, Framing
from simulators.community import Community
from simulators.device import Device
from simulators.door import Door
from simulators.gate import Gate
from simulators.line import Line, Receive
from simulators.plan import Plan
from simulators.site import DeviceRow, on_mqtt

OWN_LINE = frozenset({Kind.BARRIER_GATE, Kind.SWITCH, Kind.POWER_SUPPLY})
"""Kinds with a connection and a will of their own; the others share a field gateway's."""
SHARED_BY = 50
TURN = 0.05
"""Real seconds between two looks at the agenda."""
RTU_LATENCY = 0.02
"""Seconds that a serial line takes at the speed that meters have."""
READY_WITHIN = 60.0


class Stage:
    """Sets up lines and gateways for a plan, and lets the community live on them."""

    def __init__(self, plan: Plan, community: Community, clock: Clock) -> None:
        self._plan = plan
        self.clock = clock
        self.community = community
        self._lines: list[Line] = []
        self._curtain = asyncio.Event()
        for row in on_mqtt(plan.devices):
            self._plug_in(row)

    def tick(self) -> None:
        """Bring the community up to now."""
        self.community.agenda.run_until(self.clock.now())

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Open the gateways; the devices on MQTT wait for `begin`. Leaving closes everything.

        Raises OSError when a gateway's port is taken.
        """
        async with contextlib.AsyncExitStack() as stack:
            for gateway in self._plan.gateways:
                latency = RTU_LATENCY if gateway.framing is Framing.RTU_OVER_TCP else 0.0
                slaves = self.community.bus(gateway.name)
                bus = Bus(slaves, gateway.framing, self.clock.now, latency)
                server = await bus.serve(gateway.host, gateway.port)
                stack.callback(server.close)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._run(line), name="line") for line in self._lines]
                tasks.append(group.create_task(self._keep_time(), name="agenda"))
                yield
                for task in tasks:
                    task.cancel()

    async def begin(self) -> None:
        """Let the community live; return once every line has found the broker.

        Raises TimeoutError when one does not.
        """
        if not self._curtain.is_set():
            self.tick()
            self.community.live()
            self._curtain.set()
        async with asyncio.timeout(READY_WITHIN):
            for line in self._lines:
                await line.connected.wait()

    async def _run(self, line: Line) -> None:
        await self._curtain.wait()
        await line.run()

    def _plug_in(self, row: DeviceRow) -> None:
        line = self._line_for(row)
        device = self.community.wire(row, line)
        line.attach(device, self._receiver(device))

    def _line_for(self, row: DeviceRow) -> Line:
        """Find the line of a device: its own, or a shared one that still has room."""
        own = row.kind in OWN_LINE
        if own or not (self._lines and self._lines[-1].has_room(SHARED_BY)):
            self._lines.append(Line(self._plan.route(row.address, own=own)))
        return self._lines[-1]

    def _receiver(self, device: Device) -> Receive | None:
        if not isinstance(device, Gate | Door):
            return None
        orders = device.orders

        def receive(payload: bytes) -> None:
            self.tick()
            orders.receive(payload)

        return receive

    async def _keep_time(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(TURN)
