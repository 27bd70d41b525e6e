"""A line behind a DTU: a modem that passes an RS-485 line's bytes by two topics of a broker.

What is published on `down` goes onto the line, what the line says comes on `up`: bytes as they
are, or their hexadecimal digits (spaces between them do no harm), one message for each pause on the
line. DTU makers call it transparent mode. There is no connection to close, so after a missed
answer the line rests for as long as an answer may take, and what came meanwhile is dropped.

The broker tells a DTU that is not there from a meter that is silent: with MQTT 5 it answers a
publish on a topic that nobody has subscribed to with reason 0x10. Then the link is lost, and no
meter is blamed. A broker of 3.1.1, or a DTU with a lasting session, does not tell.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal

import msgspec

from device_drivers.links.line_tongue import WAKE_UP
from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_dialler import FAILURE, Dialler
from device_drivers.links.mqtt_ear import Answer, Terms
from hub.errors import LinkError

NO_MATCHING_SUBSCRIBERS = 0x10
EXPIRY = 10
"""Seconds after which a broker throws a question away: nobody waits for its answer any more."""
MOST_WAITING = 64
"""Messages of a line that wait to be looked at; what comes beyond is noise."""

Payload = Literal["raw", "hex"]


class DtuSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One DTU: its topics, and how it writes bytes; `settle` is the rest after a missed answer (s).

    The topics are as seen from the hub: it publishes on `down`, and hears `up`.
    """

    name: str
    down: str
    up: str
    payload: Payload = "raw"
    settle: float = 3.0


class _Mailbox:
    """Takes the messages of the connection, up to a bound."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        self.taken: list[int] = []

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        """Take what the DTU has published; what was retained answers nobody."""
        del topic
        if packet_id:
            self.taken.append(packet_id)
        if not retained:
            with contextlib.suppress(asyncio.QueueFull):
                self.heard.put_nowait(payload)
        return True

    async def room(self) -> None:
        """Return at once: there is always room, for what is too much is dropped."""


class DtuWay:
    """Implements `device_drivers.links.line_way.Way` over a connection of its own to the broker."""

    def __init__(self, settings: DtuSettings, dialler: Dialler) -> None:
        self._settings = settings
        self._dialler = dialler
        self._box = _Mailbox()
        self._news = asyncio.Event()
        self._connection: Connection | None = None
        self._pump: asyncio.Task[None] | None = None
        self._quiet_until = 0.0

    async def open(self) -> None:
        """Subscribe, and find out whether the DTU is there; LinkError where it is not."""
        settings = self._settings
        community = self._dialler.settings.community
        terms = Terms(client_id=f"{community}-dtu-{settings.name}", lasting=False)
        connection = self._dialler.connect(terms, self._box)
        try:
            await self._dialler.open(connection)
            granted = await connection.subscribe([settings.up])
            self._check(granted, settings.up)
        except BaseException:
            await connection.close(politely=False)
            raise
        self._connection = connection
        self._pump = asyncio.create_task(self._turn(connection))
        self._pump.add_done_callback(_note_end)
        await self._publish(WAKE_UP)  # meters pass over it

    def close(self) -> None:
        """End the connection; the pump closes it."""
        if self._pump is not None:
            self._pump.cancel()
        self._pump = self._connection = None

    def missed(self) -> None:
        """Let the line rest, so that a late answer is heard before the next question."""
        self._quiet_until = asyncio.get_running_loop().time() + self._settings.settle

    async def ready(self) -> None:
        """Return once the line has rested after a missed answer; what came meanwhile is dropped."""
        rest = self._quiet_until - asyncio.get_running_loop().time()
        if rest > 0:
            await asyncio.sleep(rest)
        while not self._box.heard.empty():
            self._box.heard.get_nowait()

    async def send(self, data: bytes) -> None:
        """Publish for the line; LinkError where nobody passes it on."""
        await self._publish(data)

    async def receive(self) -> bytes:
        """Return what the line said next; LinkError where the broker has gone."""
        while True:
            with contextlib.suppress(asyncio.QueueEmpty):
                return self._read(self._box.heard.get_nowait())
            await self._wait()

    async def _publish(self, data: bytes) -> None:
        connection = self._connection
        if connection is None:
            raise LinkError(f"{self._settings.name}: not connected to the broker")
        payload = data if self._settings.payload == "raw" else data.hex().upper().encode()
        packet_id = connection.publish(self._settings.down, payload, expiry=EXPIRY)
        while (answer := connection.published(packet_id)) is None:
            await self._wait()
        connection.forget(packet_id)
        if answer.codes[0] == NO_MATCHING_SUBSCRIBERS:
            raise LinkError(
                f"{self._settings.name}: the DTU is not at the broker: nobody has subscribed to"
                f" {self._settings.down}; check its power, its SIM card and its topics"
            )
        self._check(answer, self._settings.down)

    def _check(self, answer: Answer, topic: str) -> None:
        if answer.codes[0] >= FAILURE:
            raise LinkError(
                f"{self._settings.name}: the broker refused {topic} ({answer.words});"
                " check its access list"
            )

    async def _wait(self) -> None:
        """Return when there may be news; LinkError once the connection has ended."""
        pump = self._pump
        if pump is None:
            raise LinkError(f"{self._settings.name}: not connected to the broker")
        if pump.done():
            pump.result()
        self._news.clear()
        await self._news.wait()

    async def _turn(self, connection: Connection) -> None:
        try:
            while True:
                await connection.turn()
                if self._box.taken:
                    connection.acknowledge(self._box.taken)
                    self._box.taken = []
                self._news.set()
        finally:
            self._news.set()
            await connection.close(politely=False)

    def _read(self, payload: bytes) -> bytes:
        """Return the bytes of a message; hexadecimal that is none is noise as it stands."""
        if self._settings.payload == "raw":
            return payload
        try:
            return bytes.fromhex(payload.decode("ascii"))
        except ValueError:
            return payload


def _note_end(pump: asyncio.Task[None]) -> None:
    """Look at why it has ended, for nobody may ask any more."""
    if not pump.cancelled():
        pump.exception()
