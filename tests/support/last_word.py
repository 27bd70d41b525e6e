"""All that a broker has for somebody, up to a word that is said last: no quiet is waited for."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable

import aiomqtt

from tests.support.patience import PATIENCE

AGAIN_AFTER = 0.2
"""Seconds; a broker drops the word while its queue for the listener is full."""
MARK = b"the last word "


async def hear_out(
    listener: aiomqtt.Client, say: Callable[[bytes], Awaitable[None]]
) -> list[aiomqtt.Message]:
    """Return what comes before the word that `say` is given: a broker keeps the order."""
    word = MARK + secrets.token_hex(4).encode()
    over = asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(_repeat(say, word, over), name="last word")
        found = await _until(listener, word)
        over.set()
    return found


async def _until(listener: aiomqtt.Client, word: bytes) -> list[aiomqtt.Message]:
    found = []
    async for message in listener.messages:
        if message.payload == word:
            break
        if not bytes(message.payload).startswith(MARK):
            found.append(message)
    return found


async def _repeat(
    say: Callable[[bytes], Awaitable[None]], word: bytes, over: asyncio.Event
) -> None:
    while not over.is_set():
        await say(word)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), AGAIN_AFTER)


def speaks(client: aiomqtt.Client, topic: str) -> Callable[[bytes], Awaitable[None]]:
    """Return what says a word on a topic."""

    async def say(word: bytes) -> None:
        await client.publish(topic, word, qos=1)

    return say
