"""The wire of MQTT 5 by asyncio and the codec: all packets of a read are decoded in one go.

That happens in the link's own task: a fault there is the link's failure, with its trace, and never
lost in the transport.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Sequence

from device_drivers.links.mqtt_codec import (
    PING,
    hear_packets,
    write_connect,
    write_publish,
    write_subscribe,
)
from device_drivers.links.mqtt_connection import (
    DIAL_LIMIT,
    GOODBYE,
    GOODBYE_LIMIT,
    RESET,
    TICK,
    pack_acknowledgements,
)
from device_drivers.links.mqtt_ear import WELCOME, Ear

PING_SHARE = 0.9
"""Of the keepalive: two of these and a tick are less than two keepalives."""


class _Pipe(asyncio.Protocol):
    """Keeps what has come until it is taken; `lost` says why nothing will come any more.

    A `deaf` one keeps nothing, since nobody will take it: it only waits for the end.
    """

    def __init__(self, awake: asyncio.Event) -> None:
        self.lost = ""
        self.heard = True
        self.deaf = False
        self.gone = asyncio.Event()
        self._data = b""
        self._awake = awake

    def data_received(self, data: bytes) -> None:
        if not self.deaf:
            self._data = self._data + data if self._data else data
        self.heard = True
        self._awake.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = str(exc or "the broker has closed it")
        self.gone.set()
        self._awake.set()

    def take(self) -> bytes:
        """Return what has come since the last time."""
        data, self._data = self._data, b""
        return data


class FastWire:
    """A Wire by the codec."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._pipe = _Pipe(ear.awake)
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._is_read = True
        self._packet_ids = itertools.count(1)
        self._pinged = 0.0

    async def dial(self) -> None:
        """Connect within DIAL_LIMIT."""
        settings, loop = self._ear.settings, asyncio.get_running_loop()
        async with asyncio.timeout(DIAL_LIMIT):
            tls = None
            if settings.tls is not None:
                tls = await asyncio.to_thread(settings.tls.context)
            self._transport, _ = await loop.create_connection(
                lambda: self._pipe, settings.host, settings.port, ssl=tls
            )
        self._pinged = loop.time()
        self._send(write_connect(self._ear))

    def subscribe(self, filters: Sequence[str], *, again: bool = False) -> int:
        """Ask for QoS 1; only what was kept before comes as retained."""
        packet_id = next(self._packet_ids)
        self._send(write_subscribe(packet_id, filters, again=again))
        return packet_id

    def publish(self, topic: str, payload: bytes, *, expiry: int, retain: bool) -> int:
        """Send one message."""
        packet_id = next(self._packet_ids)
        self._send(write_publish(packet_id, topic, payload, expiry=expiry, retain=retain))
        return packet_id

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge with one write."""
        self._send(pack_acknowledgements(packet_ids))

    async def gather(self, seconds: float) -> None:
        """Leave what comes in the socket for so long."""
        if self._transport is not None:
            self._transport.pause_reading()
            await asyncio.sleep(seconds)
            self._transport.resume_reading()
        await self.wait()

    async def wait(self) -> None:
        """Wait for the transport, unless there is something left."""
        if self._is_read:
            await self._ear.news(TICK)
            return
        if self._transport is not None:
            self._transport.resume_reading()
        await asyncio.sleep(0)

    def read(self) -> None:
        """Handle what has come, up to the first answer, or until the ear is stopped."""
        data = self._rest + self._pipe.take()
        self._rest, self._is_read = hear_packets(self._ear, data)
        if self._ear.stopped and self._transport is not None:
            self._transport.pause_reading()
        self._look_after()

    def hold(self) -> None:
        """Ping; what the broker answers is not read now."""
        self._pipe.heard = True
        self._pinged = 0.0
        self._look_after()

    async def close(self, *, politely: bool) -> None:
        """Close; politely: until the broker has read all that waits, and hung up."""
        transport = self._transport
        if transport is None:
            return
        try:
            if politely and self._ear.end is None and _is_welcome(self._ear):
                await self._say_goodbye(transport)
        finally:
            if not self._pipe.lost:
                with contextlib.suppress(OSError):
                    sock = transport.get_extra_info("socket")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                transport.abort()

    async def _say_goodbye(self, transport: asyncio.Transport) -> None:
        self._pipe.deaf = True
        transport.resume_reading()
        self._send(GOODBYE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_LIMIT):
                await self._pipe.gone.wait()

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _look_after(self) -> None:
        """Notice the end once all before it is read, and ping in time."""
        if self._pipe.lost and (self._is_read or self._ear.stopped):
            self._ear.lose(self._pipe.lost)
        now, period = asyncio.get_running_loop().time(), _ping_period(self._ear)
        if now < self._pinged + period:
            return
        if not self._pipe.heard:
            self._ear.lose(f"it was silent for {period:g} s")
        self._pipe.heard, self._pinged = False, now
        self._send(PING)


def _is_welcome(ear: Ear) -> bool:
    answer = ear.answers.get(WELCOME)
    return answer is not None and not answer.codes[0]


def _ping_period(ear: Ear) -> float:
    """Return the seconds between two pings; the broker may have asked for more of them."""
    answer = ear.answers.get(WELCOME)
    wanted = answer.keepalive if answer is not None else 0
    return PING_SHARE * min(ear.settings.keepalive, wanted or ear.settings.keepalive)
