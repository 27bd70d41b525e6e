"""The Modbus link: polls all slaves of one gateway in turn, fairly, over one connection.

`run` ends with LinkError when the gateway cannot be reached; the supervisor decides about trying
again. A slave that is silent is left to its breaker and never holds up its neighbours for long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from device_drivers.codecs.blocks import Block
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import (
    REFUSES_BLOCK,
    ModbusSettings,
    ModbusWire,
    SlaveSilentError,
)
from hub.clock import Clock
from hub.errors import ProtocolError
from hub.model.device import DeviceUid
from hub.ports import Envelope, Inbox, LinkWatch, Registers

MIN_REST = 0.05

IsPolled = Callable[[DeviceUid], bool]
"""Tells whether a slave is to be asked: one that is planned or retired is not there."""


def always(_uid: DeviceUid) -> bool:
    """Have every slave asked."""
    return True


class ModbusLink:
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
        self.name = settings.name
        self._settings = settings
        self._slaves = slaves
        self._is_polled = is_polled
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

    def read_again(self) -> None:
        """Nothing to do: every slave is asked again in its turn."""

    async def _cycle(self) -> None:
        began = self._clock.now()
        probed = False
        for slave in self._slaves:
            if not self._is_polled(slave.uid):
                continue
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
            if not slave.breaker.is_open:
                # Of a slave that was given up there is nothing more to count.
                self._watch.slave_missed(slave.uid)
            if slave.breaker.missed(self._clock.now()):
                slave.patience.give_up()
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
        answers: list[Registers] = []
        for block in slave.blocks(self._clock.now()):
            answers += await self._read(slave, block)
        return answers

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
