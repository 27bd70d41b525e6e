"""A pairing window: for a while newcomers of a place, or of a model, may be adopted."""

from __future__ import annotations

import msgspec

from hub.model.place import contains

PAIRINGS = "pairing"
"""The collection of pairing windows, by id."""


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """One window, from `start` to `end` (epoch seconds), earlier where somebody has closed it.

    `model` empty is any model; `place` is the place at or below which devices may be put.
    """

    id: str
    place: str
    model: str = ""
    start: float
    end: float
    actor: str
    why: str = ""
    closed_at: float | None = None
    closed_by: str = ""

    def is_open(self, now: float) -> bool:
        """Tell whether it counts at `now`."""
        return self.start <= now < (self.end if self.closed_at is None else self.closed_at)

    def covers(self, place: str, model: str) -> bool:
        """Tell whether a device of that model may be put at that place by it."""
        return contains(self.place, place) and self.model in {"", model}
