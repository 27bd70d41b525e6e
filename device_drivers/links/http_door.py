"""A small HTTP server for devices: bounded in bytes, in time and in callers, and nothing else.

It knows requests with a length, in chunks and with `Expect: 100-continue`, and keeps connections
open. Devices speak no more than that; a page for people is elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

from device_drivers.links.callers import Callers

LONGEST_HEAD = 8192
LONGEST_BODY = 4 * 1024 * 1024
"""Bytes; a camera sends two pictures with a plate unless that is switched off."""
SMALL = 64 * 1024
"""Bytes of a body that is read whatever else is read; of larger ones `LARGE_AT_ONCE`."""
LARGE_AT_ONCE = 4
MOST_CALLERS = 256
HEAD_SECONDS, BODY_SECONDS, IDLE_SECONDS = 10.0, 20.0, 75.0
_LINE = re.compile(r"([A-Z]{1,10}) (/\S{0,1000}) HTTP/1\.[01]")
_REASONS = {200: "OK", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
            400: "Bad Request", 411: "Length Required", 413: "Content Too Large",
            503: "Service Unavailable"}  # fmt: skip


class Call(NamedTuple):
    """One request of a device."""

    method: str
    path: str
    body: bytes
    peer: str


class Reply(NamedTuple):
    """What it is answered."""

    status: int
    body: bytes = b""


class _RefusalError(Exception):
    """A request that is answered by its status alone, and ends the connection."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class HttpDoor:
    """Passes requests to `answer`, one after another on each connection."""

    def __init__(self, answer: Callable[[Call], Awaitable[Reply]]) -> None:
        self._answer = answer
        self._callers = Callers(self._converse, most=MOST_CALLERS, what="a device's call")
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    @contextlib.asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen while the block runs, and yield the port; OSError where it is taken."""
        async with self._callers.heard(host, port, limit=LONGEST_HEAD) as server:
            yield server.sockets[0].getsockname()[1]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._take(reader, writer):
                pass
        except _RefusalError as refusal:
            writer.write(_write(Reply(refusal.status), keeps=False))
        except (OSError, EOFError, asyncio.LimitOverrunError):
            # It went away, was too slow, or has sent a head without an end.
            pass
        finally:
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False where the connection is to be closed."""
        async with asyncio.timeout(IDLE_SECONDS):
            first = await reader.readexactly(1)
        async with asyncio.timeout(HEAD_SECONDS):
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, _, rest = head.partition("\r\n")
        found = _LINE.fullmatch(line)
        if found is None:
            raise _RefusalError(400)
        fields = _fields(rest)
        if "100-continue" in fields.get("expect", "").lower():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async with asyncio.timeout(BODY_SECONDS):
            body = await self._read_body(reader, fields)
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        reply = await self._answer(Call(found[1], found[2].partition("?")[0], body, peer))
        keeps = fields.get("connection", "").lower() != "close" and line.endswith("1.1")
        writer.write(_write(reply, keeps=keeps))
        async with asyncio.timeout(BODY_SECONDS):
            await writer.drain()
        return keeps

    async def _read_body(self, reader: asyncio.StreamReader, fields: Mapping[str, str]) -> bytes:
        if "chunked" in fields.get("transfer-encoding", "").lower():
            async with self._large:
                return await _read_chunks(reader)
        length = fields.get("content-length", "0")
        if not re.fullmatch("[0-9]{1,12}", length):
            raise _RefusalError(411)
        if int(length) > LONGEST_BODY:
            raise _RefusalError(413)
        if int(length) <= SMALL:
            return await reader.readexactly(int(length))
        async with self._large:
            return await reader.readexactly(int(length))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        line = (await reader.readuntil(b"\r\n")).partition(b";")[0].strip()
        if not re.fullmatch(b"[0-9A-Fa-f]{1,8}", line):
            raise _RefusalError(400)
        size = int(line, 16)
        if len(body) + size > LONGEST_BODY:
            raise _RefusalError(413)
        body += (await reader.readexactly(size + 2))[:size]
        if size == 0:
            return bytes(body)


def _fields(head: str) -> dict[str, str]:
    pairs = [line.partition(":") for line in head.split("\r\n") if ":" in line]
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _write(reply: Reply, *, keeps: bool) -> bytes:
    head = (
        f"HTTP/1.1 {reply.status} {_REASONS[reply.status]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(reply.body)}\r\n"
        f"Connection: {'keep-alive' if keeps else 'close'}\r\n\r\n"
    )
    return head.encode() + reply.body
