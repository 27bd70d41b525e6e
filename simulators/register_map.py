"""What a register map is to a simulated slave, and how numbers are written into registers."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

import msgspec

from simulators.meter import Quantities

Words = tuple[int, ...]
Write = Callable[[float], Words]
Cells = tuple[tuple[int, str, float, Write], ...]


class RegisterMap(msgspec.Struct, frozen=True, kw_only=True):
    """One model: its function code, the ranges that can be read, and what stands where.

    `cells` are (address, quantity, factor to the raw number, how it is written).
    """

    function: int
    ranges: tuple[range, ...]
    cells: tuple[tuple[int, str, float, Write], ...]
    constants: dict[int, int] = {}

    def words(self, start: int, count: int, quantities: Quantities) -> Words | None:
        """Return `count` registers from `start`, or None where one of them does not exist."""
        wanted = range(start, start + count)
        if not any(wanted[0] in each and wanted[-1] in each for each in self.ranges):
            return None
        image = dict(self.constants)
        for address, quantity, factor, write in self.cells:
            for offset, word in enumerate(write(quantities[quantity] * factor)):
                image[address + offset] = word
        return tuple(image.get(address, 0) for address in wanted)


def float_abcd(number: float) -> Words:
    """Write a float32, high word first."""
    return _split(struct.pack(">f", number))


def float_dcba(number: float) -> Words:
    """Write a float32 with its bytes back to front."""
    return _split(struct.pack("<f", number))


def uint16(number: float) -> Words:
    """Write an unsigned word."""
    return _split(struct.pack(">H", round(number)))


def int16(number: float) -> Words:
    """Write a signed word."""
    return _split(struct.pack(">h", round(number)))


def uint32(number: float) -> Words:
    """Write an unsigned double word, high word first, rolling over like the counter it is."""
    return _split(struct.pack(">I", math.floor(number) % 2**32))


def float64(number: float) -> Words:
    """Write a float64, high word first."""
    return _split(struct.pack(">d", number))


def low_first(write: Write) -> Write:
    """Write the same with its low word first."""
    return lambda number: tuple(reversed(write(number)))


def int32(number: float) -> Words:
    """Write a signed double word, high word first, rolling over like the counter it is."""
    return _split(struct.pack(">i", math.floor(number) % 2**31))


def _split(raw: bytes) -> Words:
    return struct.unpack(f">{len(raw) // 2}H", raw)


def row_of(start: int, step: int, quantities: Sequence[str], factor: float, write: Write) -> Cells:
    """Return cells that follow each other every `step` registers."""
    return tuple(
        (start + step * index, name, factor, write) for index, name in enumerate(quantities)
    )
