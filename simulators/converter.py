"""A transparent converter with meters of DL/T 645 and CJ/T 188 behind it; they can misbehave.

Frames are made and found here apart from the hub's own codecs: a simulator that shared them would
agree with every mistake in them. A line passes bytes, so a meter hears every question.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import StrEnum, auto

from simulators.meter import ElectricityMeter, Quantities, WaterMeter

Clock = Callable[[], float]
LONGEST_PART = 180
"""Bytes of data that a meter puts into one frame; the rest follows when it is asked for."""
NO_SUCH_DATA = b"\x02"
BAD_SUM = 0x55


class Mishap(StrEnum):
    """What a meter does instead of answering."""

    SILENCE = auto()
    LATE = auto()
    """It answers the question before this one."""
    ECHO = auto()
    """The adapter sends the question back before the answer."""
    NOISE = auto()
    """Bytes that look like a beginning stand before the answer."""
    OTHER = auto()
    """A neighbour answers in its place."""
    WRONG_SUM = auto()
    HALF = auto()
    CLOSE = auto()
    BABBLE = auto()
    """The line brings noise without end."""


class LineMeter:
    """A meter on the line: its number, and what it says to a question (None: it is not asked)."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.mishap: Mishap | None = None
        self.asked = 0

    def answer(self, frame: bytes) -> bytes | None:
        """Return the reply to a question that is for this meter."""
        raise NotImplementedError


class PowerMeter(LineMeter):
    """An electricity meter by DL/T 645; `data` are fields by identifier, low byte first."""

    def __init__(self, number: str, data: Callable[[], Mapping[str, bytes]]) -> None:
        super().__init__(number)
        self._data = data

    def answer(self, frame: bytes) -> bytes | None:
        """Return the reply, a refusal, or None where another meter is asked."""
        if len(frame) < 12 or frame[7] != 0x68 or frame[1:7][::-1].hex() != self.number:
            return None
        code, size = frame[8], frame[9]
        said = bytes((byte - 0x33) % 256 for byte in frame[10 : 10 + size])
        long = code in {0x11, 0x12}
        if code not in {0x01, 0x02, 0x11, 0x12}:
            return self._frame(code | 0xC0, b"\x01")
        width = 4 if long else 2
        di = said[:width]
        whole = self._data().get(di[::-1].hex().upper())
        if whole is None:
            return self._frame(code | 0xC0, NO_SUCH_DATA)
        number = said[width] if code == 0x12 else 0
        part = whole[number * LONGEST_PART : (number + 1) * LONGEST_PART]
        more = len(whole) > (number + 1) * LONGEST_PART
        tail = bytes([number]) if code == 0x12 else b""
        return self._frame(code | (0xA0 if more else 0x80), di + part + tail)

    def _frame(self, code: int, data: bytes) -> bytes:
        body = bytes.fromhex(self.number)[::-1]
        frame = b"\x68" + body + b"\x68" + bytes([code, len(data)])
        return _end(frame + bytes((byte + 0x33) % 256 for byte in data))


class FlowMeter(LineMeter):
    """A water meter by CJ/T 188; it answers one order of identifiers, or both (None).

    `body` are the values behind identifier and serial number.
    """

    def __init__(
        self, number: str, body: Callable[[], bytes], *, low_first: bool | None = None
    ) -> None:
        super().__init__(number)
        self._body = body
        self._low_first = low_first

    def answer(self, frame: bytes) -> bytes | None:
        """Return the reply, or None where another meter is asked, or in another way."""
        if len(frame) < 13 or frame[2:9][::-1].hex() != self.number or frame[9] != 0x01:
            return None
        di, serial = frame[11:13], frame[13:14]
        order = {b"\x1f\x90": True, b"\x90\x1f": False}.get(di)
        if order is None or self._low_first not in {None, order}:
            return None
        data = di + serial + self._body()
        return _end(frame[:9] + bytes([0x81, len(data)]) + data)


def _end(frame: bytes) -> bytes:
    return frame + bytes([sum(frame) % 256, 0x16])


class Converter:
    """One port, and the meters behind it; `latency` (s) is what a meter takes to answer."""

    def __init__(self, meters: Sequence[LineMeter], latency: float = 0.0) -> None:
        self.meters = meters
        self.connections = 0
        self._latency = latency
        self._before: dict[str, bytes] = {}

    @contextlib.asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
        """Listen while the block runs, and yield the port."""
        server = await asyncio.start_server(self._converse, host, port)
        async with server:
            yield server.sockets[0].getsockname()[1]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        heard = b""
        try:
            while part := await reader.read(1024):
                heard += part
                question = find_question(heard)
                if question is None:
                    continue
                heard = b""
                await asyncio.sleep(self._latency)
                if not await self._reply(question, writer):
                    return
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _reply(self, question: bytes, writer: asyncio.StreamWriter) -> bool:
        """Let everybody on the line hear the question; False when the line is to be closed."""
        for said in self.say(question):
            if said is None:
                return False
            writer.write(said)
            await writer.drain()
        return True

    def say(self, question: bytes) -> Iterator[bytes | None]:
        """Yield what each meter says to a question; None where it has the line closed."""
        for meter in self.meters:
            reply = meter.answer(question)
            if reply is None:
                continue
            meter.asked += 1
            if meter.mishap is Mishap.CLOSE:
                yield None
                return
            yield self._spoil(meter, question, reply)
            self._before[meter.number] = reply

    def _spoil(self, meter: LineMeter, question: bytes, reply: bytes) -> bytes:
        wrong = reply[:-2] + bytes([(reply[-2] + BAD_SUM) % 256, 0x16])
        return {
            None: reply,
            Mishap.SILENCE: b"",
            Mishap.LATE: self._before.get(meter.number, b""),
            Mishap.ECHO: b"\xfe\xfe" + question + reply,
            Mishap.NOISE: b"\x68\x00\x68\x68\xff" + reply,
            Mishap.OTHER: _readdress(reply),
            Mishap.WRONG_SUM: wrong,
            Mishap.HALF: reply[: len(reply) // 2],
            Mishap.BABBLE: b"\x00\x68\x13" * 2000,
        }[meter.mishap]


def find_question(heard: bytes) -> bytes | None:
    """Return the question at the end of what was heard, once it is whole."""
    frame = heard.lstrip(b"\xfe")
    is_whole = len(frame) >= 12 and frame[-1] == 0x16 and sum(frame[:-2]) % 256 == frame[-2]
    return frame if is_whole else None


def _readdress(reply: bytes) -> bytes:
    """Return the reply as if the meter with the next number had given it."""
    at = 1 if reply[7] == 0x68 else 2
    changed = bytes([(reply[at] + 1) % 256])
    return _end(reply[:at] + changed + reply[at + 1 : -2])


def power_data(quantities: Quantities) -> dict[str, bytes]:
    """Return what a three-phase meter of the edition of 2007 says, by identifier."""
    return {
        "00010000": _digits(quantities["import"], 8, 2),
        "00020000": _digits(quantities["export"], 8, 2),
        "0201FF00": b"".join(_digits(quantities[f"voltage.{n}"], 4, 1) for n in (1, 2, 3)),
        "0202FF00": b"".join(_digits(quantities[f"current.{n}"], 6, 3) for n in (1, 2, 3)),
        "02030000": _digits(quantities["power"] / 1000, 6, 4),
        "02060000": _digits(quantities["factor"], 4, 3),
        "02800002": _digits(quantities["frequency"], 4, 2),
        "040005FF": bytes(14),
    }


def water_body(quantities: Quantities) -> bytes:
    """Return a water meter's long answer: total, settlement, time, valve open, battery well."""
    total = _digits(quantities["volume"], 8, 2)
    return total + b"\x2c" + total + b"\x2c" + bytes.fromhex("00000912012620") + b"\x00\x00"


def electricity(number: str, meter: ElectricityMeter, clock: Clock) -> PowerMeter:
    """Put a meter on the line as DL/T 645-2007."""
    return PowerMeter(number, lambda: power_data(meter.read(clock())))


def water(number: str, meter: WaterMeter, clock: Clock) -> FlowMeter:
    """Put a meter on the line as CJ/T 188."""
    return FlowMeter(number, lambda: water_body(meter.read(clock())))


def _digits(number: float, count: int, behind: int) -> bytes:
    text = f"{round(number * 10**behind):0{count}d}"[-count:]
    return bytes.fromhex(text)[::-1]
