"""Frames of CJ/T 188 (water, heat and gas meters), 2004 and 2018: found, checked, and made.

`FE… | 68 | T | A0…A6 | C | L | data | CS | 16`: as DL/T 645, but nothing is added to the data, the
address has fourteen digits and T tells the medium (10 cold water, 11 hot, 12 drinking, 13
reclaimed, 20 to 22 heat, 30 gas). Data are the identifier, a serial number of the question, values.
The edition of 2004 sends the identifier's high byte first, that of 2018 the low one; meters of
both answer in either, and the sum is the same.

Sample: `68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C …`: 556677.00 m³ of meter
78330011223344. Source: CJ/T 188-2004, CJ/T 188-2018.
"""

from __future__ import annotations

from typing import NamedTuple

from device_drivers.codecs.framing import START, TAIL, end_after, explain, find, seal

HEAD = 11
FROM_METER, REFUSED = 0x80, 0x40
FUNCTION = 0x3F
READ, READ_ADDRESS = 0x01, 0x03
ADDRESS_DIGITS, DI_DIGITS = 14, 4
PREFIX = 3
"""Bytes of data before the values: identifier and serial number."""
KNOWN_DI = frozenset({0x90, 0xA0, 0x81, 0xD1, *range(0x91, 0x97)})
"""First bytes of identifiers, by which the order on the wire is told."""
UNITS: dict[int, tuple[str, float]] = {
    0x2C: ("m3", 1.0),
    0x29: ("m3", 0.001),
    0x35: ("m3/h", 1.0),
    0x32: ("m3/h", 0.001),
    0x05: ("kWh", 1.0),
    0x08: ("kWh", 1000.0),
    0x17: ("kW", 1.0),
}
"""Unit code → unit of the hub, and by what a number is multiplied to be of it."""
SPEAKS_2004, SPEAKS_2018 = False, True


class Frame(NamedTuple):
    """One frame: medium, fourteen digits, control code, data."""

    medium: int
    address: str
    control: int
    data: bytes

    @property
    def is_answer(self) -> bool:
        """Tell whether a meter said it; otherwise somebody asked."""
        return bool(self.control & FROM_METER)

    @property
    def is_refusal(self) -> bool:
        """Tell whether the meter could not do what it was asked."""
        return bool(self.control & REFUSED)

    @property
    def function(self) -> int:
        """Return what was asked or answered: `READ`, `READ_ADDRESS` or another."""
        return self.control & FUNCTION

    @property
    def di(self) -> str:
        """Return the identifier in hexadecimal, high byte first, whichever came first."""
        first, second = self.data[:2].ljust(2, b"\0")
        high_first = first in KNOWN_DI or second not in KNOWN_DI
        return f"{first:02X}{second:02X}" if high_first else f"{second:02X}{first:02X}"

    @property
    def serial(self) -> int:
        """Return the number of the question, which the answer repeats; 0 where it has none."""
        return self.data[PREFIX - 1] if len(self.data) >= PREFIX else 0

    @property
    def body(self) -> bytes:
        """Return the values behind identifier and serial number."""
        return self.data[PREFIX:]


def encode(medium: int, address: str, control: int, data: bytes) -> bytes:
    """Make a frame, without the bytes that wake a meter."""
    head = bytes([START, medium, *reversed(bytes.fromhex(address)), control, len(data)])
    return seal(head + data)


def ask(medium: int, address: str, di: str, serial: int, *, low_first: bool) -> bytes:
    """Make the question for an identifier; `low_first` as the edition of 2018 has it."""
    raw = bytes.fromhex(di)
    data = bytes(reversed(raw)) if low_first else raw
    return encode(medium, address, READ, data + bytes([serial]))


def take(raw: bytes | bytearray, start: int = 0) -> tuple[Frame, int] | None:
    """Return the first whole, sound frame from `start` on and where it ends, or None."""
    found = find(raw, start, _end)
    if found is None:
        return None
    at, end = found
    address = bytes(reversed(raw[at + 2 : at + 9])).hex().upper()
    return Frame(raw[at + 1], address, raw[at + 9], bytes(raw[at + HEAD : end - TAIL])), end


def frames(raw: bytes) -> list[Frame]:
    """Return every sound frame; what lies between them is noise.

    Raises ProtocolError where there is none.
    """
    all_: list[Frame] = []
    found = take(raw)
    while found is not None:
        all_.append(found[0])
        found = take(raw, found[1])
    if not all_:
        raise explain(raw, _end)
    return all_


def _end(raw: bytes | bytearray, at: int) -> int | None:
    return end_after(raw, at, HEAD)
