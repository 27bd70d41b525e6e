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
    untold = health.untold + grown
    tell = untold > 0 and _is_over(health.told_at, TELL_EVERY, now)
    is_behind = health.is_behind or grown > 0
    # While it still drops, what is asked for might be dropped, too.
    read = is_behind and not grown and _is_over(health.read_at, READ_EVERY, now)
    after = Health(
        uptime=figures.uptime,
        dropped=figures.dropped,
        untold=0 if tell else untold,
        told_at=now if tell else health.told_at,
        is_behind=is_behind and not read,
        read_at=now if read else health.read_at,
    )
    return after, Findings(
        restarted=restarted,
        dropped=untold if tell else 0,
        read_again=read,
        changed=restarted or grown > 0 or tell or read,
    )


def _is_over(since: float, span: float, now: float) -> bool:
    """Tell whether a span is over; an instant ahead of now is of a clock that was set back."""
    return not 0 <= now - since < span
