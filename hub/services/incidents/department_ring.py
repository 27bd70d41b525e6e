"""The bell of a department's work: told once, by the channels of the plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.model.alarm import Severity
from hub.model.case import Case
from hub.model.ring import Concern, Ring
from hub.model.rung import Duty
from hub.model.ticket import Ticket
from hub.services.duty.muster import Muster, Words, call_up
from hub.services.duty.rung import choose_plan

REASON = {"zh": "派给你单位，请签收", "en": "handed to your department; please sign for it"}
HELP = {"zh": "请你单位协办，请签收", "en": "your department is asked to help; please sign for it"}
LATE: Mapping[str, tuple[Words, tuple[str, ...]]] = {
    "sign": ({"zh": "{who} 签收超时", "en": "{who} has not signed in time"}, ("nearest:manager",)),
    "arrive": ({"zh": "{who} 到场超时", "en": "{who} has not arrived in time"}, ("role:manager",)),
    "feed_back": (
        {"zh": "{who} 反馈超时", "en": "{who} has not fed back in time"},
        ("role:manager", "role:administrator"),
    ),
}
"""A limit → the words when it has passed, and who is called beside the department: a level higher
with each."""
ABOVE = ("role:administrator",)
"""Who is called where nobody of those is there."""
CONSOLE = ("console",)


def say_late(case: Case, limit: str) -> Words:
    """Say which limit of a case has passed, in both languages."""
    return {key: text.format(who=case.receiver) for key, text in LATE[limit][0].items()}


def called_late(case: Case, limit: str, muster: Muster, place: str) -> list[str]:
    """Return whom a limit that has passed rings: the department, who gave it the work, leaders."""
    found = call_up(LATE[limit][1], muster, place).people or call_up(ABOVE, muster, place).people
    people = dict.fromkeys((case.receiver, case.given_by, *found))
    return [person for person in people if person in muster.people]


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
