"""Pressure from above on a ticket that climbs (催办、督办), pure: whom it rings, and what comes.

催办 rings those who have to act now. 督办 lets the next rung come at once, whatever it waits for;
where that cannot be, it rings as 催办 does.
"""

from __future__ import annotations

import msgspec

from hub.model.climb import Climb
from hub.model.ring import Concern
from hub.model.ticket import TicketFlag, TicketState
from hub.services.duty.climb import Move, push_on
from hub.services.duty.muster import Words, call_up
from hub.services.duty.proposal import LEAST_PACE
from hub.services.duty.rung import ENDED, UNFINISHED, UNTAKEN, position
from hub.services.duty.settling import settle
from hub.services.duty.summons import Case, Summons

_HELD = frozenset({TicketState.DISPATCHED, TicketState.TAKEN, TicketState.ARRIVED})
_RESTS = frozenset({TicketFlag.SUSPENDED, TicketFlag.SHELVED})


class Pressing(msgspec.Struct, frozen=True, kw_only=True):
    """Who presses, and why; `up` is 督办. `mark` tells its rings from all others of the ticket."""

    up: bool
    mark: str
    why: Words
    actor: str


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """What it leads to, and who is rung to act, in order."""

    move: Move
    people: tuple[str, ...] = ()


def press(climb: Climb | None, case: Case, pressing: Pressing) -> Pressed:
    """Press on a ticket; one that has ended rings nobody."""
    if case.ticket.state in ENDED:
        return Pressed(move=Move(climb=climb))
    settled = settle(climb, case)
    move = Move(climb=settled)
    if pressing.up and _may_climb(settled, case):
        move = push_on(settled, case, pressing.why, pressing.actor)
    if not _acting(move):
        move = _ring_again(move, move.climb or settled, case, pressing)
    return Pressed(move=move, people=_acting(move))


def _acting(move: Move) -> tuple[str, ...]:
    acting = (ring.person for ring in move.rings if ring.concern is Concern.RESPONSIBLE)
    return tuple(dict.fromkeys(acting))


def _may_climb(climb: Climb, case: Case) -> bool:
    """Tell whether a rung may come early: one was not called just now, and nothing waits."""
    ticket = case.ticket
    fresh = bool(climb.passed) and case.now < climb.base + LEAST_PACE
    at_work = ticket.state in UNFINISHED and not _RESTS & set(ticket.flags)
    return at_work and not fresh and not climb.proposed


def _ring_again(move: Move, climb: Climb, case: Case, pressing: Pressing) -> Move:
    place = max(0, position(case.plan.rungs, climb.passed) - 1)
    summons = Summons(
        climb=climb, case=case, place=place, why=pressing.why, mark=f".{pressing.mark}"
    )
    acting = _who_acts(summons)
    others = [person for person in acting if person != pressing.actor]
    rings = summons.ring_to_act(others or acting)
    return msgspec.structs.replace(move, rings=(*move.rings, *rings))


def _who_acts(summons: Summons) -> tuple[str, ...]:
    """Return the holder, or those of the last rung while nobody is, or else the managers."""
    case, climb = summons.case, summons.climb
    ticket = case.ticket
    if not climb.proposed and ticket.state in _HELD and ticket.holder in case.muster.people:
        return (ticket.holder,)
    if not climb.proposed and ticket.state in UNTAKEN and climb.passed:
        found = call_up(summons.rung.responsible, case.muster, ticket.place).people
        if found:
            return found
    return summons.managers()
