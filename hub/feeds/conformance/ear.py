"""A small server that takes pushes for the kit: keeps what comes, and refuses the first."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec

BIGGEST = 1 << 20
PATIENCE = 10.0


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came, when (epoch seconds of the kit's machine), and the answer to it."""

    headers: dict[str, str]
    body: bytes
    at: float
    status: int


class Ear:
    """Takes pushes on a port; the first `refuse` of them are answered 500."""

    def __init__(self, clock: Any, refuse: int = 0) -> None:  # noqa: ANN401 - anything with now()
        self.heard: list[Push] = []
        self.news = asyncio.Event()
        self.port = 0
        self._clock = clock
        self._refuse = refuse

    @contextlib.asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[None]:
        """Listen on every address of this machine while the block runs."""
        server = await asyncio.start_server(self._take, None, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            await server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            return  # whoever breaks off will come again
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        headers = {name.strip().lower(): text.strip() for name, _, text in pairs}
        length = min(int(headers.get("content-length", "0")), BIGGEST)
        body = await reader.readexactly(length)
        status = 500 if len(self.heard) < self._refuse else 204
        push = Push(headers=headers, body=body, at=self._clock.now(), status=status)
        self.heard.append(push)
        self.news.set()
        head = f"HTTP/1.1 {status} said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
