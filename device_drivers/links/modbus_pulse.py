"""Carries out an order by a pulse on a relay's coil: on once, and off in any case.

A relay knows neither the order nor its time, so both are kept here. Before it is switched on, the
device must answer, no relay of it may stand on, and the order must not have expired. "On" is
written once, whatever becomes of its answer. "Off" changes nothing when it is repeated: it is
written after every "on", read back, and owed until the relay is seen to be off.
"""

from __future__ import annotations

from collections.abc import Iterable

from device_drivers.codecs.blocks import Block
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import ModbusWire
from device_drivers.links.order_desk import Order
from device_drivers.links.polling import NoAnswerError
from hub.clock import Clock
from hub.errors import LinkError, ProtocolError
from hub.model.catalogue import RelayOrder
from hub.ports import LinkWatch, Registers

TRIES = 3
"""How often a relay is switched off at once; then again in each round, until it is."""
LONG = 2.0
"""Seconds beyond a pulse that are worth telling: the hub, its network or the device stood still."""
NOT_DONE = {
    1: "the device knows no such function",
    2: "the device has no such coil",
    3: "the device does not take the value",
    6: "the device is busy",
    10: "the gateway has no way to the device",
}
"""Exceptions that say that the coil was not written; after any other nobody knows."""
FAULTS = (LinkError, ProtocolError)


class Relays:
    """The relays of all slaves behind one wire; only one task at a time may use them."""

    def __init__(self, wire: ModbusWire, watch: LinkWatch, clock: Clock) -> None:
        self._wire = wire
        self._watch = watch
        self._clock = clock
        self._unsure: dict[Slave, bool] = {}
        """Slaves of which a relay may stand on, and whether that was told."""

    def doubt_all(self, slaves: Iterable[Slave]) -> None:
        """Take nothing for granted: the hub may have died between an "on" and its "off"."""
        self._unsure |= {slave: self._unsure.get(slave, False) for slave in slaves if slave.orders}

    async def make_sure(self, slave: Slave) -> None:
        """Switch off what stands on for longer than a pulse, and tell of it."""
        if slave not in self._unsure:
            return
        try:
            standing = await self._standing(slave)
            if standing:
                # Somebody else's pulse, of a button or another master, is left to its end.
                await self._clock.sleep(max(relay.pulse for relay in slave.orders))
                standing &= await self._standing(slave)
        except FAULTS:
            return  # asked again in the next round
        if not standing:
            del self._unsure[slave]
        elif await self._let_go(slave, standing):
            what = ", ".join(map(str, sorted(standing)))
            self._watch.relay_told(slave.uid, f"relay {what} stood on and was let go", stands=False)

    async def obey(self, slave: Slave, order: Order) -> None:
        """Give the pulse of an order, and answer whoever gave it as soon as that is known."""
        relay = next((each for each in slave.orders if each.do == order.command.do), None)
        if relay is None:
            order.refuse(f"its model has no relay for {order.command.do!r}")
            return
        try:
            await self._wire.ensure()
            standing = await self._standing(slave)
        except FAULTS as error:
            order.refuse(f"nothing was sent: {error}")
            return
        if standing:
            self._unsure.setdefault(slave, False)
            order.refuse(f"nothing was sent: relay {min(standing)} stands on; look at the gate")
            return
        if order.has_expired:
            order.refuse("nothing was sent: the command expired before it could be")
            return
        await self._pulse(slave, relay, order)

    async def _pulse(self, slave: Slave, relay: RelayOrder, order: Order) -> None:
        began = self._clock.now()
        why, sure = await self._switch_on(slave, relay)
        if not why:
            order.confirm()
            await self._clock.sleep(relay.pulse)
        elif await self._is_on(slave, relay):
            # The answer was lost, or is a lie: the relay has moved, at some instant since then.
            order.confirm()
            await self._clock.sleep(max(0.0, began + relay.pulse - self._clock.now()))
        elif sure:
            order.refuse(why)
        else:
            order.doubt(why)
        is_off, held = await self._let_go(slave, {relay.coil}), self._clock.now() - began
        if is_off and held > relay.pulse + LONG:
            what = f"relay {relay.coil} may have stood on for {held:.1f} s, and is let go"
            self._watch.relay_told(slave.uid, what, stands=False)

    async def _switch_on(self, slave: Slave, relay: RelayOrder) -> tuple[str, bool]:
        """Write "on", once. Returns why it is not confirmed, and whether it was not written."""
        try:
            code = await self._wire.write_coil(slave, relay, on=True)
        except (NoAnswerError, ProtocolError) as error:
            return str(error), False
        except LinkError as error:
            return f"nothing was sent: {error}", True
        if not code:
            return "", False
        why = NOT_DONE.get(code, f"the device answers with exception {code}")
        return why, code in NOT_DONE

    async def _is_on(self, slave: Slave, relay: RelayOrder) -> bool:
        """Read back, over a new connection where the old one was dropped."""
        try:
            await self._wire.ensure()
            return relay.coil in await self._standing(slave)
        except FAULTS:
            return False

    async def _let_go(self, slave: Slave, relays: set[int]) -> bool:
        """Switch off, and read back; True once no relay stands on. Tells of one that stays on."""
        why = ""
        for _ in range(TRIES):
            try:
                await self._wire.ensure()
                for relay in (each for each in slave.orders if each.coil in relays):
                    await self._wire.write_coil(slave, relay, on=False)
                standing = await self._standing(slave)
            except FAULTS as error:
                why = str(error)
                continue
            if not standing:
                self._unsure.pop(slave, None)
                return True
            relays, why = standing, f"relay {min(standing)} still stands on"
        if not self._unsure.get(slave):
            self._watch.relay_told(slave.uid, f"a relay may stand on: {why}", stands=True)
        self._unsure[slave] = True
        return False

    async def _standing(self, slave: Slave) -> set[int]:
        """Read which declared coils are on."""
        block = slave.coil_block
        answer = await self._wire.read(slave, block, seconds=slave.longest)
        if answer.exception:
            raise ProtocolError(f"unit {slave.unit} refuses to tell its coils ({answer.exception})")
        return {relay.coil for relay in slave.orders if _is_set(answer, block, relay)}


def _is_set(answer: Registers, block: Block, relay: RelayOrder) -> bool:
    return bool(answer.words[relay.coil - block.start])
