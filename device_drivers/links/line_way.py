"""The ways to a line: what is said goes to every meter on it, what is heard comes from any."""

from __future__ import annotations

import asyncio
from typing import Protocol

from hub.errors import LinkError

CHUNK = 4096


class Way(Protocol):
    """A way by which bytes come to a line and back, whole or in pieces."""

    async def open(self) -> None:
        """Make it passable, or raise LinkError."""
        ...

    def close(self) -> None:
        """End it; what was asked is never answered on it."""
        ...

    def missed(self) -> None:
        """Learn that nobody answered: what comes late must not be taken for the next answer."""
        ...

    async def ready(self) -> None:
        """Return when a question may be asked; LinkError where the way cannot be made again."""
        ...

    async def send(self, data: bytes) -> None:
        """Say something on the line; LinkError where the way is lost, OSError for a reset."""
        ...

    async def receive(self) -> bytes:
        """Return what was heard next; LinkError where the way is lost, OSError for a reset."""
        ...


class TcpWay:
    """A converter in TCP server mode; a connection that missed an answer is closed.

    `connect_timeout` is the longest wait for a connection, in seconds.
    """

    def __init__(self, name: str, host: str, port: int, connect_timeout: float = 4.0) -> None:
        self._name = name
        self._host = host
        self._port = port
        self._connect_timeout = connect_timeout
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        """Connect, or raise LinkError."""
        try:
            async with asyncio.timeout(self._connect_timeout):
                self._streams = await asyncio.open_connection(self._host, self._port)
        except OSError as error:  # TimeoutError is one
            raise LinkError(
                f"{self._name}: no connection to {self._host} port {self._port}; "
                "check the converter's power and network"
            ) from error

    def close(self) -> None:
        """Drop the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def missed(self) -> None:
        """Drop the connection: on the next one nothing comes late."""
        self.close()

    async def ready(self) -> None:
        """Connect anew where the last connection was dropped."""
        if self._streams is None:
            await self.open()

    async def send(self, data: bytes) -> None:
        """Write; ConnectionResetError where the connection was dropped."""
        if self._streams is None:
            raise ConnectionResetError
        writer = self._streams[1]
        writer.write(data)
        await writer.drain()

    async def receive(self) -> bytes:
        """Read what has come; ConnectionResetError at the end."""
        if self._streams is None:
            raise ConnectionResetError
        part = await self._streams[0].read(CHUNK)
        if not part:
            raise ConnectionResetError
        return part
