"""A gate that is held open (常抬) for a while: proposed by one person, confirmed by another."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.device import DeviceUid

HOLDS = "hold"
"""The collection of documents."""


class HoldState(StrEnum):
    """`overdue`: its time is over and nobody has seen the gate come down, somebody must look."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDING = "ending"
    OVERDUE = "overdue"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    FAILED = "failed"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """One hold-open; instants are epoch seconds.

    `ends_at` is what both people have agreed to. `command` is the newest order that was given for
    it. `seen` says that the gate was seen open after the order. `ended_by` is a person, `hub`
    (its time was over) or `gate` (released on the spot); `why` is what went wrong.
    """

    id: str
    uid: DeviceUid
    device: str
    place: str
    reason: str
    proposed_by: str
    proposed_at: float
    ends_at: float
    state: HoldState = HoldState.PROPOSED
    confirmed_by: str = ""
    confirmed_at: float | None = None
    command: str = ""
    seen: bool = False
    ended_by: str = ""
    why: str = ""
