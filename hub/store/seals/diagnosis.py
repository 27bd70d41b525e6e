"""What has happened to a row of the journal whose seal does not fit, as far as the rest tells."""

from __future__ import annotations

import sqlite3

from hub.store.seals.chain import Fault, Head, Sealed, Wrong, read_rows
from hub.store.seals.seal import NAME_BYTES, SEAL_BYTES, KeyRing, Row

SHIFTS = 1000
"""So many rows may be gone for a renumbering to be recognised."""


def find_fault(connection: sqlite3.Connection, ring: KeyRing, head: Head, found: Sealed) -> Fault:
    """Say what is wrong with the row that stands behind `head` but does not follow it."""
    due = head.seq + 1
    if found.seq < due:
        return Fault(found.seq, Wrong.ADDED)
    if len(found.seal) == SEAL_BYTES and not ring.knows(found.seal):
        return Fault(found.seq, Wrong.OTHER_KEY, found.seal[:NAME_BYTES].hex())
    moved = _find_moved(connection, ring, head)
    if moved is not None:
        swapped = ring.fits(found.seal, _as(due + 1, found.row), moved.seal)
        if found.seq == due and moved.seq == due + 1 and not swapped:
            return Fault(due, Wrong.ADDED)
        return Fault(due, Wrong.REORDERED, str(moved.seq))
    if found.seq > due:
        return Fault(due, Wrong.MISSING, str(found.seq - 1))
    return _compare(connection, ring, head, found)


def _find_moved(connection: sqlite3.Connection, ring: KeyRing, head: Head) -> Sealed | None:
    """Return the row that belongs behind `head`, wherever it stands now."""
    due = head.seq + 1
    for each in read_rows(connection, head.seq):
        if ring.fits(each.seal, _as(due, each.row), head.seal):
            return each
    return None


def _compare(connection: sqlite3.Connection, ring: KeyRing, head: Head, found: Sealed) -> Fault:
    """Tell a changed row from one before which others are gone, by the row behind it."""
    after = next(read_rows(connection, found.seq), None)
    if after is not None:
        for gone in range(1, SHIFTS):
            if ring.fits(after.seal, _as(after.seq + gone, after.row), found.seal):
                return Fault(head.seq + 1, Wrong.MISSING, str(head.seq + gone))
    return Fault(found.seq, Wrong.CHANGED)


def _as(number: int, row: Row) -> Row:
    return (number, *row[1:])
