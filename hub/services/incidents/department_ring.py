"""The bell of a department's work: told once, by the channels of the plan. Pure."""

from __future__ import annotations

from hub.model.alarm import Severity
from hub.model.case import Case
from hub.model.ring import Concern, Ring
from hub.model.rung import Duty
from hub.model.ticket import Ticket
from hub.services.duty.muster import Words
from hub.services.duty.rung import choose_plan

REASON = {"zh": "派给你单位，请签收", "en": "handed to your department; please sign for it"}
HELP = {"zh": "请你单位协办，请签收", "en": "your department is asked to help; please sign for it"}
CONSOLE = ("console",)


def ring_of(
    case: Case, ticket: Ticket, duty: Duty, now: float, *, reason: Words, person: str
) -> Ring:
    """Return the ring of a case that has just changed; quiet hours hold it back.

    It has the channels of the ticket's last rung, where departments are called.
    """
    plan = choose_plan(duty.plans, ticket)
    critical = ticket.severity is Severity.CRITICAL
    return Ring(
        id=f"{ticket.number}/case{case.revision}.{case.receiver}/{person}",
        ticket=ticket.number,
        rung=1,
        person=person,
        concern=Concern.INFORMED,
        channels=plan.rungs[-1].channels if plan else CONSOLE,
        wait=plan.rungs[-1].wait if plan else 300.0,
        at=now,
        not_before=now if critical else duty.quiet.until(now),
        severity=ticket.severity,
        place=ticket.place,
        title=ticket.title,
        reason=reason,
        critical=critical,
        test=ticket.test,
    )
