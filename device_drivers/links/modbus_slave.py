"""One device on a bus: what it is asked for, how long it is waited for, and what it has refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from device_drivers.codecs.blocks import Block, block_of, plan, split
from device_drivers.links.breaker import Breaker
from device_drivers.links.patience import Patience
from hub.model.catalogue import DeviceModel
from hub.model.device import Device

COILS = 1
"""The function that reads coils."""
HOLE_REST = 3600.0
"""Seconds until a register that does not exist is asked for again: firmware may have changed."""


def slaves_of(
    devices: Iterable[Device], models: Mapping[str, DeviceModel], timeout: float
) -> list[Slave]:
    """Plan the reads of each device; its address is the unit id."""
    return [Slave(device, models[device.model], timeout) for device in devices]


class Slave:
    """One device of the bus, by its unit id; `timeout` is the longest wait in seconds."""

    def __init__(self, device: Device, model: DeviceModel, timeout: float) -> None:
        self.uid = device.uid
        self.unit = int(device.address)
        self.address = str(self.unit)
        self.function = model.function
        self.orders = model.orders
        """All that is ever written at this device; none for most."""
        self.longest = timeout
        self.breaker = Breaker()
        self.patience = Patience(timeout)
        self._registers = model.registers
        self._limit = model.max_registers
        self._blocks = plan(model.registers, limit=model.max_registers)
        self._holes: dict[Block, float] = {}

    @property
    def coil_block(self) -> Block:
        """Return the question for all its declared coils; it has some."""
        span = [relay.coil for relay in self.orders]
        return Block(start=min(span), count=max(span) - min(span) + 1, function=COILS)

    def blocks(self, now: float) -> tuple[Block, ...]:
        """Return what is to be asked now; the first is one that the slave is known to answer."""
        again = [hole for hole, due in self._holes.items() if now >= due]
        return tuple(dict.fromkeys((*self._blocks, *again)))

    def parts(self, block: Block) -> tuple[Block, ...]:
        """Return the registers of a refused block one by one; none where it is only one."""
        parts = split(block, self._registers)
        return parts if len(parts) > 1 else ()

    def learn(self, block: Block, refused: Sequence[Block], now: float) -> None:
        """Plan a refused block anew around the `refused` parts of it, and let those rest.

        A block of which no part was refused has a hole between them, or was too long.
        """
        good = [part for part in split(block, self._registers) if part not in refused]
        inside = [r for r in self._registers if block_of(r) in good]
        limit = self._limit if refused else block.count // 2
        anew = plan(inside, limit=limit, bridge=0)
        blocks = [part for old in self._blocks for part in (anew if old == block else (old,))]
        # Something must be asked for, or nobody would see that the slave is alive.
        self._blocks = tuple(blocks) or (block,)
        self._holes |= dict.fromkeys(refused, now + HOLE_REST)

    def learn_answer(self, block: Block) -> None:
        """Note that a block was answered; one that was a hole belongs to every poll again."""
        if self._holes.pop(block, None) is not None:
            self._blocks = tuple(dict.fromkeys((*self._blocks, block)))
