"""The Modbus link: polls all slaves of one gateway in turn, fairly, over one connection.

`run` ends with LinkError when the gateway cannot be reached; the supervisor decides about trying
again. A slave that is silent is left to its breaker and never holds up its neighbours for long.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from device_drivers.codecs.blocks import Block, plan, split
from device_drivers.links.modbus_breaker import Breaker
from device_drivers.links.modbus_wire import ModbusSettings, ModbusWire, SlaveSilentError
from hub.clock import Clock
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid
from hub.ports import Envelope, Inbox, LinkWatch, Registers

ILLEGAL_ADDRESS = 2
MIN_REST = 0.05


class Slave(msgspec.Struct, kw_only=True):
    """One device on the bus, the blocks that it is read with, and its breaker."""

    uid: DeviceUid
    unit: int
    model: DeviceModel
    blocks: tuple[Block, ...]
    breaker: Breaker


def slaves_of(devices: Sequence[Device], models: dict[str, DeviceModel]) -> list[Slave]:
    """Plan the reads of each device; its address is the unit id."""
    return [
        Slave(
            uid=device.uid,
            unit=int(device.address),
            model=models[device.model],
            blocks=plan(models[device.model].registers, limit=models[device.model].max_registers),
            breaker=Breaker(),
        )
        for device in devices
    ]


class ModbusLink:
    """Implements `hub.ports.Link` for one gateway."""

    def __init__(
        self,
        settings: ModbusSettings,
        slaves: list[Slave],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._slaves = slaves
        self._inbox = inbox
        self._watch = watch
        self._clock = clock
        self._wire = ModbusWire(settings)

    async def run(self) -> None:
        """Connect and poll until the gateway is lost (LinkError) or the task is cancelled."""
        try:
            await self._wire.open()
            self._watch.link_up(self.name, resumed=True)
            self._watch.link_caught_up(self.name)
            while True:
                await self._cycle()
        finally:
            self._wire.close()

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Nothing to do: what was polled is polled again."""

    def prove(self) -> None:
        """Nothing to do: who is asked answers, or is found silent."""

    async def _cycle(self) -> None:
        began = self._clock.now()
        probed = False
        for slave in self._slaves:
            if self._inbox.is_full():
                await self._inbox.has_room()
            if slave.breaker.is_open:
                if probed or not slave.breaker.may_ask(self._clock.now()):
                    continue
                probed = True
            await self._poll(slave)
        rest = self._settings.period - (self._clock.now() - began)
        await self._clock.sleep(max(rest, MIN_REST))

    async def _poll(self, slave: Slave) -> None:
        try:
            answers = await self._read_all(slave)
        except (SlaveSilentError, ProtocolError) as error:
            if slave.breaker.missed(self._clock.now()):
                self._watch.slave_silent(slave.uid, str(error))
            return
        slave.breaker.answered()
        self._inbox.offer(
            Envelope(
                link=self.name,
                address=str(slave.unit),
                payload=tuple(answers),
                received=self._clock.now(),
            )
        )

    async def _read_all(self, slave: Slave) -> list[Registers]:
        # The first block doubles as the probe: a dead slave costs one time-out, not one per block.
        first = await self._read(slave, slave.blocks[0])
        rest = [await self._read(slave, block) for block in slave.blocks[1:]]
        return [*first, *(answer for answers in rest for answer in answers)]

    async def _read(self, slave: Slave, block: Block) -> list[Registers]:
        answer = await self._wire.read(slave.unit, slave.model.function, block)
        if answer.exception != ILLEGAL_ADDRESS:
            return [answer]
        parts = split(block, slave.model.registers)
        if len(parts) <= 1:
            return [answer]
        slave.blocks = tuple(
            part for old in slave.blocks for part in (parts if old == block else (old,))
        )
        return [await self._wire.read(slave.unit, slave.model.function, part) for part in parts]
