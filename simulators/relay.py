"""A relay box at a barrier, on a real socket: it pulses what it is told, and misbehaves on command.

The barrier moves when a relay closes, as if its button were pressed, and every movement is kept
with the instant at which the relay closed. Whether an order stood behind it is for others to say:
over Modbus nobody is named.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from simulators.bus import (
    FRAMES,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Framing,
    Request,
)

LIFT, STOP, CLOSE = 0, 1, 2
COILS, INPUTS = 3, 2
ON, OFF = 0xFF00, 0x0000
FLASH = 0x0200
"""From here on each relay has an address by which it closes for so many tenths of a second."""
READ_COILS, READ_INPUTS, WRITE_COIL = 1, 2, 5
DOES = {LIFT: "open", STOP: "stop", CLOSE: "close"}
FAILURE, BUSY, NO_TARGET = 4, 6, 11


class Mishap(StrEnum):
    """What goes wrong with one request; those of the first group are carried out all the same."""

    SILENCE = "silence after it took effect"
    LATE = "late echo"
    WRONG_ADDRESS = "echo of another coil"
    WRONG_VALUE = "echo of another value"
    NO_TARGET = "gateway says: no answer"
    CUT = "closed after it took effect"
    DEAF = "nothing is done and nothing said"
    FAILURE = "exception 4"
    BUSY = "exception 6"
    CLOSED = "closed before it took effect"


DOES_NOTHING = {Mishap.DEAF, Mishap.FAILURE, Mishap.BUSY, Mishap.CLOSED}
SAYS_NOTHING = {Mishap.SILENCE, Mishap.DEAF}
CLOSES = {Mishap.CUT, Mishap.CLOSED}
REFUSES = {Mishap.FAILURE: FAILURE, Mishap.BUSY: BUSY, Mishap.NO_TARGET: NO_TARGET}


class Movement(NamedTuple):
    """A movement of the arm, and when its relay closed (epoch seconds)."""

    at: float
    do: str


class Barrier:
    """Three relays, an arm that needs `travel` seconds, and two limit switches."""

    def __init__(self, clock: Callable[[], float], travel: float = 0.3) -> None:
        self.coils = [False] * COILS
        self.movements: list[Movement] = []
        self.writes: list[tuple[float, int, bool]] = []
        self.together = 0
        """How often a relay closed while another was closed."""
        self.stuck = False
        """Whether relays stay closed once they are."""
        self.when_closed: Callable[[], None] = lambda: None
        """Is told when a relay closes, before anybody is answered."""
        self.timer = 0.0
        """Seconds after which a relay falls back by itself (momentary mode); 0 for never."""
        self._clock = clock
        self._travel = travel
        self._closed_at = [0.0] * COILS

    def switch(self, coil: int, *, on: bool) -> None:
        """Switch a relay; the arm moves when it closes, and only then."""
        now = self._clock()
        self.writes.append((now, coil, on))
        self.settle()
        if not on:
            self.coils[coil] = self.coils[coil] and self.stuck
            return
        if self.coils[coil]:
            return
        self.together += any(self.coils)
        self.coils[coil], self._closed_at[coil] = True, now
        self.movements.append(Movement(now, DOES[coil]))
        self.when_closed()

    def settle(self) -> None:
        """Let relays fall back that have a timer."""
        for coil, at in enumerate(self._closed_at):
            if self.timer and self._clock() - at >= self.timer:
                self.coils[coil] = False

    def limits(self) -> list[bool]:
        """Return what the limit switches say: open, closed."""
        last = self.movements[-1] if self.movements else Movement(0.0, "close")
        arrived = self._clock() - last.at >= self._travel
        return [arrived and last.do == "open", arrived and last.do == "close"]


class RelayBox:
    """One box behind its own port; `mishaps` strike the next requests that they are for."""

    def __init__(self, barrier: Barrier, framing: Framing, unit: int = 1) -> None:
        self.barrier = barrier
        self.mishaps: list[tuple[str, Mishap]] = []
        """(on, off or read, what goes wrong): the first one for a request is used up by it."""
        self.late = 1.5
        """Seconds by which a late echo is late."""
        self.latency = 0.0
        """Seconds until the box does what it is asked."""
        self.hold = asyncio.Event()
        """While it is not set the box takes requests, and neither does nor says anything."""
        self.hold.set()
        self.asked: list[Request] = []
        self.connections = 0
        self._framing = framing
        self._unit = unit
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen; the caller closes the server."""
        return await asyncio.start_server(self._converse, host, port)

    async def hang_up(self) -> None:
        """End every conversation; one that is late with an answer ends by itself."""
        self.hold.set()
        talks = dict(self._talks)
        for writer in talks.values():
            writer.close()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        read, write = FRAMES[self._framing]
        self.connections += 1
        task = asyncio.current_task()
        self._talks |= {task: writer} if task else {}
        try:
            while request := await read(reader):
                self.asked.append(request)
                await self.hold.wait()
                await asyncio.sleep(self.latency)
                mishap = self._mishap(_kind(request))
                reply = self._reply(request, mishap)
                if mishap in CLOSES:
                    return
                if mishap is Mishap.LATE:
                    await asyncio.sleep(self.late)
                if mishap not in SAYS_NOTHING and request.unit == self._unit:
                    writer.write(write(request, reply))
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            if task:
                del self._talks[task]

    def _mishap(self, kind: str) -> Mishap | None:
        for entry in self.mishaps:
            if entry[0] == kind:
                self.mishaps.remove(entry)
                return entry[1]
        return None

    def _reply(self, request: Request, mishap: Mishap | None) -> bytes:
        """Do what is asked, unless the mishap is that it is not done; return what is said."""
        reply = b"" if mishap in DOES_NOTHING else self.answer(request)
        if mishap in REFUSES:
            return bytes((request.function | 0x80, REFUSES[mishap]))
        if mishap is Mishap.WRONG_ADDRESS:
            return struct.pack(">BHH", request.function, request.start + 1, request.count)
        if mishap is Mishap.WRONG_VALUE:
            return struct.pack(">BHH", request.function, request.start, 0x1234)
        return reply

    def answer(self, request: Request) -> bytes:
        """Do what is asked, and return the reply from its function code on."""
        function, start, count = request.function, request.start, request.count
        self.barrier.settle()
        if function == WRITE_COIL and FLASH <= start < FLASH + COILS:
            self.barrier.timer = count / 10
            self.barrier.switch(start - FLASH, on=True)
            return struct.pack(">BHH", function, start, count)
        if function == WRITE_COIL:
            if start >= COILS or count not in {ON, OFF}:
                return bytes(
                    (function | 0x80, ILLEGAL_ADDRESS if start >= COILS else ILLEGAL_VALUE)
                )
            self.barrier.switch(start, on=count == ON)
            return struct.pack(">BHH", function, start, count)
        bits = {READ_COILS: self.barrier.coils, READ_INPUTS: self.barrier.limits()}.get(function)
        if bits is None:
            return bytes((function | 0x80, ILLEGAL_FUNCTION))
        if start + count > len(bits):
            return bytes((function | 0x80, ILLEGAL_ADDRESS))
        asked = sum(bit << place for place, bit in enumerate(bits[start : start + count]))
        return bytes((function, 1, asked))


def _kind(request: Request) -> str:
    if request.function != WRITE_COIL:
        return "read"
    return "on" if request.count == ON or request.start >= FLASH else "off"
