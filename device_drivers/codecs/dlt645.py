"""Frames of DL/T 645 (electricity meters), 2007 and 1997: found in a stream, checked, and made.

`FE… | 68 | A0…A5 | 68 | C | L | data, each byte + 0x33 | CS | 16`. The address is twelve digits,
low byte first; CS is the sum from the first 68 on, modulo 256. Data can hold 0x68 and 0x16, so a
frame is what has its length and its sum, and a false beginning costs one byte.

Sample: `68 12 90 78 56 34 12 68 91 08 33 33 34 33 89 67 45 33 54 16` is the answer 91 of meter
123456789012 for 00010000: 1234.56 kWh. Source: DL/T 645-2007, DL/T 645-1997.
"""

from __future__ import annotations

from typing import NamedTuple

from device_drivers.codecs.framing import START, TAIL, end_after, explain, find, seal

HEAD = 10
SHIFT = 0x33
FROM_METER, REFUSED, FOLLOWS = 0x80, 0x40, 0x20
"""Bits of the control code."""
FUNCTION = 0x1F
READ, READ_FOLLOWING, READ_ADDRESS = 0x11, 0x12, 0x13
READ_1997, READ_FOLLOWING_1997 = 0x01, 0x02
READS = frozenset({READ, READ_FOLLOWING, READ_1997, READ_FOLLOWING_1997})
ADDRESS_DIGITS = 12
ANY_DIGIT = "A"
DIGITS_2007, DIGITS_1997 = 8, 4
"""Digits of a data identifier (DI); they tell the two versions apart."""
WAKE_UP = b"\xfe" * 4
REFUSALS = ("other", "no such data", "wrong password", "baud rate not changeable")
"""What bits 0 to 3 of an error byte mean; the others are about tariffs."""
NO_SUCH_DATA = 0x02


class Frame(NamedTuple):
    """One frame: twelve digits, control code, data without the 0x33 of the wire."""

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
    def goes_on(self) -> bool:
        """Tell whether more of the same data waits in the meter."""
        return bool(self.control & FOLLOWS)

    @property
    def function(self) -> int:
        """Return what was asked or answered: one of `READS`, `READ_ADDRESS` or another."""
        return self.control & FUNCTION

    @property
    def is_continued(self) -> bool:
        """Tell whether it belongs to a reading that began in an earlier frame."""
        return self.function in {READ_FOLLOWING, READ_FOLLOWING_1997}

    @property
    def di(self) -> str:
        """Return the data identifier, high byte first in hexadecimal; empty where it has none."""
        size = (DIGITS_2007 if self.function > READ_FOLLOWING_1997 else DIGITS_1997) // 2
        fits = self.function in READS and len(self.data) >= size and not self.is_refusal
        return self.data[size - 1 :: -1][:size].hex().upper() if fits else ""

    @property
    def body(self) -> bytes:
        """Return what stands behind the data identifier, without a continuation's number."""
        body = self.data[len(self.di) // 2 :]
        return body[:-1] if self.is_continued and self.function == READ_FOLLOWING else body


def encode(address: str, control: int, data: bytes = b"") -> bytes:
    """Make a frame, without the bytes that wake a meter."""
    head = bytes([START, *reversed(bytes.fromhex(address)), START, control, len(data)])
    return seal(head + bytes((byte + SHIFT) & 0xFF for byte in data))


def ask(address: str, di: str, number: int = 0) -> bytes:
    """Make the question for a data identifier, or for what follows (`number` from 1 on)."""
    data = bytes(reversed(bytes.fromhex(di)))
    if len(di) == DIGITS_1997:
        return encode(address, READ_FOLLOWING_1997 if number else READ_1997, data)
    if number:
        return encode(address, READ_FOLLOWING, data + bytes([number]))
    return encode(address, READ, data)


def take(raw: bytes | bytearray, start: int = 0) -> tuple[Frame, int] | None:
    """Return the first whole, sound frame from `start` on and where it ends, or None."""
    found = find(raw, start, _end)
    if found is None:
        return None
    at, end = found
    data = bytes((byte - SHIFT) & 0xFF for byte in raw[at + HEAD : end - TAIL])
    return Frame(bytes(reversed(raw[at + 1 : at + 7])).hex().upper(), raw[at + 8], data), end


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


def is_same(asked: str, got: str) -> bool:
    """Tell whether a meter that was asked as `asked` may answer as `got`."""
    pairs = zip(asked, got, strict=False)
    return len(asked) == len(got) and all(a in {g, ANY_DIGIT} for a, g in pairs)


def _end(raw: bytes | bytearray, at: int) -> int | None:
    begins_twice = len(raw) > at + 7 and raw[at + 7] == START
    return end_after(raw, at, HEAD) if begins_twice else None
