"""Sends one command over a connection that lives for it alone.

A client that lives on would send again after a reconnect, and open a gate minutes late. So each
command has its own connection without a session, is never retained, and expires in the broker;
after any failure the connection is reset, and what it had not sent is gone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_ear import Answer, Terms
from hub.clock import Clock
from hub.errors import CommandRefusedError, LinkError
from hub.model.command import Command, CommandState
from hub.model.device import Device

NO_MATCHING_SUBSCRIBERS = 0x10


Encode = Callable[[Command], tuple[str, bytes]]
"""A dialect's encoder: the last word of the topic, and the payload."""


class _Nobody:
    """Takes the messages of a connection that subscribes to nothing."""

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        """Take it, and leave it."""
        del topic, payload, packet_id, retained
        return True

    async def room(self) -> None:
        """Return at once."""


class MqttCommandSender:
    """A CommandSender for the devices behind one broker."""

    def __init__(self, dialler: Dialler, *, clock: Clock, encode: Encode) -> None:
        self._dialler = dialler
        self._settings = dialler.settings
        self._clock = clock
        self._encode = encode

    async def send(self, command: Command, device: Device) -> CommandState:
        """Send, and return SENT once the broker has passed it on.

        Raises CommandRefusedError when the gate cannot have got it, LinkError when nobody knows.
        """
        if self._remaining(command) <= 0:
            raise CommandRefusedError(f"{device.id}: the command expired before it was sent")
        terms = Terms(
            client_id=f"{self._settings.community}-cmd-{secrets.token_hex(6)}", lasting=False
        )
        connection = self._dialler.connect(terms, _Nobody())
        sent, answer = False, None
        try:
            async with asyncio.timeout(self._remaining(command)):
                await self._dialler.open(connection)
                sent = True
                answer = await self._publish(connection, command, device)
        except (LinkError, TimeoutError) as error:
            raise _explain(device, error, sent=sent) from error
        else:
            _judge(answer, device)
            return CommandState.SENT
        finally:
            await connection.close(politely=answer is not None)

    def _remaining(self, command: Command) -> float:
        return command.expires - self._clock.now()

    async def _publish(self, connection: Connection, command: Command, device: Device) -> Answer:
        word, payload = self._encode(command)
        topic = f"ld/{self._settings.community}/{device.address}/{word}"
        expiry = max(1, int(self._remaining(command)))
        packet_id = connection.publish(topic, payload, expiry=expiry)
        while True:
            answer = connection.published(packet_id)
            if answer is not None:
                return answer
            await connection.turn()


def _explain(device: Device, error: Exception, *, sent: bool) -> CommandRefusedError | LinkError:
    if not sent:
        why = str(error) or "the broker did not answer in time"
        return CommandRefusedError(f"{device.id}: nothing was sent, because {why}")
    return LinkError(f"{device.id}: it is not known whether the command arrived; look at the gate")


def _judge(answer: Answer, device: Device) -> None:
    """Raise CommandRefusedError for every answer but plain success."""
    code = answer.codes[0]
    if code == NO_MATCHING_SUBSCRIBERS:
        raise CommandRefusedError(f"{device.id}: the gate is not connected")
    if code:
        raise CommandRefusedError(
            f"{device.id}: the broker refused the command ({answer.words}); check its access list"
        )
