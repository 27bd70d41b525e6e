"""When something was done, where that is told later: a phone without a network sends it after.

The journal keeps the hub's own time and order, and limits run by it; what was told stands beside.
"""

from __future__ import annotations

AT_ONCE = 60.0
"""Seconds within which what is told says nothing new."""
AHEAD = 60.0
"""Seconds that a telephone may be ahead of the hub."""


def believe(told: float | None, *, since: float, now: float) -> float | None:
    """Return the instant that was told, where it can be: after `since`, and not in the future.

    None for one that cannot be, for one of this minute, and where nothing was told.
    """
    if told is None or not since - AHEAD <= told <= now + AHEAD or now - told < AT_ONCE:
        return None
    return told
