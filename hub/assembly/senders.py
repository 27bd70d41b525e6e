"""Who carries an order to a device: the link that the device is on, and no other."""

from __future__ import annotations

from collections.abc import Mapping

from device_drivers.dialects.lingdang import encode_command
from device_drivers.links.mqtt_command import MqttCommandSender
from device_drivers.links.order_desk import OrderDesk
from hub.assembly.links import MQTT, Wiring
from hub.clock import Clock
from hub.errors import CommandRefusedError
from hub.model.command import Command, CommandState
from hub.model.device import Device
from hub.ports import CommandSender
from hub.settings import Settings


def open_desks(settings: Settings, clock: Clock) -> dict[str, OrderDesk]:
    """Return where orders wait for each Modbus gateway."""
    return {bus.name: OrderDesk(bus.name, clock) for bus in settings.modbus}


def build_sender(wiring: Wiring) -> CommandSender:
    """Return who sends commands: over MQTT in the hub's own dialect, and by Modbus coils."""
    senders: dict[str, CommandSender] = dict(wiring.desks)
    if wiring.dialler is not None:
        senders[MQTT] = MqttCommandSender(wiring.dialler, clock=wiring.clock, encode=encode_command)
    return _Senders(senders)


class _Senders:
    """Hands each order to the sender of its device's link; refuses it where there is none."""

    def __init__(self, by_link: Mapping[str, CommandSender]) -> None:
        self._by_link = by_link

    async def send(self, command: Command, device: Device) -> CommandState:
        """Send it, or refuse it with the reason."""
        sender = self._by_link.get(device.link)
        if sender is not None:
            return await sender.send(command, device)
        why = "the hub has no [mqtt] broker"
        if device.link != MQTT:
            why = f"the hub gives no orders over its link {device.link!r}"
        raise CommandRefusedError(f"{device.id}: {command.do} cannot be sent, since {why}")
