"""Fits what is remembered of a climb to what its ticket, its plan and the clock are now."""

from __future__ import annotations

import msgspec

from hub.model.climb import Climb
from hub.model.rung import Trigger
from hub.model.ticket import Ticket, TicketFlag
from hub.services.duty.giving import note_holder
from hub.services.duty.proposal import follow_clock
from hub.services.duty.summons import Case
from hub.services.duty.whereabouts import place_of, trigger


def settle(climb: Climb | None, case: Case) -> Climb:
    """Fit what was to what the ticket is now: its opening, its pause, its review, the clock."""
    ticket, now = case.ticket, case.now
    opening = ticket.opened_at if ticket.reopened_at is None else ticket.reopened_at
    if climb is None or climb.opening != opening:
        climb = Climb(ticket=ticket.number, opening=opening, at=min(opening, now))
    climb = _review(_pause(_follow_clock(climb, case), ticket, now), ticket, now)
    climb = note_holder(climb, ticket)
    called = place_of(climb.proposed, case) is not None and trigger(climb, case) is not None
    if called or not climb.proposed:
        return climb
    return msgspec.structs.replace(climb, proposed="", asked=0, open_rings=())


def _follow_clock(climb: Climb, case: Case) -> Climb:
    """Forget instants that a clock has written which has been set back since."""
    if climb.at > case.now:
        held = case.not_before if climb.held > climb.at else 0.0
        climb = msgspec.structs.replace(climb, at=case.now, held=held)
    if climb.paused is not None and climb.paused > case.now:
        climb = msgspec.structs.replace(climb, paused=case.now)
    return follow_clock(climb, case)


def _pause(climb: Climb, ticket: Ticket, now: float) -> Climb:
    if _waits(ticket):
        paused = now if climb.paused is None else climb.paused
        return msgspec.structs.replace(climb, paused=paused)
    if climb.paused is None:
        return climb
    rested = max(0.0, climb.paused - climb.base)
    return msgspec.structs.replace(climb, at=now - rested, held=0.0, paused=None)


def _waits(ticket: Ticket) -> bool:
    return TicketFlag.SUSPENDED in ticket.flags and TicketFlag.SHELVED not in ticket.flags


def _review(climb: Climb, ticket: Ticket, now: float) -> Climb:
    """Begin anew with the review date of a shelved ticket."""
    shelved = TicketFlag.SHELVED in ticket.flags
    due = shelved and Trigger.REVIEW.partition(".")[2] in ticket.overdue
    if due == climb.reviewing:
        return climb
    if not due:
        return msgspec.structs.replace(climb, reviewing=False)
    return msgspec.structs.replace(
        climb,
        reviewing=True,
        reviews=climb.reviews + 1,
        passed=(),
        at=now,
        held=0.0,
        proposed="",
        asked=0,
    )
