"""Boards without a display on a Modbus bus: inputs, relays that close for a while, and a UPS."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from simulators.bus import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Hearing, Request
from simulators.meter import Quantities

READ_COILS, READ_INPUTS, WRITE_COIL = 1, 2, 5
ON, OFF = 0xFF00, 0x0000
FLASH = 0x0200
"""From here on each relay has an address by which it closes for so many tenths of a second."""
TENTH = 0.1
FOR_EVER = float("inf")


class Board:
    """Inputs by function 2, relays by function 1, and by 5 to switch; `hearing` as of a meter."""

    def __init__(self, inputs: int, relays: int) -> None:
        self.inputs = [False] * inputs
        self.hearing = Hearing.ANSWERS
        self.switched: list[tuple[int, bool]] = []
        """What was ordered: relay from 0, and whether to close."""
        self._closed_until = [0.0] * relays

    def is_closed(self, relay: int, now: float) -> bool:
        """Tell whether a relay, counted from 0, is closed at an instant."""
        return now < self._closed_until[relay]

    def answer(self, request: Request, now: float) -> bytes | None:
        """Return the reply from its function code on, or None for silence."""
        if self.hearing is Hearing.SILENT:
            return None
        if request.function == WRITE_COIL:
            return self._write(request, now)
        relays = [self.is_closed(each, now) for each in range(len(self._closed_until))]
        bits = {READ_COILS: relays, READ_INPUTS: self.inputs}.get(request.function)
        if bits is None:
            return _refuse(request, ILLEGAL_FUNCTION)
        end = request.start + request.count
        if not request.count or end > len(bits):
            return _refuse(request, ILLEGAL_ADDRESS)
        packed = _pack(bits[request.start : end])
        return bytes((request.function, len(packed))) + packed

    def _write(self, request: Request, now: float) -> bytes:
        relay, flash = request.start % FLASH, request.start >= FLASH
        if relay >= len(self._closed_until):
            return _refuse(request, ILLEGAL_ADDRESS)
        if not flash and request.count not in {ON, OFF}:
            return _refuse(request, ILLEGAL_VALUE)
        closes = flash or request.count == ON
        self.switched.append((relay, closes))
        end = now + request.count * TENTH if flash else FOR_EVER
        self._closed_until[relay] = end if closes else now
        return struct.pack(">BHH", WRITE_COIL, request.start, request.count)


class Ups:
    """An uninterruptible supply as `Slave` reads it: percent, minutes, volts, degrees."""

    def __init__(self) -> None:
        self.mains = True
        self.charge = 100.0
        self.load = 35.0

    def read(self, now: float) -> Quantities:
        """Return what its card would say; `states` are the bits of its third register."""
        del now
        states = 0b1000 if self.mains else 0b10000
        return {
            "states": states,
            "charge": self.charge,
            "minutes": 0.6 * self.charge,
            "battery": 27.0,
            "temperature": 24.0,
            "load": self.load,
            "output": 230.0,
            "input": 229.0 if self.mains else 0.0,
        }


def _refuse(request: Request, code: int) -> bytes:
    return bytes((request.function | 0x80, code))


def _pack(bits: Sequence[bool]) -> bytes:
    """Pack bits eight to a byte, the first lowest."""
    number = sum(1 << place for place, bit in enumerate(bits) if bit)
    return number.to_bytes(-(-len(bits) // 8), "little")
