"""A department's own pages: the work that was handed to it, and nothing else of the community."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.departments.case_form import FIELDS, NEEDED, read_case_step, typed_words
from hub.console.departments.case_sheet import card_of, case_history
from hub.console.departments.department_list import paint_work, state_standing
from hub.console.frame.naming import place_name
from hub.console.frame.page import Visit, show, visit_of
from hub.console.frame.refusal import REFUSED, explain_refusal
from hub.console.live.reading import subject_name
from hub.console.tickets.picture_form import keep_picture, read_picture
from hub.console.tickets.ticket_sheet import evidence_lines
from hub.errors import ConflictError, HubError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.case import Case, CaseAction, CaseState
from hub.model.photo import Moment
from hub.model.ticket import Ticket, TicketAction, TicketStep
from hub.services.incidents.case_step import possible_actions
from hub.services.incidents.department import department_names, steps_of_department

DEPARTMENTS = frozenset({Role.DEPARTMENT})
MAIN = (CaseAction.SIGN, CaseAction.ARRIVE, CaseAction.FEED_BACK)
"""Steps that can be the one big button, in the order of the work."""


def receiver_name(who: Identity) -> str:
    """Return the receiver that a department's person or key stands for: its own name."""
    return who.name.removeprefix("key:")


async def work_list(request: Request) -> Response:
    """Show the department's work by time left."""
    visit = await visit_of(request)
    groups = await paint_work(visit, receiver_name(visit.who))
    return show(visit, "department.html", groups=groups)


async def work(request: Request, number: str, lost: str = "") -> Response:
    """Show one piece of its work, with what can be done; `lost` that its photo had no room."""
    visit = await visit_of(request)
    return await _page(visit, number, message=visit.words("whistle.photo_lost") if lost else "")


async def take_work_step(request: Request, number: str) -> Response:
    """Take one step of its own case; a photo is kept with the ticket."""
    visit = await visit_of(request)
    ticket, case = await own_work(visit, number)
    async with request.form() as form:
        try:
            step = read_case_step(form, case.receiver, visit.who, visit.page.now)
            if step.do not in steps_of_department(case, possible_actions(case)):
                raise ConflictError("not possible now", zh=visit.words("case.not_now"))
            picture = await read_picture(request, form)
            await visit.ports.desk.act_on_incident(number, step)
        except tuple(kind for kind, _ in REFUSED) as error:
            status, message = explain_refusal(error, visit.words)
            typed = typed_words(form)
            return await _page(visit, number, status=status, message=message, typed=typed)
        await _silence(visit, ticket, step.do)
        lost = await keep_picture(
            request, number, picture, actor=visit.who.name, moment=Moment.AFTER
        )
    return RedirectResponse(f"/department/{number}{'?lost=1' if lost else ''}", 303)


async def own_work(visit: Visit, number: str) -> tuple[Ticket, Case]:
    """Return a ticket and the department's case of it; NotFoundError where it was given none."""
    ticket = await visit.ports.books.ticket(number)
    case = visit.ports.cases.find(receiver_name(visit.who), number)
    seen = ticket is not None and not ticket.discreet and visit.who.may_see(ticket.place)
    if ticket is None or case.given_at is None or not seen:
        raise NotFoundError(f"没有工单 {number}。 There is no ticket {number!r}.")
    return ticket, case


async def _silence(visit: Visit, ticket: Ticket, do: CaseAction) -> None:
    """Who signs has heard the bells: they ring on for nobody of the department."""
    if do is CaseAction.SIGN:
        step = TicketStep(
            do=TicketAction.ACKNOWLEDGE,
            actor=visit.who.name,
            role=Role.DEPARTMENT,
            at=visit.page.now,
        )
        with contextlib.suppress(HubError):  # a ticket that has ended rings for nobody
            await visit.ports.desk.step_ticket(ticket.number, step)


async def _page(
    visit: Visit,
    number: str,
    *,
    status: int = 200,
    message: str = "",
    typed: Mapping[str, str] = {},
) -> Response:
    ticket, case = await own_work(visit, number)
    ports, words, now = visit.ports, visit.words, visit.page.now
    history = await case_history(ports.books, ticket, ports.pulse.last_seq())
    steps = steps_of_department(case, possible_actions(case))
    main = _main(case, steps)
    people = {each.name: each.identity() for each in await ports.gatekeeper.people.all()}
    others = [each for each in department_names(people, ticket.place) if each != case.receiver]
    steps = [each for each in steps if each is not CaseAction.HELP or others]
    return show(
        visit,
        "department_case.html",
        status=status,
        message=message,
        typed=typed,
        ticket=ticket,
        where=subject_name(ticket.subject, ports.live),
        place=place_name(ticket.place, ports.live.places()),
        standing=state_standing(case, now),
        card=card_of(case, history, words, now),
        main=main,
        others=[each for each in steps if each not in {main, *_done(case)}],
        fields=FIELDS,
        needed=NEEDED,
        choices=others,
        photos=[each for each in ports.photos.photos(number) if each.actor == visit.who.name],
        evidence=evidence_lines(ticket, ports.live.device(ticket.subject), words),
        said=[each.text for _, each in await ports.whistle.reports_of(number) if each.text],
    )


def _main(case: Case, steps: list[CaseAction]) -> CaseAction | None:
    done = _done(case)
    return next((each for each in MAIN if each in steps and each not in done), None)


def _done(case: Case) -> set[CaseAction]:
    """Return the steps that could be taken again, and need not be."""
    again = {CaseAction.SIGN} if case.state is CaseState.SENT_BACK else set()
    return again | ({CaseAction.ARRIVE} if case.arrived_at is not None else set())


async def lead_to_work(request: Request, number: str) -> Response | None:
    """Lead a department from a ticket's address, as bells have it, to its own page of it."""
    who = await identity_of(request)
    if who.role is not Role.DEPARTMENT:
        return None
    case = ports_of(request).cases.find(receiver_name(who), number)
    return None if case.given_at is None else RedirectResponse(f"/department/{number}", 303)


CALLS = (
    Call(
        method="GET",
        path="/department",
        answer=work_list,
        roles=DEPARTMENTS,
        operation="showDepartment",
        about="A department's work by time left",
    ),
    Call(
        method="GET",
        path="/department/{number}",
        answer=work,
        roles=DEPARTMENTS,
        operation="showDepartmentWork",
        about="One piece of a department's work",
    ),
    Call(
        method="POST",
        path="/department/{number}/actions",
        answer=take_work_step,
        roles=DEPARTMENTS,
        operation="stepDepartmentWork",
        about="Takes one step of a department's case",
    ),
)
