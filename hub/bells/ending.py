"""What ends a ring before it was carried out: somebody acts, or there is nothing left to do."""

from __future__ import annotations

from hub.model.journal import Entry
from hub.model.ring import Concern, Ring

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
