"""What ends a ring before it was carried out: somebody acts, or there is nothing left to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.model.journal import Entry
from hub.model.ring import Concern, Ring

OLDEST = 7 * 86_400.0
"""Seconds after which a ring is no news, whatever became of its ticket."""
STOPS = frozenset(f"ticket.{word}" for word in ("acknowledged", "taken", "arrived", "shelved"))
"""Entries after which nobody has to be rung to act any more."""
ENDS = frozenset(
    f"ticket.{word}" for word in ("completed", "verified", "closed", "voided", "merged", "folded")
)
"""Entries after which it is no news any more for anybody."""


def is_stopped(ring: Ring, entry: Entry) -> bool:
    """Tell whether an entry about its ticket ends a ring; one of the same commit is its reason."""
    if entry.subject != ring.ticket or entry.at <= ring.at:
        return False
    acts = ring.concern is Concern.RESPONSIBLE and entry.type in STOPS
    return acts or entry.type in ENDS


def find_stopped(rings: Iterable[Ring], entries: Sequence[Entry], now: float) -> list[str]:
    """Return the ids of rings that these entries end, and of those that are too old."""
    by_ticket: dict[str, list[Entry]] = {}
    for entry in entries:
        by_ticket.setdefault(entry.subject, []).append(entry)
    return [
        ring.id
        for ring in rings
        if ring.at < now - OLDEST
        or any(is_stopped(ring, entry) for entry in by_ticket.get(ring.ticket, ()))
    ]


def is_overtaken(ring: Ring, by: Ring) -> bool:
    """Tell whether a later ring tells the same person at least as much about the same ticket."""
    same = (ring.ticket, ring.person) == (by.ticket, by.person)
    enough = by.concern is Concern.RESPONSIBLE or ring.concern is Concern.INFORMED
    return same and enough and (ring.at, ring.rung) < (by.at, by.rung)
