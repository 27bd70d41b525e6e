"""Modbus register words to values and back: types, byte and word orders, sentinels.

`order` names the bytes of a value as they come over the wire, A being the highest: ABCD is
big-endian, CDAB has its words swapped, BADC the bytes within each word, DCBA is little-endian.
64-bit values follow the same four patterns (ABCD… and its swaps).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

from hub.errors import ProtocolError

FORMATS = {
    "bit": (">H", 1),
    "bit2": (">HH", 2),
    "uint16": (">H", 1),
    "int16": (">h", 1),
    "bits": (">H", 1),
    "bcd16": (">H", 1),
    "uint32": (">I", 2),
    "int32": (">i", 2),
    "bcd32": (">I", 2),
    "float32": (">f", 2),
    "uint64": (">Q", 4),
    "int64": (">q", 4),
    "float64": (">d", 4),
}
"""Type → (struct format in big-endian, words); a coil or an input counts as a word of 0 or 1."""


def _keep(raw: bytes) -> bytes:
    return raw


def _swap_words(raw: bytes) -> bytes:
    return b"".join(raw[i : i + 2] for i in range(len(raw) - 2, -1, -2))


def _swap_bytes(raw: bytes) -> bytes:
    return b"".join(raw[i : i + 2][::-1] for i in range(0, len(raw), 2))


def _reverse(raw: bytes) -> bytes:
    return raw[::-1]


ORDERS: dict[str, Callable[[bytes], bytes]] = {
    "ABCD": _keep,
    "CDAB": _swap_words,
    "BADC": _swap_bytes,
    "DCBA": _reverse,
}
"""Each is its own inverse."""


def words_of(kind: str) -> int:
    """Return how many registers a value of this type takes."""
    return FORMATS[kind][1]


def roll_over_of(kind: str) -> int | None:
    """Return the raw value at which a counter of this type begins again from 0; None: not known.

    A signed counter ends where its maker says, and a float grows coarse instead.
    """
    digits = words_of(kind) * 4
    if kind.startswith("bcd"):
        return int(10**digits)
    return int(16**digits) if kind.startswith("uint") else None


def decode(words: Sequence[int], kind: str, order: str = "ABCD") -> int | float:
    """Turn registers into a number, before scaling.

    Raises ProtocolError for NaN, infinity and nibbles that are no decimal digit.
    """
    layout, count = FORMATS[kind]
    if len(words) != count:
        raise ProtocolError(f"{kind} needs {count} registers, the device sent {len(words)}")
    if kind == "bit2":
        return words[0] + 2 * words[1]
    raw = ORDERS[order](struct.pack(f">{count}H", *words))
    number: int | float = struct.unpack(layout, raw)[0]
    if isinstance(number, float) and not math.isfinite(number):
        raise ProtocolError(f"the device sent {number}, which is no value")
    return _from_bcd(int(number), count * 4) if kind.startswith("bcd") else number


def encode(number: float, kind: str, order: str = "ABCD") -> tuple[int, ...]:
    """Turn a number, already divided by the scale, into registers; the inverse of `decode`."""
    layout, count = FORMATS[kind]
    if kind == "bit2":
        return round(number) & 1, round(number) >> 1
    value = number if kind.startswith("float") else round(number)
    if kind.startswith("bcd"):
        value = int(str(round(number)), 16)
    raw = ORDERS[order](struct.pack(layout, value))
    return struct.unpack(f">{count}H", raw)


def raw_bits(words: Sequence[int], order: str = "ABCD") -> int:
    """Return the registers as one unsigned number, to compare with sentinels."""
    raw = ORDERS[order](struct.pack(f">{len(words)}H", *words))
    return int.from_bytes(raw, "big")


def _from_bcd(number: int, digits: int) -> int:
    text = f"{number:0{digits}x}"
    if not text.isdigit():
        raise ProtocolError(f"0x{text} is no binary-coded decimal")
    return int(text)
