"""A TCP proxy in front of a broker that does to a connection what networks do to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from enum import StrEnum
from random import Random

from device_drivers.links.mqtt_connection import RESET
from simulators.demo_files import HOST, free_port
from tests.support.patience import PATIENCE

PIECE = 4096
"""Bytes that are carried at a time."""
SINGLE = 48
"""Bytes of a slow piece that go one by one; a packet's head and topic are among them."""
LATENCY = (0.005, 0.04)
"""Seconds that a slow piece takes, at least and at most."""
SLOW_FOR = (0.5, 1.5)
REFUSES_FOR = (0.3, 1.2)


class Cut(StrEnum):
    """A way for a connection to go wrong."""

    RESET = "reset"
    SWALLOWED = "half-open"
    TORN = "cut in mid-packet"
    SLOW = "slow"
    REFUSED = "refused"


class Way:
    """One direction of a connection; what it was told to do holds until its end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.swallows = False
        self.tears = False
        self.slow = False
        self._reader = reader
        self._writer = writer

    async def carry(self, chance: Random) -> None:
        """Carry bytes until the source ends or this way tears."""
        while data := await self._reader.read(PIECE):
            if self.swallows:
                continue
            if self.tears and len(data) > 1:
                self._writer.write(data[: chance.randrange(1, len(data))])
                await self._writer.drain()
                return
            await self._send(data, chance)

    def reset(self) -> None:
        """Drop the target with an RST."""
        sock = self._writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._writer.transport.abort()

    async def _send(self, data: bytes, chance: Random) -> None:
        if self.slow:
            for byte in data[:SINGLE]:
                self._writer.write(bytes([byte]))
                await asyncio.sleep(0)
            await asyncio.sleep(chance.uniform(*LATENCY))
            data = data[SINGLE:]
        self._writer.write(data)
        await self._writer.drain()


class Proxy:
    """Carries connections to one broker, and cuts them; made by `proxied`."""

    def __init__(self, upstream: int, chance: Random) -> None:
        self.port = free_port()
        self.connections = 0
        self.cuts: Counter[Cut] = Counter()
        """How often each cut has struck at least one connection."""
        self._upstream = upstream
        self._chance = chance
        self._lines: dict[tuple[Way, Way], asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Take connections, on the same port each time."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def meet(self) -> None:
        """Return once somebody is connected: what strikes nobody is no cut."""
        async with asyncio.timeout(PATIENCE):
            while not self._lines:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)

    async def strike(self, cut: Cut) -> None:
        """Do one cut to every connection that stands; returns once new ones are sound again."""
        self.cuts[cut] += bool(self._lines)
        match cut:
            case Cut.RESET:
                self._reset()
            case Cut.SWALLOWED:
                self._swallow()
            case Cut.TORN:
                self._tear()
            case Cut.SLOW:
                await self._slow_down(self._chance.uniform(*SLOW_FOR))
            case Cut.REFUSED:
                await self._refuse(self._chance.uniform(*REFUSES_FOR))

    def deafen(self) -> None:
        """Let every connection that stands go on in name only towards the hub."""
        self.cuts[Cut.SWALLOWED] += bool(self._lines)
        for _, down in self._lines:
            down.swallows = True

    async def close(self) -> None:
        """End every connection, and listen no more."""
        self._hang_up()
        lines = list(self._lines.values())
        self._reset()
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    def _reset(self) -> None:
        for line in list(self._lines):
            for way in line:
                way.reset()

    def _swallow(self) -> None:
        """Let connections go on in name only: towards the hub, towards the broker, or both ways."""
        to_broker, to_hub = self._chance.choice(((True, True), (True, False), (False, True)))
        for up, down in self._lines:
            up.swallows, down.swallows = to_broker, to_hub

    def _tear(self) -> None:
        for line in self._lines:
            self._chance.choice(line).tears = True

    async def _slow_down(self, seconds: float) -> None:
        ways = [way for line in self._lines for way in line]
        for way in ways:
            way.slow = True
        await asyncio.sleep(seconds)
        for way in ways:
            way.slow = False

    async def _refuse(self, seconds: float) -> None:
        self._hang_up()
        self._reset()
        await asyncio.sleep(seconds)
        await self.listen()

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._upstream)
        except OSError:
            writer.transport.abort()
            return
        line = (Way(reader, far_writer), Way(far_reader, writer))
        task = self._lines[line] = asyncio.create_task(self._carry(line), name="proxy line")
        await asyncio.gather(task, return_exceptions=True)
        del self._lines[line]

    async def _carry(self, line: tuple[Way, Way]) -> None:
        """Carry both ways until one of them ends."""
        tasks = [asyncio.create_task(way.carry(self._chance), name="proxy way") for way in line]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for way in line:
                way.reset()


@contextlib.asynccontextmanager
async def proxied(upstream: int, chance: Random) -> AsyncIterator[Proxy]:
    """Stand between somebody and a broker while the block runs."""
    proxy = Proxy(upstream, chance)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.close()
