"""A Modbus link that polls a gateway while a test looks on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from device_drivers.links.modbus import ModbusLink
from device_drivers.links.modbus_slave import Slave, slaves_of
from device_drivers.links.modbus_wire import ModbusSettings
from hub.clock import SystemClock
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid, Kind
from hub.ports import Envelope
from tests.support.patience import PATIENCE


class Recorder:
    """Takes what a link says, as inbox and as watch."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.silent: list[str] = []
        self.missed: list[str] = []
        self.why: list[str] = []
        self.relays: list[tuple[bool, str]] = []
        """(stands on, why): what the link told of relays."""
        self._news = asyncio.Event()

    def offer(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)
        self._news.set()

    def is_full(self) -> bool:
        return False

    async def has_room(self) -> None:
        return

    def link_up(self, link: str, *, resumed: bool) -> None:
        return

    def link_down(self, link: str, why: str) -> None:
        raise AssertionError

    def link_caught_up(self, link: str) -> None:
        return

    def slave_missed(self, uid: DeviceUid) -> None:
        self.missed.append(uid)
        self._news.set()

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        self.silent.append(uid)
        self.why.append(why)
        self._news.set()

    def of(self, unit: int) -> list[Envelope]:
        """Return the polls of one unit."""
        return [envelope for envelope in self.envelopes if envelope.address == str(unit)]

    def relay_told(self, uid: DeviceUid, why: str, *, stands: bool) -> None:
        self.relays.append((stands, why))
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for news until the condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()


def meter(unit: int, model: str = "eastron-sdm630") -> Device:
    """Make a meter on the bus."""
    return Device(
        uid=DeviceUid(f"d_{unit}"),
        id=f"meter-{unit}",
        address=str(unit),
        kind=Kind.ELECTRICITY_METER,
        model=model,
        place="guanshan",
        link="bus-1",
    )


@contextlib.asynccontextmanager
async def polling(
    recorder: Recorder,
    settings: ModbusSettings,
    devices: Sequence[Device],
    models: Mapping[str, DeviceModel],
) -> AsyncIterator[list[Slave]]:
    """Run the link while the block runs; a link that ends by itself fails the test.

    Yields what the link knows of each slave.
    """
    slaves = slaves_of(devices, models, settings.timeout)
    link = ModbusLink(settings, slaves, inbox=recorder, watch=recorder, clock=SystemClock())
    task = asyncio.create_task(link.run())
    try:
        yield slaves
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
