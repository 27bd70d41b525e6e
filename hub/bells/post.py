"""The one place where bells speak HTTP: guarded, without redirects, bounded in time and size."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2
import msgspec
import structlog

from hub.bells.channel import Address, Answer, Ask, Reply, Request, Speak, later, refused
from hub.bells.message import Message
from hub.bells.receipt import News, Outcome, Receipt
from hub.clock import Clock
from hub.errors import OutboundRefusedError

log = structlog.get_logger(__name__)

T = TypeVar("T")
PATIENCE = 15.0
"""Real seconds that a request may take in all, however slowly somebody answers."""
BIGGEST = 65_536
"""Bytes of an answer that are read."""
MOST_REQUESTS = 4
"""Requests of one conversation; no vendor needs more."""


class Post:
    """Holds conversations over HTTP."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._client = client
        self.clock = clock

    async def converse(self, talk: Generator[Request, Reply, T]) -> T:
        """Have a talk out; raises what asking over HTTP raises, TimeoutError among it."""
        async with asyncio.timeout(PATIENCE):
            try:
                request = next(talk)
                for _ in range(MOST_REQUESTS):
                    request = talk.send(await self._ask(request))
            except StopIteration as end:
                found: T = end.value
                return found
        raise httpx2.HTTPError("the vendor asked for too many steps")

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
            retry_after=_wait(answer.headers.get("retry-after", ""), self.clock.now()),
        )


class PostChannel:
    """A channel over HTTP: holds the conversation that a kind has written."""

    def __init__(self, speak: Speak, post: Post) -> None:
        self._speak = speak
        self._post = post

    async def send(self, message: Message, address: Address) -> Answer:
        """Send it; every failure is an answer."""
        try:
            return await self._post.converse(self._speak(message, address, self._post.clock.now()))
        except OutboundRefusedError as error:
            return refused(str(error))
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            return refused(f"it is no address: {error}")
        except TimeoutError:
            return later(f"no answer within {PATIENCE:.0f} s")
        except (httpx2.HTTPError, OSError) as error:
            return later(str(error) or type(error).__name__)


class PostWitness:
    """Asks a vendor over HTTP what became of a message."""

    def __init__(self, ask: Ask, post: Post) -> None:
        self._ask = ask
        self._post = post

    async def ask(self, receipt: Receipt, address: Address) -> News:
        """Ask; every failure is no news."""
        try:
            return await self._post.converse(self._ask(receipt, address))
        except (OutboundRefusedError, httpx2.InvalidURL, httpx2.HTTPError, OSError) as error:
            log.info("a vendor does not say what became of a message", why=str(error))
        return News(id=receipt.id, outcome=Outcome.AWAITED)


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
