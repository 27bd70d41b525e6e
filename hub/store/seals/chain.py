"""The chain of the journal's seals, proven from the first row to the last."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

import msgspec

from hub.store.seals.seal import FIRST, KeyRing, Row

COLUMNS = "seq, at, type, subject, actor, place, body, seal"
AT_ONCE = 5_000
"""Rows read in one transaction: a longer one would keep the write-ahead log from being cut."""
_BEHIND = f"SELECT {COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_LAST = "SELECT seq, seal FROM journal ORDER BY seq DESC LIMIT 1"
_SEAL = "UPDATE journal SET seal = ? WHERE seq = ?"
_BEFORE_ALL = -(2**63)


class Head(msgspec.Struct, frozen=True):
    """The end of a chain; kept elsewhere, it shows whether the journal was cut off since."""

    seq: int = 0
    seal: bytes = FIRST

    def __str__(self) -> str:
        return f"{self.seq}:{self.seal.hex()}"


class Sealed(msgspec.Struct, frozen=True):
    """A row with its seal."""

    row: Row
    seal: bytes

    @property
    def seq(self) -> int:
        """The row's number."""
        return int(self.row[0])


class Wrong(StrEnum):
    """What can be wrong with a row."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    ADDED = "added"
    OTHER_KEY = "other key"
    CUT_OFF = "cut off"
    RESEALED = "resealed"


class Fault(msgspec.Struct, frozen=True):
    """The first row that is wrong; `detail` says more, such as another row's number."""

    seq: int
    wrong: Wrong
    detail: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What a proof has found: the last row that is sound, and the fault behind it, if any."""

    head: Head
    fault: Fault | None = None


Find = Callable[[sqlite3.Connection, KeyRing, Head, Sealed], Fault]
"""Says what is wrong with a row that does not follow a head."""


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the end of the chain as it stands; no seal where none is kept yet."""
    found = connection.execute(_LAST).fetchone()
    return Head(*found) if found else Head()


def is_sealed(connection: sqlite3.Connection) -> bool:
    """Tell whether the journal is of a version that seals."""
    sql = "SELECT 1 FROM pragma_table_info('journal') WHERE name = 'seal'"
    return connection.execute(sql).fetchone() is not None


def seal_all(connection: sqlite3.Connection, ring: KeyRing) -> None:
    """Seal a journal that was written without; within the migration's transaction."""
    before = FIRST
    for sealed in read_rows(connection, _BEFORE_ALL):
        before = ring.seal(sealed.row, before)
        connection.execute(_SEAL, (before, sealed.seq))


def read_rows(connection: sqlite3.Connection, after: int) -> Iterator[Sealed]:
    """Yield the rows behind a number, in order; memory does not grow with them."""
    while rows := connection.execute(_BEHIND, (after, AT_ONCE)).fetchall():
        for row in rows:
            yield Sealed(row[:-1], row[-1] if isinstance(row[-1], bytes) else b"")
        after = rows[-1][0]


def prove_chain(
    connection: sqlite3.Connection, ring: KeyRing, find: Find, pins: Mapping[int, bytes]
) -> Verdict:
    """Check every row up to the first that is wrong; `pins` are heads that were kept elsewhere."""
    connection.text_factory = _decode
    head = Head()
    for sealed in read_rows(connection, _BEFORE_ALL):
        if sealed.seq != head.seq + 1 or not ring.fits(sealed.seal, sealed.row, head.seal):
            return Verdict(head, find(connection, ring, head, sealed))
        if pins.get(sealed.seq, sealed.seal) != sealed.seal:
            return Verdict(head, Fault(sealed.seq, Wrong.RESEALED))
        head = Head(sealed.seq, sealed.seal)
    beyond = max(pins, default=0)
    if beyond > head.seq:
        return Verdict(head, Fault(head.seq + 1, Wrong.CUT_OFF, str(beyond)))
    return Verdict(head)


def _decode(raw: bytes) -> str:
    """Read what may be no text any more: it only has to differ from what was sealed."""
    return raw.decode("utf-8", "replace")
