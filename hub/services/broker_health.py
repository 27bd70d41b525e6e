"""What the broker's figures mean: it was started anew, it has dropped messages, they can be read.

Pure: `(health, figures, now) -> (health, findings)`. The last look is kept in the store, so that
what was dropped while the hub was away is seen as well.
"""

from __future__ import annotations

import msgspec

from hub.ports import BrokerFigures

TELL_EVERY = 60.0
"""Seconds between two words about one lasting loss."""
READ_EVERY = 600.0
"""Seconds between two readings of all states: somebody's queue may overflow for days."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The last look, and what is still to be done about losses.

    `untold` were dropped since `told_at`; `is_behind`: states have not been read since a loss.
    """

    uptime: float
    dropped: int
    untold: int = 0
    told_at: float = 0.0
    is_behind: bool = False
    read_at: float = 0.0


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a look has shown: messages `dropped` that are to be told, and what to do."""

    restarted: bool = False
    dropped: int = 0
    read_again: bool = False
    changed: bool = False
    """Whether the health is to be stored."""


def examine(health: Health | None, figures: BrokerFigures, now: float) -> tuple[Health, Findings]:
    """Judge one look; the first of all is the baseline.

    A broker that drops more after a restart than before it seems not to have been restarted while
    the hub was away: then too few are counted, never none.
    """
    if health is None:
        first = Health(uptime=figures.uptime, dropped=figures.dropped)
        return first, Findings(changed=True)
    restarted = figures.uptime < health.uptime or figures.dropped < health.dropped
    grown = figures.dropped - (0 if restarted else health.dropped)
    after = msgspec.structs.replace(
        health,
        uptime=figures.uptime,
        dropped=figures.dropped,
        untold=health.untold + grown,
        is_behind=health.is_behind or grown > 0,
    )
    after, told = _tell(after, now)
    # While it still drops, what is asked for might be dropped, too.
    after, read = (after, False) if grown else _read_again(after, now)
    changed = restarted or read or told > 0 or grown > 0
    return after, Findings(restarted=restarted, dropped=told, read_again=read, changed=changed)


def _tell(health: Health, now: float) -> tuple[Health, int]:
    """Return how many lost messages are to be told now."""
    if not health.untold or not _is_over(health.told_at, TELL_EVERY, now):
        return health, 0
    return msgspec.structs.replace(health, untold=0, told_at=now), health.untold


def _read_again(health: Health, now: float) -> tuple[Health, bool]:
    """Return whether all states are to be read now."""
    if not health.is_behind or not _is_over(health.read_at, READ_EVERY, now):
        return health, False
    return msgspec.structs.replace(health, is_behind=False, read_at=now), True


def _is_over(since: float, span: float, now: float) -> bool:
    """Tell whether a span is over; an instant ahead of now is of a clock that was set back."""
    return not 0 <= now - since < span
