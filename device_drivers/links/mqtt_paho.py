"""The wire by paho-mqtt, for MQTT 5 and 3.1.1.

paho's blocking calls run in a thread while dialling; afterwards the event loop drives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING

from paho.mqtt.client import ConnectFlags, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from device_drivers.links.mqtt_connection import GOODBYE_LIMIT, TICK
from device_drivers.links.mqtt_ear import WELCOME, Answer, Ear
from device_drivers.links.mqtt_paho_client import PahoClient, build_client, dial, make_properties
from device_drivers.links.mqtt_publish import Plain, read_topic

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

BURST = 200
"""Packets handled before other tasks get their turn."""


class PahoWire:
    """A Wire by paho, for MQTT 5 and 3.1.1."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._client = build_client(ear.settings, ear.terms)
        _report_to(ear, self._client)

    async def dial(self) -> None:
        """Connect in a thread, and have the loop drive the client from then on."""
        dialling = asyncio.ensure_future(
            asyncio.to_thread(dial, self._client, self._ear.settings, self._ear.terms)
        )
        try:
            await asyncio.shield(dialling)
        except asyncio.CancelledError:
            # The thread cannot be stopped; what it opens must still be closed.
            with contextlib.suppress(OSError):
                await dialling
            raise
        self._client.write_by(asyncio.get_running_loop())

    def subscribe(self, filters: Sequence[str], *, again: bool = False) -> int:
        """Ask for QoS 1; MQTT 3.1.1 brings retained messages each time."""
        if self._ear.settings.protocol == "5":
            options = SubscribeOptions(qos=1, retainHandling=0 if again else 1)
            _, mid = self._client.subscribe([(each, options) for each in filters])
        else:
            _, mid = self._client.subscribe([(each, 1) for each in filters])
        return mid or 0

    def publish(self, topic: str, payload: bytes, *, expiry: int, retain: bool) -> int:
        """Send; MQTT 3.1.1 knows no expiry."""
        properties = None
        if expiry and self._ear.settings.protocol == "5":
            properties = make_properties(PacketTypes.PUBLISH, MessageExpiryInterval=expiry)
        sent = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return sent.mid

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge with one write."""
        self._client.acknowledge(packet_ids)

    async def gather(self, seconds: float) -> None:
        """Do not ask for the socket: most times more has come, and else the read finds nothing."""
        await asyncio.sleep(seconds)

    async def wait(self) -> None:
        """Wait for the socket; what was read ahead, or waits in the TLS layer, it does not tell."""
        sock = self._client.socket()
        ahead = self._client.has_ahead()
        if sock is None or ahead or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            await asyncio.sleep(0)
            return
        loop, number = asyncio.get_running_loop(), sock.fileno()
        loop.add_reader(number, self._ear.awake.set)
        try:
            await self._ear.news(TICK)
        finally:
            if self._client.socket() is not None:
                loop.remove_reader(number)

    def read(self) -> None:
        """Handle a burst of messages, or one packet of another kind."""
        for _ in range(BURST):
            before = self._ear.received
            self._client.read_packet()
            if self._ear.received == before or self._ear.stopped or not self._client.has_ahead():
                break
        self._client.loop_misc()
        if self._client.socket() is None:
            self._ear.lose("it is closed")

    def hold(self) -> None:
        """Ping, and do not take silence for death."""
        self._client.hold()

    async def close(self, *, politely: bool) -> None:
        """Close; politely: until the broker has read all that waits, and hung up."""
        try:
            if politely and self._client.is_connected():
                await self._say_goodbye()
        finally:
            self._client.drop()

    async def _say_goodbye(self) -> None:
        loop, gone = asyncio.get_running_loop(), asyncio.Event()

        def look() -> None:
            if self._client.has_hung_up():
                gone.set()

        self._client.say_goodbye()
        sock = self._client.socket()
        if sock is None:
            return
        loop.add_reader(sock, look)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_LIMIT):
                    await gone.wait()
        finally:
            if self._client.socket() is not None:
                loop.remove_reader(sock)


def _report_to(ear: Ear, client: PahoClient) -> None:
    """Have the client tell the ear everything that it hears."""

    def connected(
        _c: object, _u: object, flags: ConnectFlags, code: ReasonCode, _p: object
    ) -> None:
        ear.answers[WELCOME] = Answer(
            codes=(code.value,), words=str(code), session_present=flags.session_present
        )

    def subscribed(_c: object, _u: object, mid: int, codes: list[ReasonCode], _p: object) -> None:
        words = ", ".join(map(str, codes))
        ear.answers["subscribe", mid] = Answer(
            codes=tuple(code.value for code in codes), words=words
        )

    def published(_c: object, _u: object, mid: int, code: ReasonCode, _p: object) -> None:
        ear.answers["publish", mid] = Answer(codes=(code.value,), words=str(code))

    def heard(_c: object, _u: object, message: MQTTMessage) -> None:
        topic = read_topic(message._topic)  # noqa: SLF001 - its own reading raises
        ear.hear(topic, bytes(message.payload), message.mid, retained=message.retain)

    def disconnected(_c: object, _u: object, _flags: object, code: ReasonCode, _p: object) -> None:
        ear.lose(str(code), code.value)

    def closed(_c: object, _u: object, sock: SocketLike) -> None:
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(sock)
        ear.awake.set()

    def delivered(message: Plain) -> None:
        ear.hear(message.topic, message.payload, message.packet_id, retained=message.retained)

    client.deliver = delivered
    client.on_connect = connected
    client.on_subscribe = subscribed
    client.on_publish = published
    client.on_message = heard
    client.on_disconnect = disconnected
    client.on_socket_close = closed
