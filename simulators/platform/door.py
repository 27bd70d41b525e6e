"""The platform's door: takes signed pushes, and misbehaves on command as real doors do.

Written from the page of Standard Webhooks, and not from the hub's code: a signature that both got
wrong in the same way would otherwise go through.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

from hub.clock import Clock
from simulators.platform.mischief import DOOR, Mischief, Wrong

FRESH = 300.0
"""Seconds that a message may be off: what is older may be somebody's recording."""
BIGGEST = 1 << 20
HEAD_PATIENCE, SLOW = 10.0, 20.0
"""Seconds in which a request has to come; and how long the slow door thinks."""
_WORDS = {
    204: "No Content",
    301: "Moved Permanently",
    400: "Bad Request",
    401: "Unauthorized",
    413: "Content Too Large",
    500: "Internal Server Error",
}


class Push(NamedTuple):
    """One request as it came."""

    headers: dict[str, str]
    body: bytes


class Door:
    """A server for pushes; `take` keeps an item and says whether it was new."""

    def __init__(
        self,
        secret: Callable[[], str],
        take: Callable[[dict[str, Any]], bool],
        mischief: Mischief,
        clock: Clock,
    ) -> None:
        self.port = 0
        self.counts: Counter[str] = Counter()
        self.refused: deque[str] = deque(maxlen=1000)
        self._secret = secret
        self._take = take
        self._mischief = mischief
        self._clock = clock
        self._guests: set[asyncio.Task[Any]] = set()

    @contextlib.asynccontextmanager
    async def open(self, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[None]:
        """Take pushes while the block runs; port 0 picks a free one."""
        server = await asyncio.start_server(self._receive, host, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for guest in (guests := [*self._guests]):
                guest.cancel()
            await asyncio.gather(*guests, return_exceptions=True)
            await server.wait_closed()

    def judge(self, push: Push) -> int:
        """Return the status that a push deserves, and keep its item where it is genuine."""
        why = why_refused(self._secret(), push, self._clock.now())
        if why:
            self.refused.append(why)
            return 401
        try:
            fresh = self._take(json.loads(push.body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.refused.append(f"it is no item of the feed: {error!r}")
            return 400
        self.counts["new" if fresh else "known"] += 1
        return 204

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = asyncio.current_task()
        assert guest  # noqa: S101 - a callback of a server is a task
        self._guests.add(guest)
        try:
            async with asyncio.timeout(HEAD_PATIENCE):
                push = await _read(reader)
            writer.write(await self._answer(push))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            self.counts["broken off"] += 1
        finally:
            self._guests.discard(guest)
            writer.close()

    async def _answer(self, push: Push | None) -> bytes:
        if push is None:
            return _spell(413)
        wrong = self._mischief.strikes(*[name for name in Wrong if name in DOOR])
        if wrong is Wrong.SLOW:
            await asyncio.sleep(SLOW)
        if wrong in {None, Wrong.SLOW}:
            return _spell(self.judge(push))
        elsewhere = {"location": f"http://127.0.0.1:{self.port}/elsewhere"}
        return {
            Wrong.ERROR: _spell(500),
            Wrong.MOVED: _spell(301, elsewhere),
            Wrong.GARBAGE: b"\x00\xff\xfe 200 jolly good\r\n\r\n",
        }.get(wrong, b"")


def why_refused(secret: str, push: Push, now: float) -> str:
    """Say why a push is not genuine; empty where it is."""
    head = push.headers
    number, stamp = head.get("webhook-id", ""), head.get("webhook-timestamp", "")
    if not (number and stamp.isascii() and stamp.isdecimal()):
        return "it has no webhook-id and webhook-timestamp"
    if abs(now - int(stamp[:12])) > FRESH:
        return f"its time is {now - int(stamp[:12]):.0f} s off"
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return "our own secret is broken"
    signed = f"{number}.{stamp}.".encode() + push.body
    due = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = head.get("webhook-signature", "").split(" ")
    if not key or not any(hmac.compare_digest(due.encode(), each.encode()) for each in given):
        return "its signature is not ours"
    return ""


async def _read(reader: asyncio.StreamReader) -> Push | None:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.strip().lower(): text.strip() for name, _, text in pairs}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= BIGGEST:
        return None
    return Push(headers, await reader.readexactly(length))


def _spell(status: int, headers: Mapping[str, str] = {}) -> bytes:
    lines = [f"HTTP/1.1 {status} {_WORDS[status]}", "content-length: 0", "connection: close"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
