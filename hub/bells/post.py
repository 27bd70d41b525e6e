"""Where bells speak HTTP: holds the conversations that a kind has written."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import httpx2
import structlog

from hub.bells.channel import Address, Ask, Speak
from hub.bells.message import Message
from hub.bells.receipt import News, Outcome, Receipt
from hub.clock import Clock
from hub.courier.answer import Answer, Reply, Request, Verdict
from hub.courier.post import ask, attempt

log = structlog.get_logger(__name__)

T = TypeVar("T")
MOST_REQUESTS = 4
"""Requests of one conversation; no vendor needs more."""


class Post:
    """Holds conversations over HTTP."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._client = client
        self.clock = clock

    async def converse(self, talk: Generator[Request, Reply, T]) -> T:
        """Have a talk out; raises what asking over HTTP raises."""
        try:
            request = next(talk)
            for _ in range(MOST_REQUESTS):
                request = talk.send(await ask(self._client, self.clock, request))
        except StopIteration as end:
            found: T = end.value
            return found
        raise httpx2.HTTPError("the vendor asked for too many steps")


class PostChannel:
    """A channel over HTTP: holds the conversation that a kind has written."""

    def __init__(self, speak: Speak, post: Post) -> None:
        self._speak = speak
        self._post = post

    async def send(self, message: Message, address: Address) -> Answer:
        """Send it; every failure is an answer."""
        now = self._post.clock.now()
        return await attempt(lambda: self._post.converse(self._speak(message, address, now)))


class PostWitness:
    """Asks a vendor over HTTP what became of a message."""

    def __init__(self, ask: Ask, post: Post) -> None:
        self._ask = ask
        self._post = post

    async def ask(self, receipt: Receipt, address: Address) -> News:
        """Ask; every failure is no news."""
        news = [News(id=receipt.id, outcome=Outcome.AWAITED)]

        async def converse() -> Answer:
            news.append(await self._post.converse(self._ask(receipt, address)))
            return HEARD

        answer = await attempt(converse)
        if answer is not HEARD:
            log.info("a vendor does not say what became of a message", why=answer.why)
        return news[-1]


HEARD = Answer(verdict=Verdict.DELIVERED)
