"""Meters behind a transparent converter: RS-485 over TCP, one question on the line at a time.

A converter passes bytes and knows no frames: who answers, and to what, is seen by the frame alone.
After a time-out the connection is closed, so that no late answer is taken for the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from device_drivers.links.line_meter import LineMeter
from device_drivers.links.line_tongue import WAKE_UP, Answer
from device_drivers.links.polling import IsPolled, NoAnswerError, PollingLink, always
from hub.clock import Clock
from hub.errors import LinkError, ProtocolError
from hub.ports import Inbox, LinkWatch

CHUNK = 4096
MOST_NOISE = 4096
"""Bytes without an answer in them before a line counts as noise."""
MOST_FRAMES = 20
"""Frames that one answer may have."""
REFUSALS = 2
"""A refusal names no question, so a single one may be a late answer to another."""


class LineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One converter: where it is and how fast its line may be asked; times in seconds.

    `timeout` is the longest wait for an answer, `connect_timeout` that for the connection, `gap`
    the rest of the line after each answer.
    """

    name: str
    host: str
    port: int
    period: float = 60.0
    timeout: float = 1.5
    connect_timeout: float = 4.0
    gap: float = 0.05


class LineLink(PollingLink[LineMeter]):
    """Implements `hub.ports.Link` for one line."""

    def __init__(
        self,
        settings: LineSettings,
        meters: Sequence[LineMeter],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
        is_polled: IsPolled = always,
    ) -> None:
        super().__init__(
            settings.name,
            settings.period,
            meters,
            LineReader(settings, clock),
            inbox=inbox,
            watch=watch,
            clock=clock,
            is_polled=is_polled,
        )


class LineReader:
    """The connection to one converter, and how a meter is asked over it for all that it has."""

    def __init__(self, settings: LineSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        """Connect, or raise LinkError."""
        host, port = self._settings.host, self._settings.port
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                self._streams = await asyncio.open_connection(host, port)
        except OSError as error:  # TimeoutError is one
            raise LinkError(
                f"{self._settings.name}: no connection to {host} port {port}; "
                "check the converter's power and network"
            ) from error

    def close(self) -> None:
        """Drop the connection; what was asked is never answered on it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def read(self, meter: LineMeter) -> bytes:
        """Return what went over the line: each question and the frames of its answer."""
        transcript = bytearray()
        asked: set[str] = set()
        while left := [di for di in meter.wanted(self._clock.now()) if di not in asked]:
            asked.add(left[0])
            transcript += await self._ask(meter, left[0])
        return bytes(transcript)

    async def _ask(self, meter: LineMeter, di: str) -> bytes:
        transcript = b""
        refused = 0
        for number in range(MOST_FRAMES):
            question = meter.tongue.ask(di, number - refused)
            answer = await self._exchange(meter, question)
            transcript += question + answer.raw
            if answer.missing:
                refused += 1
                if refused < REFUSALS:
                    continue
                meter.learn_missing(di, self._clock.now())
            if not answer.goes_on:
                break
        return transcript

    async def _exchange(self, meter: LineMeter, question: bytes) -> Answer:
        if self._streams is None:
            await self.open()
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(meter.patience.seconds):
                answer = await self._hear(meter, question)
        except OSError as error:  # TimeoutError is one, and so is a connection that was reset
            self.close()
            meter.patience.missed()
            meter.tongue.missed()
            sentence = f"{self._settings.name}: meter {meter.address} does not answer"
            raise NoAnswerError(sentence) from error
        meter.patience.answered(asyncio.get_running_loop().time() - began)
        await asyncio.sleep(self._settings.gap)
        return answer

    async def _hear(self, meter: LineMeter, question: bytes) -> Answer:
        if self._streams is None:
            raise LinkError(f"{self._settings.name}: not connected")
        reader, writer = self._streams
        writer.write(WAKE_UP + question)
        await writer.drain()
        heard = bytearray()
        while True:
            part = await reader.read(CHUNK)
            if not part:
                raise ConnectionResetError
            heard += part
            answer = meter.tongue.hear(heard)
            if answer is not None:
                return answer
            if len(heard) > MOST_NOISE:
                self.close()
                raise ProtocolError(f"{self._settings.name}: the line brings nothing but noise")
