"""What the frames of Chinese meter standards have in common: 68 … sum 16, found in a stream.

Data can hold 0x68 and 0x16, so a frame is what has its length and its sum; a false beginning costs
one byte.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.errors import ProtocolError

START, END = 0x68, 0x16
TAIL = 2
"""Bytes behind the data: the sum modulo 256 of all before it, and the end."""
MAX_DATA = 200
"""Bytes of data that a frame may have, by the standards."""

EndOf = Callable[[bytes | bytearray, int], int | None]
"""Tells where a frame that begins at an index ends; None where none can begin, or is not whole."""


def find(raw: bytes | bytearray, start: int, end_of: EndOf) -> tuple[int, int] | None:
    """Return where the first whole, sound frame from `start` on begins and ends, or None."""
    at = raw.find(START, start)
    while at >= 0:
        end = end_of(raw, at)
        if end is not None and raw[end - 1] == END and _sum(raw, at, end) == raw[end - TAIL]:
            return at, end
        at = raw.find(START, at + 1)
    return None


def explain(raw: bytes, end_of: EndOf) -> ProtocolError:
    """Say why there is no sound frame in these bytes."""
    at = raw.find(START)
    while at >= 0:
        end = end_of(raw, at)
        if end is not None and raw[end - 1] == END:
            told, true = raw[end - TAIL], _sum(raw, at, end)
            return ProtocolError(f"its checksum is {told:02X}, but its bytes give {true:02X}")
        at = raw.find(START, at + 1)
    return ProtocolError(f"there is no whole frame in its {len(raw)} bytes")


def seal(frame: bytes) -> bytes:
    """Return the frame with its sum and its end."""
    return frame + bytes([sum(frame) & 0xFF, END])


def end_after(raw: bytes | bytearray, at: int, head: int) -> int | None:
    """Return where a frame ends whose head of so many bytes closes with the data's length."""
    if len(raw) < at + head or raw[at + head - 1] > MAX_DATA:
        return None
    end = at + head + raw[at + head - 1] + TAIL
    return end if end <= len(raw) else None


def _sum(raw: bytes | bytearray, at: int, end: int) -> int:
    return sum(raw[at : end - TAIL]) & 0xFF
