"""The one place where bells speak HTTP: guarded, without redirects, bounded in time and size."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import msgspec

from hub.bells.channel import Address, Answer, Reply, Request, Speak, later, refused
from hub.bells.message import Message
from hub.clock import Clock
from hub.errors import OutboundRefusedError

PATIENCE = 15.0
"""Real seconds that a request may take in all, however slowly somebody answers."""
BIGGEST = 65_536
"""Bytes of an answer that are read."""
MOST_REQUESTS = 4
"""Requests of one conversation; no vendor needs more."""


class PostChannel:
    """A channel over HTTP: holds the conversation that a kind has written."""

    def __init__(self, speak: Speak, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._speak = speak
        self._client = client
        self._clock = clock

    async def send(self, message: Message, address: Address) -> Answer:
        """Send it; every failure is an answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._converse(message, address)
        except OutboundRefusedError as error:
            return refused(str(error))
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            return refused(f"it is no address: {error}")
        except TimeoutError:
            return later(f"no answer within {PATIENCE:.0f} s")
        except (httpx2.HTTPError, OSError) as error:
            return later(str(error) or type(error).__name__)

    async def _converse(self, message: Message, address: Address) -> Answer:
        talk = self._speak(message, address, self._clock.now())
        try:
            request = next(talk)
            for _ in range(MOST_REQUESTS):
                request = talk.send(await self._ask(request))
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        return later("the vendor asked for too many steps")

    async def _ask(self, request: Request) -> Reply:
        made = self._client.build_request(
            request.method, request.url, content=request.body, headers=dict(request.headers)
        )
        answer = await self._client.send(made, stream=True)
        try:
            body = await _read(answer)
        finally:
            await answer.aclose()
        return Reply(
            status=answer.status_code,
            data=_object(body),
            retry_after=_wait(answer.headers.get("retry-after", ""), self._clock.now()),
        )


async def _read(answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > BIGGEST:
            break
    return bytes(body[:BIGGEST])


def _object(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found


def _wait(text: str, now: float) -> float:
    """Read Retry-After: seconds, or a date."""
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0
