"""Meter fields to numbers: binary-coded decimal and words, the low byte first on the wire.

A format is the meter standards' own notation: `XXXXXX.XX` are eight decimal digits, two of them
behind the point, in four bytes.
"""

from __future__ import annotations

from hub.errors import ProtocolError

NO_VALUE = frozenset({0xFF, 0xEE})
"""Bytes of which a field consists when the meter has no value for it."""
SIGN = 0x80
"""The bit of the highest byte that means minus, where a field can be negative."""


def width(form: str) -> int:
    """Return how many bytes a field of this format takes, two digits in each."""
    return form.count("X") // 2


def roll_over_of(form: str) -> int:
    """Return the value at which a counter of this format begins again from 0."""
    return int(10 ** len(form.partition(".")[0]))


def is_empty(raw: bytes) -> bool:
    """Tell whether the meter says by this field that it has no value."""
    return raw[0] in NO_VALUE and len(set(raw)) == 1


def decode(raw: bytes, form: str, *, signed: bool = False) -> float:
    """Turn a field's bytes, low byte first, into its number.

    Raises ProtocolError for a nibble that is no decimal digit.
    """
    high_first = bytearray(reversed(raw))
    minus = signed and bool(high_first[0] & SIGN)
    if minus:
        high_first[0] &= ~SIGN
    text = high_first.hex()
    if not text.isdigit():
        raise ProtocolError(f"0x{text} is no binary-coded decimal")
    behind = len(form.partition(".")[2])
    number = int(text) / float(10**behind)
    return -number if minus else number


def encode(number: float, form: str, *, signed: bool = False) -> bytes:
    """Turn a number into a field's bytes, low byte first; the inverse of `decode`.

    Raises ValueError for a number that the format cannot hold.
    """
    behind = len(form.partition(".")[2])
    count = form.count("X")
    text = f"{round(abs(number) * 10**behind):0{count}d}"
    raw = bytearray(reversed(bytes.fromhex(text))) if len(text) == count else bytearray()
    if not raw or (number < 0 and not signed) or (signed and raw[-1] & SIGN):
        raise ValueError(f"{number} does not fit {form}")
    if number < 0:
        raw[-1] |= SIGN
    return bytes(raw)


def word(raw: bytes) -> int:
    """Return a status word's bytes, low byte first, as one unsigned number."""
    return int.from_bytes(raw, "little")
