"""The Modbus link: all slaves of one gateway, block by block, over one connection.

Orders to its slaves go before its questions, and are carried out to their end even where the hub is
told to stop in the middle of one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from device_drivers.codecs.blocks import Block
from device_drivers.links.modbus_pulse import Relays
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import REFUSES_BLOCK, ModbusSettings, ModbusWire
from device_drivers.links.order_desk import Order, OrderDesk
from device_drivers.links.polling import IsPolled, PollingLink, always
from hub.clock import Clock
from hub.ports import Inbox, LinkWatch, Registers

FOLLOWED = 10.0
"""Seconds for which a device that was given an order is asked often: somebody waits for it."""
LOOK_AGAIN = 0.5


class ModbusLink(PollingLink[Slave]):
    """Implements `hub.ports.Link` for one gateway; `desk` has the orders, if it takes any."""

    def __init__(
        self,
        settings: ModbusSettings,
        slaves: Sequence[Slave],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
        is_polled: IsPolled = always,
        desk: OrderDesk | None = None,
    ) -> None:
        wire = ModbusWire(settings)
        super().__init__(
            settings.name,
            settings.period,
            slaves,
            BlockReader(wire, clock),
            inbox=inbox,
            watch=watch,
            clock=clock,
            is_polled=is_polled,
        )
        self._switched = {slave.uid: slave for slave in slaves if slave.orders}
        self._relays = Relays(wire, watch, clock)
        self._desk = desk or OrderDesk(settings.name, clock)
        self._followed: dict[Slave, float] = {}

    def _begin(self) -> None:
        self._relays.doubt_all(self._switched.values())
        self._desk.open()

    def _end(self) -> None:
        self._desk.close()

    async def _attend(self) -> None:
        while (order := self._desk.take()) is not None:
            carrying_out = asyncio.ensure_future(self._obey(order))
            try:
                await asyncio.shield(carrying_out)
            except asyncio.CancelledError:
                await carrying_out
                raise

    async def _obey(self, order: Order) -> None:
        slave = self._switched.get(order.command.uid)
        try:
            if slave is None or not self._is_polled(slave.uid):
                order.refuse("nothing was sent: it has no relay that the hub may switch")
            elif slave.breaker.is_open:
                order.refuse("nothing was sent: it does not answer")
            else:
                self._followed[slave] = self._clock.now() + FOLLOWED
                await self._relays.obey(slave, order)
        finally:
            self._desk.finish(order)

    async def _rest(self, seconds: float) -> None:
        if not self._switched:
            await super()._rest(seconds)
            return
        until = self._clock.now() + seconds
        while (left := until - self._clock.now()) > 0:
            await self._attend()
            await self._desk.news(min(left, LOOK_AGAIN) if self._followed else left)
            await self._follow()

    async def _follow(self) -> None:
        """Ask those that were given an order where they are now."""
        now = self._clock.now()
        self._followed = {each: until for each, until in self._followed.items() if until > now}
        for slave in self._followed:
            if not slave.breaker.is_open:
                await self._poll(slave)

    async def _cycle(self) -> None:
        for slave in self._switched.values():
            if self._is_polled(slave.uid) and slave.breaker.may_ask(self._clock.now()):
                await self._relays.make_sure(slave)
        await super()._cycle()


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
