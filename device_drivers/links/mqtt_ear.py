"""What is heard on one connection to a broker, whichever library speaks: answers, messages, end."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec

from device_drivers.links.mqtt_settings import MqttSettings
from hub.errors import LinkError, TakenOverError

FOREVER = 0xFFFFFFFF
"""The session expiry of a lasting session."""
TAKEN_OVER = 0x8E
WELCOME = ("connect", 0)
"""The key of the broker's answer to CONNECT."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How to connect: a lasting session with a window, or one that dies with its connection.

    `will` is a topic and what the broker says there, retained, when the connection breaks.
    """

    client_id: str
    lasting: bool
    window: int = 20
    will: tuple[str, bytes] | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker said to CONNECT, SUBSCRIBE or PUBLISH: its reason codes, as numbers.

    `keepalive`: the seconds that it asks for, 0 where it leaves that to the client.
    """

    codes: tuple[int, ...]
    words: str = ""
    session_present: bool = False
    keepalive: int = 0


class Consumer(Protocol):
    """Who takes the messages of a connection."""

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        """Take a message; False asks to stop reading until there is room.

        `packet_id` is 0 where nothing is acknowledged (QoS 0).
        """
        ...

    async def room(self) -> None:
        """Return when there is room again."""
        ...


class Ear:
    """Notes what is heard on one connection.

    `stopped` says that the consumer has no room, `awake` is set when there may be news; `end` is
    the first reason for which the connection has ended.
    """

    def __init__(self, settings: MqttSettings, terms: Terms, consumer: Consumer) -> None:
        self.settings = settings
        self.terms = terms
        self.received = 0
        self.answers: dict[tuple[str, int], Answer] = {}
        self.end: LinkError | None = None
        self.stopped = False
        self.awake = asyncio.Event()
        self._consumer = consumer

    def hear(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> None:
        """Pass a message on."""
        self.received += 1
        self.stopped = not self._consumer.receive(topic, payload, packet_id, retained=retained)

    def lose(self, words: str, code: int = 0) -> None:
        """Note the end, with the reason in the library's `words` and the broker's `code`."""
        if self.end is None:
            self.end = self._name_end(words, code)
        self.awake.set()

    async def news(self, limit: float) -> None:
        """Return when there may be news, at the latest after `limit` seconds."""
        timer = asyncio.get_running_loop().call_later(limit, self.awake.set)
        try:
            await self.awake.wait()
        finally:
            timer.cancel()
            self.awake.clear()

    async def room(self) -> None:
        """Return when the consumer has room again."""
        await self._consumer.room()

    def _name_end(self, words: str, code: int) -> LinkError:
        broker = self.settings.broker
        if code == TAKEN_OVER:
            return TakenOverError(
                f"another hub has taken over the session {self.terms.client_id} at {broker}; "
                "stop one of the two"
            )
        return LinkError(
            f"the connection to the broker at {broker} was lost ({words}); "
            "check the broker and the network"
        )
