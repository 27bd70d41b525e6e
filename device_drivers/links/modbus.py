"""The Modbus link: all slaves of one gateway, block by block, over one connection."""

from __future__ import annotations

from collections.abc import Sequence

from device_drivers.codecs.blocks import Block
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import REFUSES_BLOCK, ModbusSettings, ModbusWire
from device_drivers.links.polling import IsPolled, PollingLink, always
from hub.clock import Clock
from hub.ports import Inbox, LinkWatch, Registers


class ModbusLink(PollingLink[Slave]):
    """Implements `hub.ports.Link` for one gateway."""

    def __init__(
        self,
        settings: ModbusSettings,
        slaves: Sequence[Slave],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
        is_polled: IsPolled = always,
    ) -> None:
        super().__init__(
            settings.name,
            settings.period,
            slaves,
            BlockReader(ModbusWire(settings), clock),
            inbox=inbox,
            watch=watch,
            clock=clock,
            is_polled=is_polled,
        )


class BlockReader:
    """Reads all blocks of a slave, and learns which of them it does not have."""

    def __init__(self, wire: ModbusWire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock

    async def open(self) -> None:
        """Connect, or raise LinkError."""
        await self._wire.open()

    def close(self) -> None:
        """Drop the connection."""
        self._wire.close()

    async def read(self, slave: Slave) -> tuple[Registers, ...]:
        """Return the answer to each block."""
        # The first block doubles as the probe: a dead slave costs one time-out, not one per block.
        answers: list[Registers] = []
        for block in slave.blocks(self._clock.now()):
            answers += await self._read(slave, block)
        return tuple(answers)

    async def _read(self, slave: Slave, block: Block) -> list[Registers]:
        answer = await self._wire.read(slave, block)
        if answer.exception not in REFUSES_BLOCK:
            slave.learn_answer(block)
            return [answer]
        parts = slave.parts(block)
        answers = [await self._wire.read(slave, part) for part in parts] or [answer]
        refused = [
            part
            for part, each in zip(parts or (block,), answers, strict=True)
            if each.exception in REFUSES_BLOCK
        ]
        slave.learn(block, refused, self._clock.now())
        return answers
