"""Messages as people write them down: bytes in hexadecimal, and registers as `ADDR:HEX`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from device_drivers.codecs import cjt188, dlt645
from hub.errors import HubError
from hub.ports import Registers

_BLOCK = re.compile(r"(?:([1-4])/)?(0[xX][0-9A-Fa-f]{1,4}|[0-9]{1,5}):(.+)")
HIGHEST = 0xFFFF
TELLERS = {"dlt645": dlt645, "cjt188": cjt188}
"""Dialects whose frames name their meter."""


def read_bytes(text: str) -> bytes:
    """Read bytes; spaces and colons between them do no harm."""
    try:
        return bytes.fromhex(text.replace(":", " "))
    except ValueError as error:
        raise HubError(f"{text!r:.60} is not hexadecimal: {error}") from error


def read_blocks(texts: Iterable[str]) -> tuple[Registers, ...]:
    """Read blocks of registers, parted by spaces or commas; see `read_block`."""
    return tuple(map(read_block, " ".join(texts).replace(",", " ").split()))


def read_block(text: str) -> Registers:
    """Read one block, as 0x2006:45105000, or 2/0x0000:00010000 where it is another function's.

    A coil or an input is a word of 0000 or 0001. Raises HubError.
    """
    found = _BLOCK.fullmatch(text)
    raw = read_bytes(found[3]) if found else b""
    start = int(found[2], 16 if found[2][1:2] in {"x", "X"} else 10) if found else -1
    if not found or not raw or len(raw) % 2 or start > HIGHEST:
        raise HubError(f"{text!r:.60} is not ADDR:HEX, as 0x2006:45105000")
    words = tuple(int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2))
    return Registers(function=int(found[1] or 0), start=start, words=words)
