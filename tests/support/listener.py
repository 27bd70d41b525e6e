"""Somebody outside who is told over HTTP: keeps what came, answers as he is told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from tests.support.patience import PATIENCE


class Heard(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Listener:
    """A small HTTP server; `answer` is its status line and headers, None keeps people waiting."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answer: str | None = "200 OK\r\ncontent-length: 2"
        self.port = 0
        self._came = asyncio.Event()
        self._guests: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, path: str) -> int:
        return sum(each.path == path for each in self.heard)

    async def until(self, count: int, path: str, patience: float = PATIENCE) -> Heard:
        """Return the last request for a path once there are so many."""
        async with asyncio.timeout(patience):
            while self.count(path) < count:
                self._came.clear()
                await self._came.wait()
        return [each for each in self.heard if each.path == path][-1]

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = asyncio.current_task()
        assert guest
        self._guests.add(guest)
        try:
            self.heard.append(await _read(reader))
            self._came.set()
            if self.answer is None:
                await asyncio.Event().wait()
            writer.write(f"HTTP/1.1 {self.answer}\r\n\r\nOK".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self._guests.discard(guest)
            writer.close()

    async def see_off(self) -> None:
        """End with whoever still waits for an answer."""
        guests = [*self._guests]
        for guest in guests:
            guest.cancel()
        await asyncio.gather(*guests, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Heard:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = lines[0].split(" ")
    pairs = (line.partition(": ") for line in lines[1:])
    headers = {name.lower(): text for name, _, text in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Heard(method, path, headers, json.loads(body) if body else None)


@contextlib.asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    """Serve on a free port while the block runs."""
    listener = Listener()
    server = await asyncio.start_server(listener.receive, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        await listener.see_off()
        await server.wait_closed()
