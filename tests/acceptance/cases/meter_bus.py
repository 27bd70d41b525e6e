"""A Modbus gateway of a case, whose meters show what they are told, or stand still."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping

from hub.clock import ManualClock
from simulators.bus import Bus, Framing, Slave
from simulators.demo_files import HOST
from simulators.meter import ElectricityMeter
from simulators.registers import BY_MODEL
from tests.acceptance.cases.tale import MONDAY_AT_TEN

BUS = "bus-1"
_METER = ElectricityMeter(mean_power=4000.0, counted=5000.0, phase=0.3)


class MeterBus:
    """The meters by unit: `shown` is what each shows instead of what it measures."""

    def __init__(self, model: str, *units: int) -> None:
        self.port = 0
        self.clock = ManualClock(MONDAY_AT_TEN)
        self.shown: dict[int, dict[str, float]] = {unit: {} for unit in units}
        self.slaves = {unit: Slave(_Shown(self.shown[unit]), BY_MODEL[model]) for unit in units}  # type: ignore[arg-type]


class _Shown:
    def __init__(self, shown: Mapping[str, float]) -> None:
        self._shown = shown

    def read(self, now: float) -> Mapping[str, float]:
        return {**_METER.read(now), **self._shown}


@contextlib.asynccontextmanager
async def listening_bus(model: str, *units: int) -> AsyncIterator[MeterBus]:
    """Serve meters of a model while the block runs."""
    made = MeterBus(model, *units)
    bus = Bus(made.slaves, Framing.TCP, lambda: made.clock.now())  # noqa: PLW0108 - it is set later
    server = await bus.serve(HOST, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


def bus_settings(port: int, framing: str = "tcp", *, timeout: float = 10.0) -> str:
    """Write what the hub's settings say of the gateway; it waits `timeout` s at most.

    A fifth of that at least, so that a busy machine makes no slave silent.
    """
    return f"""
[[modbus]]
name = "{BUS}"
host = "{HOST}"
port = {port}
framing = "{framing}"
period = 10.0
timeout = {timeout}
"""
