"""Seals of the journal's rows: an HMAC over the row and the seal before it, which makes a chain.

Whoever can write to the database but has not got the key can neither change, remove, move nor add a
row without a seal that does not fit (docs/adr/0015).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

Row = tuple[Any, ...]
"""A row of the journal: seq, at, type, subject, actor, place, body."""

FIRST = b""
"""What stands before the first row's seal."""
KEY_BYTES = 32
NAME_BYTES = 4
SEAL_BYTES = NAME_BYTES + hashlib.sha256().digest_size
"""A seal is the name of its key and the HMAC-SHA256."""


class KeyRing:
    """Keys in the order in which they were made: the last one seals, all of them prove."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_name_of(key): key for key in keys}
        self._current = _name_of(keys[-1])

    def seal(self, row: Row, before: bytes) -> bytes:
        """Return the seal of a new row; `before` is that of the row before it."""
        return self._seal(self._current, row, before)

    def fits(self, seal: bytes, row: Row, before: bytes) -> bool:
        """Tell whether a row bears the seal that it got."""
        return self.knows(seal) and hmac.compare_digest(
            seal, self._seal(seal[:NAME_BYTES], row, before)
        )

    def knows(self, seal: bytes) -> bool:
        """Tell whether the key of a seal is here."""
        return len(seal) == SEAL_BYTES and seal[:NAME_BYTES] in self._keys

    def _seal(self, name: bytes, row: Row, before: bytes) -> bytes:
        # MessagePack tells 1 from "1" and ("a", "bc") from ("ab", "c").
        said = msgspec.msgpack.encode((before, *row))
        return name + hmac.digest(self._keys[name], said, "sha256")


def new_key() -> bytes:
    """Return a new random key."""
    return secrets.token_bytes(KEY_BYTES)


def _name_of(key: bytes) -> bytes:
    return hashlib.sha256(b"lingdang audit key" + key).digest()[:NAME_BYTES]
