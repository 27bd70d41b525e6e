"""A DTU in transparent mode: what comes on one topic goes onto a line of meters, and back.

It writes bytes as they are, or as hexadecimal digits with spaces, as several makers do; an answer
that is longer than a pause on the line comes in two messages.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiomqtt

from simulators.converter import Converter, find_question
from simulators.line import BrokerAddress

KEEPALIVE = 10


class Dtu:
    """One DTU; `hexadecimal` is how it writes, `halves` whether answers come in two messages."""

    def __init__(
        self,
        line: Converter,
        *,
        down: str,
        up: str,
        hexadecimal: bool = False,
        halves: bool = False,
    ) -> None:
        self._line = line
        self._down, self._up = down, up
        self._hexadecimal, self._halves = hexadecimal, halves
        self.asked = 0
        """Messages that came for the line."""

    @contextlib.asynccontextmanager
    async def serving(self, broker: BrokerAddress, name: str = "dtu-1") -> AsyncIterator[None]:
        """Be at the broker while the block runs."""
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username or None,
            password=broker.password or None,
            identifier=name,
            protocol=aiomqtt.ProtocolVersion.V311,
            keepalive=KEEPALIVE,
        )
        async with client:
            await client.subscribe(self._down, qos=1)
            task = asyncio.create_task(self._pass_on(client))
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _pass_on(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self.asked += 1
            payload = bytes(message.payload) if isinstance(message.payload, bytes) else b""
            said = bytes.fromhex(payload.decode()) if self._hexadecimal else payload
            question = find_question(said)
            for answer in self._line.say(question) if question else ():
                for part in self._parts(answer or b""):
                    await client.publish(self._up, self._write(part), qos=0)

    def _parts(self, answer: bytes) -> list[bytes]:
        middle = len(answer) // 2
        parts = [answer[:middle], answer[middle:]] if self._halves else [answer]
        return [part for part in parts if part]

    def _write(self, part: bytes) -> bytes:
        return part.hex(" ").upper().encode() if self._hexadecimal else part
