"""Which plan a ticket climbs by, and whether something calls its next rung now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.model.rung import Plan, Rung, Trigger
from hub.model.ticket import Ticket, TicketFlag, TicketState

UNTAKEN = frozenset({TicketState.NEW, TicketState.DISPATCHED})
_UNREACHED = UNTAKEN | {TicketState.TAKEN}
UNFINISHED = _UNREACHED | {TicketState.ARRIVED}
ENDED = frozenset({TicketState.CLOSED, TicketState.VOIDED})

_HOLDS_IN = {
    Trigger.OPENED: UNFINISHED,
    Trigger.UNTAKEN: UNTAKEN,
    Trigger.TAKE: UNTAKEN,
    Trigger.ARRIVE: _UNREACHED,
    Trigger.FINISH: UNFINISHED,
    Trigger.SIGN: UNTAKEN,
    Trigger.HANDLE: UNFINISHED,
    Trigger.REVIEW: frozenset(TicketState) - ENDED,
    Trigger.REOPENED: UNFINISHED,
}
"""Trigger → the states of a ticket in which it can hold."""

WHY: dict[Trigger, dict[str, str]] = {
    Trigger.OPENED: {"zh": "工单未完成", "en": "it is not completed"},
    Trigger.UNTAKEN: {"zh": "无人接单", "en": "nobody has taken it"},
    Trigger.TAKE: {"zh": "接单超时", "en": "it was not taken in time"},
    Trigger.ARRIVE: {"zh": "到场超时", "en": "nobody arrived in time"},
    Trigger.FINISH: {"zh": "完工超时", "en": "it was not completed in time"},
    Trigger.SIGN: {"zh": "12345 签收超时", "en": "12345 was not signed for in time"},
    Trigger.HANDLE: {"zh": "12345 办理超时", "en": "12345 was not handled in time"},
    Trigger.REVIEW: {"zh": "挂账到期复核", "en": "its review is due"},
    Trigger.REOPENED: {"zh": "办结后重办", "en": "it was reopened"},
}
_GRAVEST = tuple(reversed(Trigger))
"""The order in which a reason is looked for."""


def choose_plan(plans: Iterable[Plan], ticket: Ticket) -> Plan | None:
    """Return the plan that fits a ticket most narrowly; of equals the first counts.

    A discreet ticket has one of the plans for such, where one fits, and leaders otherwise.
    """
    about = (ticket.place, ticket.severity, ticket.class_, ticket.trade)
    found = [plan for plan in plans if plan.fits(*about)]
    named = [plan for plan in found if plan.discreet and ticket.discreet]
    fitting = named or [plan for plan in found if not plan.discreet]
    return max(fitting, key=lambda plan: plan.precision, default=None)


def position(rungs: Sequence[Rung], passed: Sequence[str]) -> int:
    """Return the place of the next rung: behind the highest that has come.

    Where the rungs have been changed so that none is left of those, their count is what remains.
    """
    places = [place for place, rung in enumerate(rungs) if rung.id in passed]
    return places[-1] + 1 if places else min(len(passed), len(rungs))


def first_position(rungs: Sequence[Rung], ticket: Ticket) -> int:
    """Return the rung with which an opening begins: one higher for each reopening.

    It begins on no rung that a person has to confirm, if there is another.
    """
    own = [place for place, rung in enumerate(rungs) if not rung.confirm]
    return min(ticket.reopened, own[-1] if own else 0)


def calling(rungs: Sequence[Rung], ticket: Ticket) -> Trigger | None:
    """Return what calls the first of `rungs` now: a trigger of its own, or of one above it.

    A shelved ticket is called by its review alone, one that waits by nothing.
    """
    named = {trigger for rung in rungs for trigger in rung.on}
    if TicketFlag.SHELVED in ticket.flags:
        named &= {Trigger.REVIEW}
    elif TicketFlag.SUSPENDED in ticket.flags:
        named = set()
    return next((each for each in _GRAVEST if each in named and holds(each, ticket)), None)


def holds(trigger: Trigger, ticket: Ticket) -> bool:
    """Tell whether a trigger's condition is true of the ticket.

    Work that is planned for a day counts as untaken from the morning of that day on.
    """
    if ticket.state not in _HOLDS_IN[trigger]:
        return False
    if trigger is Trigger.REOPENED:
        return ticket.reopened > 0
    if trigger is Trigger.UNTAKEN and ticket.planned:
        return "take" in ticket.overdue
    limit = trigger.partition(".")[2]
    return not limit or limit in ticket.overdue
