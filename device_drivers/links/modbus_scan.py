"""Asks a Modbus line who is there, and which model's map fits each: it reads, and writes nothing.

A unit is there when it answers anything at all, an exception too. A model fits by the share of its
points that have a value in their range; what reads as nothing but zeros proves nothing. Models
that switch something are never proposed: which relay moves what is seen at the gate alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import NamedTuple

from device_drivers.codecs.blocks import Block
from device_drivers.links.modbus import BlockReader
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import ModbusWire
from device_drivers.links.polling import NoAnswerError
from hub.clock import Clock
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, Register
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality, Sample
from hub.ports import Driver, Envelope

UNITS = range(1, 248)
ENOUGH = 0.8
"""Share of a model's points that must be plausible for it to fit."""
FUNCTIONS = (3, 4)
PROBE = Block(start=0, count=1)

Tell = Callable[[int], None]
"""Is told each unit before it is asked."""


class Fit(NamedTuple):
    """How well a model fits: points with a plausible value, those that are not 0, and all."""

    model: str
    good: int
    telling: int
    asked: int
    samples: tuple[Sample, ...]

    @property
    def fits(self) -> bool:
        """Whether enough points are plausible, and one of them says something."""
        return self.telling > 0 and self.good >= ENOUGH * self.asked


class Found(NamedTuple):
    """A unit that answers, with the models that fit it, best first."""

    unit: int
    fits: tuple[Fit, ...]


class Scanner:
    """Scans one gateway; `timeout` is the wait for each unit, in seconds."""

    def __init__(
        self,
        wire: ModbusWire,
        models: Iterable[DeviceModel],
        driver: Driver,
        *,
        clock: Clock,
        timeout: float,
    ) -> None:
        self._wire, self._driver = wire, driver
        own = (each for each in models if each.driver == driver.name)
        self._models = [each for each in own if not each.orders]
        self._clock, self._timeout = clock, timeout

    async def scan(self, units: Iterable[int], tell: Tell) -> AsyncIterator[Found]:
        """Yield each unit that answers; LinkError where the gateway cannot be reached."""
        await self._wire.open()
        try:
            for unit in units:
                tell(unit)
                if await self._is_there(unit):
                    yield Found(unit, await self._fits(unit))
        finally:
            self._wire.close()

    async def _is_there(self, unit: int) -> bool:
        for function in FUNCTIONS:
            slave = Slave(_device(unit, "probe"), _probe(function), self._timeout)
            try:
                await self._wire.read(slave, PROBE)
            except NoAnswerError:
                continue
            except ProtocolError:
                return True
            return True
        return False

    async def _fits(self, unit: int) -> tuple[Fit, ...]:
        tried = [await self._try(unit, model) for model in self._models]
        good = [fit for fit in tried if fit and fit.fits]
        # Of two that fit as well the larger map says more.
        return tuple(sorted(good, key=lambda fit: (-fit.good / fit.asked, -fit.telling)))

    async def _try(self, unit: int, model: DeviceModel) -> Fit | None:
        device = _device(unit, model.id)
        reader = BlockReader(self._wire, self._clock)
        try:
            blocks = await reader.read(Slave(device, model, self._timeout))
        except (NoAnswerError, ProtocolError):
            return None
        now = self._clock.now()
        envelope = Envelope(link="scan", address=str(unit), payload=blocks, received=now)
        [report] = self._driver.decode(envelope, device)
        return _weigh(model, report.samples)


def _weigh(model: DeviceModel, samples: Sequence[Sample]) -> Fit:
    asked = {register.point for register in model.registers}
    own = [each for each in samples if each.point in asked]
    good = tuple(each for each in own if each.quality is Quality.GOOD)
    telling = sum(1 for each in good if each.value not in {0, None, ""})
    return Fit(model.id, len(good), telling, len(own), good)


def _device(unit: int, model: str) -> Device:
    uid = DeviceUid("scan")
    return Device(
        uid=uid, id=f"unit {unit}", address=str(unit), kind=Kind.SENSOR, model=model, place=""
    )


def _probe(function: int) -> DeviceModel:
    register = Register(point="probe", address=PROBE.start, type="uint16")
    return DeviceModel(
        id="probe",
        kind=Kind.SENSOR,
        driver="modbus",
        name={},
        points={},
        function=4 if function == FUNCTIONS[1] else 3,
        registers=(register,),
    )
