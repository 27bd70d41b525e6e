"""Lists of departments' work: one department's by time left, and all of them for leaders."""

from __future__ import annotations

import msgspec

from hub.console.departments.case_sheet import LimitLine, limit_line, marks_of
from hub.console.frame.page import Visit
from hub.console.live.reading import subject_name
from hub.console.live.standing import Standing
from hub.model.case import Case, CaseState
from hub.model.ticket import Ticket
from hub.services.incidents.case_limit import next_limit
from hub.services.incidents.case_table import AT_WORK

SHOWN = 30
"""Cases that are done, the newest, on a department's page."""
WAITING = frozenset({CaseState.HANDLED, CaseState.CHECKED})


class WorkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work in a list; `limit` is None once it is handled."""

    number: str
    path: str
    where: str
    title: str
    state: str
    standing: Standing
    limit: LimitLine | None
    marks: list[str]
    department: str


async def paint_work(visit: Visit, receiver: str) -> list[tuple[str, list[WorkRow]]]:
    """Return a department's work in groups: to do by time left, held tickets, waiting, done."""
    cases = [each for each in visit.ports.cases.of_receiver(receiver) if each.given_at is not None]
    groups: dict[str, list[WorkRow]] = {}
    for name, members in (
        ("department.to_do", by_time_left(cases)),
        ("department.waiting", [each for each in cases if each.state in WAITING]),
        ("department.done", newest(cases)),
    ):
        rows = [row for case in members if (row := await work_row(visit, case))]
        groups[name] = rows
    held = [each for each in visit.ports.live.open_tickets() if each.holder == visit.who.name]
    groups["department.held"] = [_held_row(visit, each) for each in held]
    return [(name, rows) for name, rows in groups.items() if rows]


def by_time_left(cases: list[Case]) -> list[Case]:
    """Return the cases that are at work, the one whose limit ends first on top."""
    at_work = [each for each in cases if each.state in AT_WORK]
    return sorted(at_work, key=_until)


def newest(cases: list[Case]) -> list[Case]:
    """Return what is done or was returned, the newest first."""
    over = [each for each in cases if each.state not in {*AT_WORK, *WAITING}]
    return sorted(over, key=lambda each: -(each.at or 0.0))[:SHOWN]


OWN_PAGE = "/department"


async def work_row(visit: Visit, case: Case, path: str = OWN_PAGE) -> WorkRow | None:
    """Return the row of a case, which names its department on others' pages.

    None where its ticket is not theirs to see.
    """
    ports, words = visit.ports, visit.words
    ticket = await ports.books.ticket(case.incident)
    if ticket is None or ticket.discreet or not visit.who.may_see(ticket.place):
        return None
    limit, now = next_limit(case), visit.page.now
    return WorkRow(
        number=ticket.number,
        path=f"{path}/{ticket.number}",
        where=subject_name(ticket.subject, ports.live),
        title=words.of(ticket.title),
        state=words.name("case_state", case.state),
        standing=state_standing(case, now),
        limit=limit_line(case, limit, words, now) if limit else None,
        marks=marks_of(case, words),
        department="" if path == OWN_PAGE else case.receiver,
    )


def state_standing(case: Case, now: float) -> Standing:
    """Return the shape of a case: urgent once a limit has passed, a fault while it is at work."""
    limit = next_limit(case)
    if limit is not None and limit.is_late(now):
        return Standing.URGENT
    return Standing.FAULT if case.state in AT_WORK else Standing.NORMAL


def _held_row(visit: Visit, ticket: Ticket) -> WorkRow:
    return WorkRow(
        number=ticket.number,
        path=f"/tickets/{ticket.number}",
        where=subject_name(ticket.subject, visit.ports.live),
        title=visit.words.of(ticket.title),
        state=visit.words.name("ticket_state", ticket.state),
        standing=Standing.FAULT,
        limit=None,
        marks=[],
        department="",
    )


def _until(case: Case) -> float:
    limit = next_limit(case)
    return limit.by if limit else float("inf")
