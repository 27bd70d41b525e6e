"""Pages of tickets: the list, one ticket, and the form that takes a step."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.departments.department_page import lead_to_work
from hub.console.frame.language import Words
from hub.console.frame.naming import place_name
from hub.console.frame.page import (
    ONLOOKERS,
    READERS,
    Visit,
    chosen_language,
    local_path,
    show,
    visit_of,
)
from hub.console.live.channel import Parts
from hub.console.live.reading import subject_name
from hub.console.live.wall_page import studio_of
from hub.console.tickets.step_form import Typed, action_of, label_of, read_step, read_typed
from hub.console.tickets.ticket_sheet import TicketSheet, visible_ticket
from hub.errors import ConflictError, ForbiddenError, HubError, InvalidRequestError
from hub.model.instant import to_local_text
from hub.services.tickets.shelf import list_shelved

REFUSED: tuple[tuple[type[HubError], int, str], ...] = (
    (ConflictError, 409, "error_409"),
    (InvalidRequestError, 422, "error_422"),
    (ForbiddenError, 403, "error_403"),
)
"""Refusals that are told on the ticket's own page, with what was typed."""


async def ticket_list(request: Request) -> Response:
    """Show the tickets by time left."""
    who, studio = await identity_of(request), studio_of(request)
    channel = studio.tickets(who, chosen_language(request))
    parts = await channel.refresh(fresh=True)
    visit = await visit_of(request, f"of=tickets&v={studio.seal}.{channel.version}")
    return show(visit, "tickets.html", parts=parts)


async def shelf(request: Request) -> Response:
    """Show the shelved tickets as they may be published: no names of people."""
    visit = await visit_of(request)
    live = visit.ports.live
    rows = [
        (
            subject_name(each.subject, live),
            place_name(each.place, live.places()),
            to_local_text(each.shelf.review_at)[:10] if each.shelf else "",
            each,
        )
        for each in list_shelved(live, visit.who)
    ]
    return show(visit, "shelved.html", rows=rows)


async def ticket(request: Request, number: str) -> Response:
    """Show one ticket; a department is led to its own page of it."""
    if elsewhere := await lead_to_work(request, number):
        return elsewhere
    await visible_ticket(ports_of(request), await identity_of(request), number)
    visit, parts = await _visit(request, number)
    return show(visit, "ticket.html", parts=parts, number=number, message="")


async def take_step(request: Request, number: str, next: str = "") -> Response:  # noqa: A002 - the address's word
    """Take one step of a ticket; a refused one shows the ticket with the reason."""
    ports, who = ports_of(request), await identity_of(request)
    await visible_ticket(ports, who, number)
    form = await request.form()
    typed = read_typed(str(form.get("do", "")), form)
    try:
        step = read_step(typed, who.name, who.role, ports.clock.now())
        await ports.desk.step_ticket(number, step)
    except (ConflictError, InvalidRequestError, ForbiddenError) as error:
        visit, _ = await _visit(request, number)
        return await _refused(visit, number, typed, explain(error, typed.do, visit.words))
    return RedirectResponse(local_path(next, f"/tickets/{number}"), 303)


async def _visit(request: Request, number: str) -> tuple[Visit, Parts]:
    """Return the visit to a ticket's page and its parts, as of now."""
    studio, who = studio_of(request), await identity_of(request)
    channel = studio.ticket(number, who, chosen_language(request))
    parts = await channel.refresh(fresh=True)
    mark = f"of=ticket:{quote(number)}&v={studio.seal}.{channel.version}"
    return await visit_of(request, mark), parts


async def _refused(visit: Visit, number: str, typed: Typed, refusal: tuple[int, str]) -> Response:
    status, message = refusal
    sheet = TicketSheet(visit.ports, number, visit.who, visit.words)
    parts = await sheet.paint(msgspec.structs.replace(typed, message=message))
    return show(visit, "ticket.html", status=status, parts=parts, number=number, message=message)


def explain(error: HubError, do: str, words: Words) -> tuple[int, str]:
    """Return the status of a refused step and what, why, next in the person's words."""
    status, key = next((s, key) for kind, s, key in REFUSED if isinstance(error, kind))
    if isinstance(error, ConflictError) and action_of(do) in error.possible:
        # The step itself is possible: what was missing is the reason.
        return status, words("ticket.reason_needed")
    said = f"{words(f'{key}.what')} {words(f'{key}.why')} {words(f'{key}.next')}"
    return status, f"{said} {_detail(error, do, words)}"


def _detail(error: HubError, do: str, words: Words) -> str:
    if isinstance(error, ConflictError):
        steps = words("punct.list").join(words.name("do", step) for step in error.possible)
        return words("ticket.possible", steps=steps) if steps else words("ticket.possible_none")
    if isinstance(error, InvalidRequestError) and error.problems:
        told = (
            _fault(label_of(do, name), error.faults.get(name), words) for name in error.problems
        )
        return words("punct.list").join(told)
    return words.of(error.texts)


def _fault(label: str, fault: dict[str, str] | None, words: Words) -> str:
    field = words.name("field", label)
    return words("ticket.fault", field=field, fault=words.of(fault)) if fault else field


CALLS = (
    Call(
        method="GET",
        path="/tickets",
        answer=ticket_list,
        roles=ONLOOKERS,
        operation="showTickets",
        about="Tickets by time left",
    ),
    Call(
        method="GET",
        path="/shelved",
        answer=shelf,
        roles=ONLOOKERS,
        operation="showShelved",
        about="Shelved tickets as they may be published",
    ),
    Call(
        method="GET",
        path="/tickets/{number}",
        answer=ticket,
        roles=ONLOOKERS,
        operation="showTicket",
        about="One ticket",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/actions",
        answer=take_step,
        roles=READERS,
        operation="stepTicketByForm",
        about="Takes one step of a ticket",
    ),
)
