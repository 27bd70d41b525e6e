"""A Modbus gateway with its slaves, answering TCP or RTU frames; its slaves can fall silent.

A library's server always answers. Real buses also do not, or answer "gateway target device
failed to respond" (exception 11) in a slave's place: both are faults to be simulated.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from simulators.meter import Quantities
from simulators.register_map import RegisterMap, Words

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, NO_ANSWER = 1, 2, 3, 11
MOST_WORDS = 125
RTU_REQUEST = 8
"""Bytes of a read request on the line: unit, function, start, count, checksum."""


class Hearing(StrEnum):
    """Whether a slave answers; `reported` when its gateway says so in its place."""

    ANSWERS = "answers"
    SILENT = "silent"
    REPORTED = "reported"


class Framing(StrEnum):
    """How frames lie in the stream; the words of the configuration."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu_over_tcp"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request to read; `tag` is TCP's transaction number. To write, `count` is the value."""

    unit: int
    function: int
    start: int
    count: int
    tag: int = 0


class Unit(Protocol):
    """Whoever has a number on the bus."""

    def answer(self, request: Request, now: float) -> bytes | None:
        """Return the reply from its function code on, or None for silence."""
        ...


class Measured(Protocol):
    """What a slave shows: a pure function of the time."""

    def read(self, now: float) -> Quantities:
        """Return what it measures at an instant."""
        ...


class Slave:
    """A meter on the bus; `frozen_at` is the instant whose values it repeats for ever."""

    def __init__(self, meter: Measured, registers: RegisterMap) -> None:
        self._meter = meter
        self._registers = registers
        self.hearing = Hearing.ANSWERS
        self.frozen_at: float | None = None

    def answer(self, request: Request, now: float) -> bytes | None:
        """Return the reply from its function code on, or None for silence."""
        if self.hearing is Hearing.SILENT:
            return None
        words = self._words(request, now)
        if isinstance(words, int):
            return bytes((request.function | 0x80, words))
        return struct.pack(f">BB{len(words)}H", request.function, 2 * len(words), *words)

    def _words(self, request: Request, now: float) -> Words | int:
        """Return the registers, or the number of the exception."""
        if self.hearing is Hearing.REPORTED:
            return NO_ANSWER
        if request.function != self._registers.function:
            return ILLEGAL_FUNCTION
        if not 1 <= request.count <= MOST_WORDS:
            return ILLEGAL_VALUE
        at = now if self.frozen_at is None else self.frozen_at
        words = self._registers.words(request.start, request.count, self._meter.read(at))
        return ILLEGAL_ADDRESS if words is None else words


class Bus:
    """One gateway: a port, a framing, and slaves by unit id; `latency` (s) is the line's own."""

    def __init__(
        self,
        slaves: Mapping[int, Unit],
        framing: Framing,
        clock: Callable[[], float],
        latency: float = 0.0,
    ) -> None:
        self._slaves = slaves
        self._framing = framing
        self._clock = clock
        self._latency = latency

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen; the caller closes the server. Raises OSError when the port is taken."""
        return await asyncio.start_server(self._converse, host, port)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        read, write = FRAMES[self._framing]
        try:
            while request := await read(reader):
                reply = self._reply(request)
                if self._latency:
                    await asyncio.sleep(self._latency)
                if reply is not None:
                    writer.write(write(request, reply))
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _reply(self, request: Request) -> bytes | None:
        slave = self._slaves.get(request.unit)
        if slave is not None:
            return slave.answer(request, self._clock())
        if self._framing is Framing.TCP:
            return bytes((request.function | 0x80, NO_ANSWER))
        return None


async def _read_tcp(reader: asyncio.StreamReader) -> Request | None:
    """Read a request behind an MBAP header; None when it is none and the line is to be closed."""
    tag, protocol, length = struct.unpack(">HHH", await reader.readexactly(6))
    if protocol or length != 6:
        return None
    unit, function, start, count = struct.unpack(">BBHH", await reader.readexactly(6))
    return Request(unit=unit, function=function, start=start, count=count, tag=tag)


def _write_tcp(request: Request, reply: bytes) -> bytes:
    return struct.pack(">HHHB", request.tag, 0, len(reply) + 1, request.unit) + reply


async def _read_rtu(reader: asyncio.StreamReader) -> Request | None:
    """Read a request with its checksum; None when it is wrong: the stream is out of step."""
    frame = await reader.readexactly(RTU_REQUEST)
    if checksum(frame[:-2]) != frame[-2:]:
        return None
    unit, function, start, count = struct.unpack(">BBHH", frame[:-2])
    return Request(unit=unit, function=function, start=start, count=count)


def _write_rtu(request: Request, reply: bytes) -> bytes:
    frame = bytes((request.unit,)) + reply
    return frame + checksum(frame)


def checksum(frame: bytes) -> bytes:
    """Return the CRC-16 of Modbus, low byte first."""
    remainder = 0xFFFF
    for byte in frame:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0xA001 if remainder & 1 else 0)
    return remainder.to_bytes(2, "little")


FRAMES = {
    Framing.TCP: (_read_tcp, _write_tcp),
    Framing.RTU_OVER_TCP: (_read_rtu, _write_rtu),
}
