"""A Modbus gateway without a library, in both framings, whose slaves misbehave on command.

Every register tells where it is from: unit × 256 + address. So a value in the wrong place shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from enum import StrEnum, auto
from typing import NamedTuple

from simulators.bus import checksum


class Fault(StrEnum):
    """What a slave does instead of answering."""

    SILENCE = auto()
    LATE = auto()
    SHORT = auto()
    WRONG_FUNCTION = auto()
    NO_FUNCTION = auto()
    WRONG_UNIT = auto()
    GARBAGE = auto()
    HALF = auto()
    CLOSE = auto()
    FAILURE = auto()
    BUSY = auto()
    NO_PATH = auto()
    NO_TARGET = auto()


EXCEPTIONS = {Fault.FAILURE: 4, Fault.BUSY: 6, Fault.NO_PATH: 10, Fault.NO_TARGET: 11}
GARBAGE = bytes.fromhex("fe13a5005511ff83027fee10")


class Asked(NamedTuple):
    """A request to read; `tag` is the transaction number of Modbus TCP."""

    unit: int
    function: int
    start: int
    count: int
    tag: int


def word(unit: int, address: int) -> int:
    """Return what stands in a register."""
    return unit * 256 + address


class FaultyGateway:
    """Serves one port; `faults` by unit, `holes` are addresses that no slave has."""

    def __init__(self, framing: str) -> None:
        self.faults: dict[int, Fault] = {}
        self.holes: set[int] = set()
        self.longest = 125
        self.delays: dict[int, float] = {}
        """Seconds that each answer of a unit takes."""
        self.late = 0.5
        """Seconds after which a late answer comes."""
        self.only: Callable[[Asked], bool] = lambda _asked: True
        """Which requests the faults are for."""
        self.asked: list[Asked] = []
        self.connections = 0
        self._is_rtu = framing == "rtu_over_tcp"
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @contextlib.asynccontextmanager
    async def listening(self, latency: float = 0.0) -> AsyncIterator[int]:
        """Serve while the block runs; yields the port. Each answer takes `latency` seconds."""
        self._latency = latency
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for writer in self._talks.values():
                writer.close()
            # One that is late with an answer ends by itself.
            await asyncio.gather(*self._talks)
            await server.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._talks[task] = writer
        try:
            while True:
                asked = await self._hear(reader)
                self.asked.append(asked)
                frame = await self._answer(asked)
                if frame is None:
                    break
                writer.write(frame)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            del self._talks[task]
            writer.close()

    async def _hear(self, reader: asyncio.StreamReader) -> Asked:
        if self._is_rtu:
            frame = await reader.readexactly(8)
            assert checksum(frame[:6]) == frame[6:]
            return Asked(*struct.unpack(">BBHH", frame[:6]), tag=0)
        tag, protocol, length, *rest = struct.unpack(">HHHBBHH", await reader.readexactly(12))
        assert (protocol, length) == (0, 6)
        return Asked(*rest, tag=tag)

    async def _answer(self, asked: Asked) -> bytes | None:
        """Return what goes out; None closes the connection."""
        await asyncio.sleep(self.delays.get(asked.unit, self._latency))
        fault = self.faults.get(asked.unit) if self.only(asked) else None
        if fault is Fault.LATE:
            await asyncio.sleep(self.late)
        if fault in {Fault.SILENCE, Fault.CLOSE, Fault.GARBAGE}:
            return {Fault.SILENCE: b"", Fault.CLOSE: None, Fault.GARBAGE: GARBAGE}[fault]
        frame = self._frame(asked, self._reply(asked, fault), fault)
        return frame[: len(frame) // 2 + 1] if fault is Fault.HALF else frame

    def _reply(self, asked: Asked, fault: Fault | None) -> bytes:
        """Return the reply from its function code on."""
        wrong = {Fault.WRONG_FUNCTION: 7 - asked.function, Fault.NO_FUNCTION: 0x63}
        function = wrong.get(fault, asked.function) if fault else asked.function
        addresses = range(asked.start, asked.start + asked.count)
        code = EXCEPTIONS.get(fault, 0) if fault else 0
        if not code and (len(addresses) > self.longest or self.holes.intersection(addresses)):
            code = 3 if len(addresses) > self.longest else 2
        if code:
            return bytes((function | 0x80, code))
        words = [word(asked.unit, address) for address in addresses]
        words = words[:-1] if fault is Fault.SHORT else words
        return struct.pack(f">BB{len(words)}H", function, 2 * len(words), *words)

    def _frame(self, asked: Asked, reply: bytes, fault: Fault | None) -> bytes:
        unit = asked.unit + 1 if fault is Fault.WRONG_UNIT else asked.unit
        body = bytes((unit,)) + reply
        if self._is_rtu:
            return body + checksum(body)
        return struct.pack(">HHH", asked.tag, 0, len(body)) + body
