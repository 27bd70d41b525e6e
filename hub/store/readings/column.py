"""Columns: many values of one sort in few bytes, exactly as they were.

Neighbouring values differ little, so differences are kept, in the smallest width that holds them,
their bytes sorted by place; what repeats then lies together, and is left to zlib.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from enum import IntEnum
from itertools import accumulate, pairwise
from math import isfinite
from typing import Any

import msgspec

Scalar = bool | int | float | str | None

WIDTHS = (("b", 7), ("h", 15), ("i", 31), ("q", 63))
"""Type codes of `array` with the bits that they hold beside the sign."""
DECIMALS = 6
"""Places behind the point up to which a number counts as a decimal one."""
LARGEST = 2**53
"""Scaled numbers up to here are exact."""


class Form(IntEnum):
    """How a column's values lie in its body."""

    SAME = 0
    INTEGERS = 1
    DECIMALS = 2
    BITS = 3
    MIXED = 4


class Column(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Values in order; `extra` is the one value of SAME, or the places of DECIMALS."""

    form: Form
    body: bytes = b""
    extra: Scalar = None


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(list[Scalar]).decode


def pack(values: Sequence[Scalar]) -> Column:
    """Return the column of at least one value."""
    kinds = set(map(type, values))
    if len(kinds) == 1 and len(set(values)) == 1:
        return Column(Form.SAME, extra=values[0])
    pack_sort = _BY_KIND.get(kinds.pop()) if len(kinds) == 1 else None
    column = pack_sort(values) if pack_sort else None
    return column or Column(Form.MIXED, _ENCODE(values))


def unpack(column: Column, count: int) -> Sequence[Any]:
    """Return the values; `count` is how many there are."""
    if column.form is Form.SAME:
        return [column.extra] * count
    if column.form is Form.MIXED:
        return _DECODE(column.body)
    if column.form is Form.BITS:
        return from_bits(_unshuffle(column.body, count))
    integers = list(accumulate(_unshuffle(column.body, count)))
    if column.form is Form.INTEGERS:
        return integers
    scale = 10 ** int(column.extra or 0)
    return [number / scale for number in integers]


def to_bits(values: Sequence[float]) -> array[int]:
    """Return the numbers' 64 bits as integers: near numbers have near bits."""
    return array("q", array("d", values).tobytes())


def from_bits(bits: Sequence[int]) -> array[float]:
    """Return the numbers of these bits."""
    return array("d", array("q", bits).tobytes())


def _pack_integers(values: Sequence[Any]) -> Column | None:
    if max(values) > LARGEST or min(values) < -LARGEST:
        return None
    return Column(Form.INTEGERS, _shuffle(_steps(values)))


def _pack_floats(values: Sequence[Any]) -> Column | None:
    if not all(map(isfinite, values)):
        return None
    places = _places(values)
    if places is None:
        return Column(Form.BITS, _shuffle(to_bits(values)))
    scale = 10**places
    steps = _steps([round(value * scale) for value in values])
    return Column(Form.DECIMALS, _shuffle(steps), places)


def _places(values: Sequence[float]) -> int | None:
    largest = max(map(abs, values))
    for places in range(DECIMALS + 1):
        scale = 10**places
        if largest * scale > LARGEST:
            return None
        if all(round(value * scale) / scale == value for value in values):
            return places
    return None


def _steps(values: Sequence[int]) -> list[int]:
    return [values[0], *(b - a for a, b in pairwise(values))]


def _shuffle(steps: Sequence[int]) -> bytes:
    bits = max(max(steps).bit_length(), (-min(steps)).bit_length())
    code = next((code for code, width in WIDTHS if bits <= width), "q")
    raw = array(code, steps)
    data, size = raw.tobytes(), raw.itemsize
    return code.encode() + b"".join(data[place::size] for place in range(size))


def _unshuffle(body: bytes, count: int) -> array[int]:
    steps: array[int] = array(chr(body[0]))
    size = steps.itemsize
    data = bytearray(count * size)
    for place in range(size):
        data[place::size] = body[1 + place * count : 1 + (place + 1) * count]
    steps.frombytes(bytes(data))
    return steps


_BY_KIND = {int: _pack_integers, float: _pack_floats}
