"""Register maps from the meters' manuals, written down apart from the hub's own model files.

A simulator that shared the hub's tables would agree with every mistake in them. Addresses are
wire addresses from 0; a read that leaves the ranges of a map is answered "illegal address".
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

import msgspec

from simulators.meter import Quantities

Words = tuple[int, ...]
Write = Callable[[float], Words]
FULL_PIPE, VALVE_OPEN = 0x00AA, 0x0001


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


def int32(number: float) -> Words:
    """Write a signed double word, high word first, rolling over like the counter it is."""
    return _split(struct.pack(">i", math.floor(number) % 2**31))


def _split(raw: bytes) -> Words:
    return struct.unpack(f">{len(raw) // 2}H", raw)


def _row(start: int, step: int, quantities: Sequence[str], factor: float, write: Write) -> Cells:
    return tuple(
        (start + step * index, name, factor, write) for index, name in enumerate(quantities)
    )


Cells = tuple[tuple[int, str, float, Write], ...]
VOLTAGES = ("voltage.1", "voltage.2", "voltage.3")
CURRENTS = ("current.1", "current.2", "current.3")
POWERS = ("power.1", "power.2", "power.3")

SDM630 = RegisterMap(
    function=4,
    ranges=(range(0x58), range(0x156, 0x180)),
    cells=(
        *_row(0x00, 2, (*VOLTAGES, *CURRENTS, *POWERS), 1, float_abcd),
        *_row(0x1E, 2, ("factor", "factor", "factor"), 1, float_abcd),
        (0x34, "power", 1, float_abcd),
        (0x38, "apparent", 1, float_abcd),
        (0x3C, "reactive", 1, float_abcd),
        (0x3E, "factor", 1, float_abcd),
        *_row(0x46, 2, ("frequency", "import", "export"), 1, float_abcd),
        (0x156, "import", 1, float_abcd),
    ),
)
DTSU666 = RegisterMap(
    function=3,
    ranges=(range(0x2000, 0x2060), range(0x101E, 0x1030), range(0x401E, 0x4030)),
    cells=(
        *_row(0x2006, 2, VOLTAGES, 10, float_abcd),
        *_row(0x200C, 2, CURRENTS, 1000, float_abcd),
        *_row(0x2012, 2, ("power", *POWERS), 10, float_abcd),
        (0x201A, "reactive", 10, float_abcd),
        (0x202A, "factor", 1000, float_abcd),
        (0x2044, "frequency", 100, float_abcd),
        *_row(0x101E, 10, ("import", "export"), 1, float_abcd),
        *_row(0x401E, 10, ("import", "export"), 1, float_abcd),
    ),
)
ADW300 = RegisterMap(
    function=3,
    ranges=(range(80),),
    cells=(
        *_row(20, 1, VOLTAGES, 10, uint16),
        *_row(26, 1, CURRENTS, 100, uint16),
        *_row(30, 2, (*POWERS, "power"), 1, int32),
        *_row(62, 2, ("import", "export"), 100, int32),
    ),
)
XINTAI = RegisterMap(
    function=3,
    ranges=(range(0x01, 0x1D),),
    cells=(
        *_row(0x01, 2, ("volume", "reverse", "flow"), 1, float_dcba),
        *_row(0x0A, 2, ("pressure", "temperature"), 1, float_dcba),
        (0x1A, "battery", 1, float_dcba),
    ),
    constants={0x07: FULL_PIPE, 0x1C: VALVE_OPEN},
)
BY_MODEL = {
    "eastron-sdm630": SDM630,
    "chint-dtsu666": DTSU666,
    "acrel-adw300": ADW300,
    "kaifeng-xintai-water": XINTAI,
}
