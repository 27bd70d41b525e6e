"""When the rota dispatches a ticket: as its rung comes, and again where it was given back. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from hub.model.climb import Climb
from hub.model.rung import Dispatch
from hub.model.ticket import Ticket, TicketState
from hub.services.duty.rota import is_nobodys, may_get
from hub.services.duty.rung import position
from hub.services.duty.summons import Case, Summons

RETURNED = {"zh": "退回后再派", "en": "it was given back"}


def give(summons: Summons) -> Summons:
    """Narrow a rung to whose turn it is; it stays as it is where the rota has nothing to say."""
    ticket = summons.case.ticket
    if summons.rung.dispatch is not Dispatch.ROTA or not is_nobodys(ticket):
        return summons
    return _choose(summons, besides=())


def give_again(climb: Climb | None, case: Case) -> Summons | None:
    """Return the last rung for the next one of it, where the ticket came back to nobody.

    Nobody has it twice in one opening; where all have had it, it climbs on.
    """
    if climb is None or not climb.given or case.ticket.state is not TicketState.NEW:
        return None
    place = position(case.plan.rungs, climb.passed) - 1
    if place < 0 or case.plan.rungs[place].dispatch is not Dispatch.ROTA:
        return None
    summons = Summons(climb=climb, case=case, place=place, why=RETURNED)
    found = _choose(summons, besides=climb.given) if is_nobodys(case.ticket) else summons
    return found if found.to else None


def note_holder(climb: Climb, ticket: Ticket) -> Climb:
    """Remember who has held it since the rota gave it to somebody."""
    if not climb.given or not ticket.holder or ticket.holder in climb.given:
        return climb
    return replace(climb, given=(*climb.given, ticket.holder))


def _choose(summons: Summons, besides: tuple[str, ...]) -> Summons:
    case = summons.case
    people = may_get(summons.responsible().people, case.muster, case.ticket)
    return replace(summons, to=case.rota().choose([one for one in people if one not in besides]))
