"""Receivers of the feed as people see them: where it goes, and how that goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hub.model.access import Identity


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """One way out: a subscription, or a receiver of the configuration with its `profile`.

    `state` is unused, works, fails or no_key, `why` the last failure. `waiting` incidents have
    items that are not taken yet, `behind` journal entries lie before it, and `odd` records of a
    platform that is polled are not understood. Instants are epoch seconds.
    """

    id: str
    receiver: str
    url: str = ""
    profile: str = ""
    state: str = "unused"
    why: str = ""
    since: float | None = None
    sent: int = 0
    sent_at: float | None = None
    waiting: int = 0
    behind: int = 0
    odd: int = 0
    sample_codes: bool = False


Outlets = Callable[[Identity], Sequence[Outlet]]
"""Returns the outlets that somebody may see."""
