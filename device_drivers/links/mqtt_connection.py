"""One connection to a broker, driven by the running event loop; it never reconnects.

A `Wire` is the library that speaks. `Connection.turn` waits until something has come and handles
a burst of packets: one packet per turn of the loop would mean one commit per message.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Sequence
from typing import Protocol

from device_drivers.links.mqtt_ear import WELCOME, Answer, Ear
from hub.errors import LinkError

DIAL_LIMIT = 5.0
"""Seconds for TCP and TLS to stand."""
STANDSTILL = 3.0
"""Seconds that a wait of a tick took, after which the hub itself must have stood still."""
TICK = 0.25
"""Seconds between two looks at the keepalive."""
ANSWER_LIMIT = 5.0
GATHER = 0.0025
"""Seconds after a read in which more may come before the next one: a turn of the loop for each
message would cost more than the message."""
PLENTY = 100
"""Messages of one read after which the next one does not wait."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for a socket whose unsent bytes must never arrive."""
GOODBYE = b"\xe0\x00"
"""A DISCONNECT, the same in MQTT 3.1.1 and 5."""
GOODBYE_LIMIT = 0.5
"""Seconds for the broker to close its side: only then has it read the acknowledgements."""
PUBACK = 0x40
_PUBACK = PUBACK << 24 | 2 << 16
"""A whole packet but for its id."""


class Wire(Protocol):
    """A library that speaks MQTT over one socket, and tells an Ear what it hears."""

    async def dial(self) -> None:
        """Connect and send CONNECT; raises OSError when the broker cannot be reached."""
        ...

    def subscribe(self, filters: Sequence[str], *, again: bool = False) -> int:
        """Ask for QoS 1 and return the packet id.

        With MQTT 5, retained messages come for new subscriptions only, or when asked `again`.
        """
        ...

    def publish(self, topic: str, payload: bytes, *, expiry: int, retain: bool) -> int:
        """Send with QoS 1, and return the packet id; `expiry` 0 is none."""
        ...

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge messages, in this order, with one write."""
        ...

    async def gather(self, seconds: float) -> None:
        """Return when there may be something to read, but let more come for so long."""
        ...

    async def wait(self) -> None:
        """Return when there may be something to read, at the latest after a TICK."""
        ...

    def read(self) -> None:
        """Handle what has come, until the ear is stopped, and look after the keepalive."""
        ...

    def hold(self) -> None:
        """Keep the connection while nobody reads it: ping, and do not take silence for death."""
        ...

    async def close(self, *, politely: bool) -> None:
        """Close; politely: until the broker has read all that waits, and hung up."""
        ...


class Connection:
    """A connection to a broker, from dialling to its end."""

    def __init__(self, ear: Ear, wire: Wire) -> None:
        self.settings = ear.settings
        self.terms = ear.terms
        self._ear = ear
        self._wire = wire
        self._again = 0
        """Packet id of the last subscription that was asked for again."""
        self._came = 0
        """How many messages the last turn brought."""

    @property
    def received(self) -> int:
        """Return how many messages have come."""
        return self._ear.received

    async def open(self) -> Answer:
        """Dial, and return the broker's answer to CONNECT; raises LinkError when there is none."""
        try:
            await self._wire.dial()
        except OSError as error:
            raise LinkError(
                f"the broker at {self.settings.broker} cannot be reached "
                f"({str(error) or 'no answer in time'}); check that it runs, and the network"
            ) from error
        return await self._expect(*WELCOME)

    async def subscribe(self, filters: Sequence[str]) -> Answer:
        """Subscribe with QoS 1, and return what was granted."""
        return await self._expect("subscribe", self._wire.subscribe(filters))

    def subscribe_again(self, filters: Sequence[str]) -> None:
        """Have the broker send what it keeps for these filters; nobody waits for its answer."""
        self._ear.answers.pop(("subscribe", self._again), None)
        self._again = self._wire.subscribe(filters, again=True)

    def publish(self, topic: str, payload: bytes, *, expiry: int = 0, retain: bool = False) -> int:
        """Send with QoS 1, and return the packet id; `expiry` in seconds.

        An order is never one to `retain`: it would be carried out at each connection anew.
        """
        return self._wire.publish(topic, payload, expiry=expiry, retain=retain)

    def published(self, packet_id: int) -> Answer | None:
        """Return the broker's answer to a publish, once it is there."""
        return self._ear.answers.get(("publish", packet_id))

    def forget(self, packet_id: int) -> None:
        """Forget the broker's answer to a publish."""
        self._ear.answers.pop(("publish", packet_id), None)

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge messages, in this order, with one write."""
        self._wire.acknowledge(packet_ids)

    async def turn(self) -> None:
        """Wait a little for something to read and handle it; raises LinkError at the end."""
        loop = asyncio.get_running_loop()
        if self._ear.stopped:
            await self._wait_for_room()
        began = loop.time()
        if 0 < self._came < PLENTY:
            await self._wire.gather(GATHER)
        else:
            await self._wire.wait()
        self._check_pace(loop.time() - began)
        before = self._ear.received
        self._wire.read()
        self._came = self._ear.received - before
        self._check_end()

    async def close(self, *, politely: bool) -> None:
        """Close; politely: wait up to GOODBYE_LIMIT for the broker to have read all, and hung up.

        A broker that sees the next connection first, or a reset, overlooks acknowledgements.
        """
        await self._wire.close(politely=politely)

    async def _expect(self, kind: str, packet_id: int) -> Answer:
        loop = asyncio.get_running_loop()
        settings, answers = self.settings, self._ear.answers
        deadline = loop.time() + max(ANSWER_LIMIT, settings.keepalive)
        while (kind, packet_id) not in answers:
            if loop.time() > deadline:
                raise LinkError(
                    f"the broker at {settings.broker} does not answer {kind}; "
                    "check that it is healthy"
                )
            try:
                await self.turn()
            except LinkError:
                if (kind, packet_id) not in answers:
                    raise
        return answers[kind, packet_id]

    def _check_pace(self, span: float) -> None:
        """Give the connection up, unread, where the hub has stood still.

        What came over it meanwhile comes again in order: first the states, then the measurements.
        """
        if span > STANDSTILL:
            raise LinkError(
                f"the hub stood still for {span:.0f} s; look at the machine's load, its disk and "
                "whether it was suspended"
            )

    def _check_end(self) -> None:
        if self._ear.end is not None:
            raise self._ear.end

    async def _wait_for_room(self) -> None:
        room = asyncio.ensure_future(self._ear.room())
        try:
            while not room.done():
                done, _ = await asyncio.wait({room}, timeout=self.settings.keepalive / 2)
                if not done:
                    self._wire.hold()
                self._check_end()
        finally:
            room.cancel()
            await asyncio.gather(room, return_exceptions=True)
        self._ear.stopped = False


def pack_acknowledgements(packet_ids: Iterable[int]) -> bytes:
    """Write a PUBACK for each id, in this order; the same in MQTT 3.1.1 and 5."""
    words = [_PUBACK | each for each in packet_ids]
    return struct.pack(f"!{len(words)}I", *words)
