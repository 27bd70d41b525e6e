"""A message on a topic of the site's own broker, for sirens, screens and programs of the house.

    ld/{community}/lingdang-hub/bell/{bell}   QoS 1, not retained
    {"id":"bell-…","ticket":"…","severity":"critical","title":"…","text":"…","place":"…","test":false}

It is delivered once the broker has acknowledged it; where it says that nobody has subscribed, it
is not.
"""

from __future__ import annotations

import asyncio
import secrets

import msgspec

from device_drivers.links.mqtt_command import NO_MATCHING_SUBSCRIBERS
from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_ear import Answer as Heard
from device_drivers.links.mqtt_ear import Terms
from device_drivers.links.mqtt_settings import HUB_ADDRESS
from hub.bells.channel import Address
from hub.bells.message import Message
from hub.courier.answer import DELIVERED, Answer, later, refused
from hub.errors import LinkError

PATIENCE = 10.0
"""Real seconds for connection and acknowledgement."""
EXPIRY = 3600
"""Seconds for which the broker keeps it for a subscriber that is away."""


class MqttChannel:
    """Publishes over a connection of its own for each message; one without a broker refuses."""

    def __init__(self, bell: str, dialler: Dialler | None) -> None:
        self._bell = bell
        self._dialler = dialler

    async def send(self, message: Message, address: Address) -> Answer:
        """Publish it."""
        del address
        if self._dialler is None:
            return refused("the hub has no [mqtt] broker")
        terms = Terms(
            client_id=f"{self._dialler.settings.community}-bell-{secrets.token_hex(6)}",
            lasting=False,
        )
        connection = self._dialler.connect(terms, _Nobody())
        heard = None
        try:
            async with asyncio.timeout(PATIENCE):
                await self._dialler.open(connection)
                heard = await self._publish(connection, message)
        except (LinkError, TimeoutError) as error:
            return later(str(error) or "the broker does not answer in time")
        finally:
            await connection.close(politely=heard is not None)
        return _judge(heard)

    async def _publish(self, connection: Connection, message: Message) -> Heard:
        assert self._dialler is not None  # noqa: S101 - asked before
        topic = f"ld/{self._dialler.settings.community}/{HUB_ADDRESS}/bell/{self._bell}"
        packet_id = connection.publish(topic, _write(message), expiry=EXPIRY)
        while True:
            heard = connection.published(packet_id)
            if heard is not None:
                return heard
            await connection.turn()


class _Nobody:
    """Takes the messages of a connection that subscribes to nothing."""

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        """Take it, and leave it."""
        del topic, payload, packet_id, retained
        return True

    async def room(self) -> None:
        """Return at once."""


def _write(message: Message) -> bytes:
    body = {
        "id": message.id,
        "ticket": message.ticket,
        "severity": message.severity,
        "title": message.title,
        "text": message.text,
        "place": message.where,
        "test": message.test,
    }
    return msgspec.json.encode(body)


def _judge(heard: Heard) -> Answer:
    code = heard.codes[0]
    if code == NO_MATCHING_SUBSCRIBERS:
        return later("nobody has subscribed to the bell's topic")
    if code:
        return refused(f"the broker refused it ({heard.words}); check its access list")
    return DELIVERED
