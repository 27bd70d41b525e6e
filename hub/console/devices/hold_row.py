"""Gates that are held open as rows of the wall and of their own page."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.console.frame.language import Words
from hub.console.frame.naming import device_name
from hub.console.frame.span import hour_and_minute
from hub.console.frame.story import actor_name
from hub.console.live.standing import Standing
from hub.model.hold import Hold, HoldState
from hub.ports import Live


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: `state` is the key of a word, `mark` the shape that it is drawn with."""

    id: str
    device: str
    name: str
    state: str
    mark: Standing
    reason: str
    until: str
    proposed_by: str
    confirmed_by: str
    why: str
    command: str


def hold_rows(holds: Iterable[Hold], live: Live, words: Words) -> list[HoldRow]:
    """Make the rows; a gate that was not seen open or closed is marked, and says so."""
    return [_row(hold, live, words) for hold in holds]


def _row(hold: Hold, live: Live, words: Words) -> HoldRow:
    view = live.device(hold.device)
    unseen = hold.state is HoldState.ACTIVE and not hold.seen
    doubtful = hold.state is HoldState.OVERDUE or (unseen and bool(hold.why))
    return HoldRow(
        id=hold.id,
        device=hold.device,
        name=device_name(view.device) if view else hold.device,
        state="unseen" if unseen else hold.state.value,
        mark=Standing.FAULT if doubtful else Standing.NOTICE,
        reason=hold.reason,
        until=hour_and_minute(hold.ends_at),
        proposed_by=actor_name(hold.proposed_by, words),
        confirmed_by=actor_name(hold.confirmed_by, words) if hold.confirmed_by else "",
        why=hold.why,
        command=hold.command,
    )
