"""One connection to a broker, driven by the running event loop; it never reconnects.

`Connection.turn` waits until the socket has something and handles a burst of packets: one packet
per turn of the loop would mean one commit per message.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.subscribeoptions import SubscribeOptions

from device_drivers.links.mqtt_client import (
    Answer,
    Consumer,
    Ear,
    Terms,
    build_client,
    dial,
    make_properties,
)
from device_drivers.links.mqtt_settings import MqttSettings
from hub.errors import LinkError

BURST = 200
"""Packets handled before other tasks get their turn."""
TICK = 0.25
"""Seconds between two looks at the keepalive."""
ANSWER_LIMIT = 5.0
FAILURE = 0x80


class Connection:
    """A connection to a broker, from dialling to its end."""

    def __init__(self, settings: MqttSettings, terms: Terms, consumer: Consumer) -> None:
        self._settings = settings
        self._terms = terms
        self._consumer = consumer
        self._ear = Ear(settings, terms, consumer)
        self._client = build_client(settings, terms)
        self._ear.listen_to(self._client)

    @property
    def received(self) -> int:
        """Return how many messages have come."""
        return self._ear.received

    async def open(self) -> Answer:
        """Dial, and return the broker's answer to CONNECT; raises LinkError when there is none."""
        dialling = asyncio.ensure_future(
            asyncio.to_thread(dial, self._client, self._settings, self._terms)
        )
        try:
            await asyncio.shield(dialling)
        except asyncio.CancelledError:
            # The thread cannot be stopped; what it opens must still be closed.
            with contextlib.suppress(OSError):
                await dialling
            raise
        except OSError as error:
            raise LinkError(
                f"the broker at {self._settings.broker} cannot be reached ({error}); "
                "check that it runs, and the network"
            ) from error
        self._client.write_by(asyncio.get_running_loop())
        answer = await self._expect("connect", 0)
        if answer.codes[0] >= FAILURE:
            raise LinkError(
                f"the broker at {self._settings.broker} refused {self._terms.client_id}: "
                f"{answer.words}; check name, password and client id"
            )
        return answer

    async def subscribe(self, filters: Sequence[str]) -> Answer:
        """Subscribe with QoS 1; retained messages come for new subscriptions only (MQTT 5)."""
        if self._settings.protocol == "5":
            options = SubscribeOptions(qos=1, retainHandling=1)
            _, mid = self._client.subscribe([(each, options) for each in filters])
        else:
            _, mid = self._client.subscribe([(each, 1) for each in filters])
        return await self._expect("subscribe", mid or 0)

    def publish(self, topic: str, payload: bytes, *, expiry: int = 0) -> int:
        """Send with QoS 1, never retained, and return the packet id; `expiry` in seconds."""
        properties = None
        if expiry and self._settings.protocol == "5":
            properties = make_properties(PacketTypes.PUBLISH, MessageExpiryInterval=expiry)
        return self._client.publish(topic, payload, qos=1, retain=False, properties=properties).mid

    def published(self, packet_id: int) -> Answer | None:
        """Return the broker's answer to a publish, once it is there."""
        return self._ear.answers.get(("publish", packet_id))

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge messages, in this order, with one write."""
        self._client.acknowledge(packet_ids)

    async def turn(self) -> None:
        """Wait a little for something to read and handle it; raises LinkError at the end."""
        if self._ear.stopped:
            await self._wait_for_room()
        await self._wait_readable()
        self._read()
        self._client.loop_misc()
        self._check_end()

    def close(self, *, politely: bool) -> None:
        """Close; politely: send what waits and say goodbye first."""
        goodbye = politely and self._client.is_connected()
        if goodbye:
            self._client.disconnect()
            self._client.loop_write()
        self._client.drop(reset=not goodbye or self._client.want_write())

    async def _expect(self, kind: str, packet_id: int) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + max(ANSWER_LIMIT, self._settings.keepalive)
        while (kind, packet_id) not in self._ear.answers:
            if loop.time() > deadline:
                raise LinkError(
                    f"the broker at {self._settings.broker} does not answer {kind}; "
                    "check that it is healthy"
                )
            try:
                await self.turn()
            except LinkError:
                if (kind, packet_id) not in self._ear.answers:
                    raise
        return self._ear.answers[kind, packet_id]

    def _check_end(self) -> None:
        if self._ear.end is not None:
            raise self._ear.end
        if self._client.socket() is None:
            raise LinkError(f"the connection to the broker at {self._settings.broker} is closed")

    async def _wait_readable(self) -> None:
        sock = self._client.socket()
        ahead = self._client.has_ahead()
        if sock is None or ahead or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        timer = loop.call_later(TICK, self._ear.awake.set)
        loop.add_reader(sock, self._ear.awake.set)
        try:
            await self._ear.awake.wait()
        finally:
            timer.cancel()
            self._ear.awake.clear()
            if self._client.socket() is not None:
                loop.remove_reader(sock)

    def _read(self) -> None:
        for _ in range(BURST):
            before = self._ear.received
            self._client.read_packet()
            if self._ear.received == before or self._ear.stopped:
                return

    async def _wait_for_room(self) -> None:
        room = asyncio.ensure_future(self._consumer.room())
        try:
            while not room.done():
                done, _ = await asyncio.wait({room}, timeout=self._settings.keepalive / 2)
                if not done:
                    self._client.hold()
                self._check_end()
        finally:
            room.cancel()
            await asyncio.gather(room, return_exceptions=True)
        self._ear.stopped = False
