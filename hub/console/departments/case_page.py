"""What receivers have made of a ticket, for its staff; leaders hand it to departments and press."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.departments.case_form import FIELDS, NEEDED, read_case_step, typed_words
from hub.console.departments.case_sheet import CaseCard, card_of, case_history
from hub.console.departments.department_list import by_time_left, work_row
from hub.console.frame.page import LEADERS, STAFF, Visit, show, visit_of
from hub.console.frame.refusal import REFUSED, explain_refusal
from hub.console.frame.span import span
from hub.console.frame.template import paint
from hub.console.tickets.ticket_sheet import visible_ticket
from hub.errors import NotFoundError
from hub.model.case import Case, CaseAction
from hub.model.ticket import Ticket
from hub.services.incidents.case_step import possible_actions
from hub.services.incidents.case_table import AT_WORK
from hub.services.incidents.department import ABOVE, DepartmentFigures, department_names, figures_of

STEPS = ("sign", "arrive", "feed_back")


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a form: a refusal with what was typed, or nothing to say."""

    status: int = 200
    message: str = ""
    typed: dict[str, str] = {}


TAKEN = Refused()


async def show_cases(request: Request, number: str) -> Response:
    """Show the cases of a ticket: a page, or its part where the ticket's page asks for it."""
    visit, ticket = await _visit(request, number)
    return await _page(request, visit, ticket)


async def take_case_step(request: Request, number: str) -> Response:
    """Take a leader's step of a department's case, or hand the ticket to a department."""
    visit, ticket = await _visit(request, number)
    departments = await _departments(visit, ticket.place)
    form = await request.form()
    given = str(form.get("to") if form.get("do") == CaseAction.DISPATCH else form.get("case") or "")
    if given not in departments:
        raise NotFoundError(f"没有这个部门。 There is no department {given!r} there.")
    try:
        step = read_case_step(form, given, visit.who, visit.page.now)
        if step.do not in ABOVE:
            raise NotFoundError("这不是上级的操作。 That step is the department's own.")
        await visit.ports.desk.act_on_incident(number, step)
    except tuple(kind for kind, _ in REFUSED) as error:
        status, message = explain_refusal(error, visit.words)
        told = Refused(status=status, message=message, typed=typed_words(form))
        return await _page(request, visit, ticket, told)
    return RedirectResponse(f"/tickets/{number}/cases", 303)


async def show_departments(request: Request) -> Response:
    """Show each department's open work and how long its steps took."""
    visit = await visit_of(request)
    ports, now = visit.ports, visit.page.now
    rows, table = [], []
    for name in await _departments(visit):
        cases = [
            case
            for case in ports.cases.of_receiver(name)
            if (ticket := await ports.books.ticket(case.incident))
            and visit.who.may_see(ticket.place)
        ]
        table.append((name, _figures(figures_of(name, cases, now), visit)))
        found = [await work_row(visit, each, "/tickets") for each in by_time_left(cases)]
        rows += [row for row in found if row is not None]
    groups = [("department.open", rows)] if rows else []
    return show(visit, "departments.html", groups=groups, table=table, steps=STEPS)


async def _visit(request: Request, number: str) -> tuple[Visit, Ticket]:
    ports, who = ports_of(request), await identity_of(request)
    return await visit_of(request), await visible_ticket(ports, who, number)


async def _departments(visit: Visit, place: str = "") -> list[str]:
    people = await visit.ports.gatekeeper.people.all()
    known = {each.name: each.identity() for each in people if not each.disabled}
    return department_names(known, place)


async def _page(request: Request, visit: Visit, ticket: Ticket, told: Refused = TAKEN) -> Response:
    ports, words, now = visit.ports, visit.words, visit.page.now
    departments = await _departments(visit, ticket.place)
    cases = ports.cases.of(ticket.number)
    history = await case_history(ports.books, ticket, ports.pulse.last_seq()) if cases else []
    leads = visit.who.role in LEADERS
    cards: list[tuple[CaseCard, list[CaseAction]]] = [
        (
            card_of(each, history, words, now),
            _steps(each) if leads and each.receiver in departments else [],
        )
        for each in cases
    ]
    busy = {each.receiver for each in cases if CaseAction.DISPATCH not in possible_actions(each)}
    busy |= {each.receiver for each in cases if each.state in AT_WORK}
    free = [each for each in departments if each not in busy] if leads else []
    part = paint(
        "part_cases.html",
        words,
        number=ticket.number,
        cards=cards,
        free=[] if ticket.discreet else free,
        fields=FIELDS,
        needed=NEEDED,
        csrf=visit.page.csrf,
        typed=told.typed,
    )
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(part)
    return show(
        visit,
        "cases.html",
        status=told.status,
        number=ticket.number,
        part=part,
        message=told.message,
    )


def _steps(case: Case) -> list[CaseAction]:
    possible = set(possible_actions(case))
    not_here = {CaseAction.DISPATCH, *({CaseAction.RETURN} if case.state in AT_WORK else ())}
    return [each for each in ABOVE if each in possible and each not in not_here]


def _figures(found: DepartmentFigures, visit: Visit) -> list[str]:
    """Write a row: given, open, late, and for each step kept, missed and the mean time."""
    cells = [str(found.given), str(found.open), str(found.late)]
    for step in STEPS:
        seconds = found.seconds[step]
        mean = "–" if seconds is None else span(seconds, visit.words)
        cells.append(f"{found.kept[step]} / {found.missed[step]} · {mean}")
    return cells


CALLS = (
    Call(
        method="GET",
        path="/tickets/{number}/cases",
        answer=show_cases,
        roles=STAFF,
        operation="showCases",
        about="What receivers have made of a ticket",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/cases",
        answer=take_case_step,
        roles=LEADERS,
        operation="stepCaseByForm",
        about="Hands a ticket to a department, and presses",
    ),
    Call(
        method="GET",
        path="/departments",
        answer=show_departments,
        roles=LEADERS,
        operation="showDepartments",
        about="Each department's open work, and how long its steps took",
    ),
)
