"""Meters behind a transparent converter: RS-485 by TCP or MQTT, one question at a time.

A converter passes bytes and knows no frames: who answers, and to what, is seen by the frame alone.
After a time-out the way sees to it that no late answer is taken for the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from device_drivers.links.line_meter import LineMeter
from device_drivers.links.line_tongue import WAKE_UP, Answer
from device_drivers.links.line_way import Way
from device_drivers.links.polling import IsPolled, NoAnswerError, PollingLink, always
from hub.clock import Clock
from hub.errors import ProtocolError
from hub.ports import Inbox, LinkWatch

MOST_NOISE = 4096
"""Bytes without an answer in them before a line counts as noise."""
MOST_FRAMES = 20
"""Frames that one answer may have."""
REFUSALS = 2
"""A refusal names no question, so a single one may be a late answer to another."""


class LineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a line may be asked; times in seconds. `gap` is its rest after each answer."""

    name: str
    period: float = 60.0
    gap: float = 0.05


class LineLink(PollingLink[LineMeter]):
    """Implements `hub.ports.Link` for one line."""

    def __init__(
        self,
        settings: LineSettings,
        way: Way,
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
            LineReader(settings, way, clock),
            inbox=inbox,
            watch=watch,
            clock=clock,
            is_polled=is_polled,
        )


class LineReader:
    """The way to one line, and how a meter is asked over it for all that it has."""

    def __init__(self, settings: LineSettings, way: Way, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._way = way

    async def open(self) -> None:
        """Open the way, or raise LinkError."""
        await self._way.open()

    def close(self) -> None:
        """End the way; what was asked is never answered on it."""
        self._way.close()

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
        await self._way.ready()
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(meter.patience.seconds):
                answer = await self._hear(meter, question)
        except OSError as error:  # TimeoutError is one, and so is a connection that was reset
            self._way.missed()
            meter.patience.missed()
            meter.tongue.missed()
            sentence = f"{self._settings.name}: meter {meter.address} does not answer"
            raise NoAnswerError(sentence) from error
        meter.patience.answered(asyncio.get_running_loop().time() - began)
        await asyncio.sleep(self._settings.gap)
        return answer

    async def _hear(self, meter: LineMeter, question: bytes) -> Answer:
        await self._way.send(WAKE_UP + question)
        heard = bytearray()
        while True:
            heard += await self._way.receive()
            answer = meter.tongue.hear(heard)
            if answer is not None:
                return answer
            if len(heard) > MOST_NOISE:
                self._way.missed()
                raise ProtocolError(f"{self._settings.name}: the line brings nothing but noise")
