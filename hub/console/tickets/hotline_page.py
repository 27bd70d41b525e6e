"""Calls, findings and what grid workers see: typed in by staff, joined where it is known."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of
from hub.access.policy import Call
from hub.console.devices.window_page import place_choices
from hub.console.frame.naming import place_name
from hub.console.frame.page import STAFF, Visit, show, visit_of
from hub.console.frame.span import day_and_time
from hub.console.live.reading import subject_name
from hub.console.tickets.picture_form import keep_picture, read_picture
from hub.errors import (
    ConflictError,
    HubError,
    InvalidRequestError,
    NotFoundError,
    TooManyRequestsError,
)
from hub.model.discretion import may_see_ticket, secret_tickets
from hub.model.instant import from_rfc3339
from hub.model.ticket import Ticket, TicketState
from hub.model.trouble import troubles_of
from hub.model.whistle import Hotline, Reporter, Source, Target
from hub.ports.whistle import Said
from hub.services.reports.label_code import tidy_code
from hub.services.tickets.step_table import LEADERS
from hub.services.tickets.transition import is_reported

SOURCES = (Source.HOTLINE, Source.INSPECTION, Source.GRID)
"""Sources of tickets that somebody waits for an answer of."""
APART = "apart"
FIELDS = (
    *("key", "source", "category", "caller", "phone", "text"),
    *("case", "sign_by", "handle_by", "join", "planned"),
)
REFUSED: tuple[tuple[type[HubError], int], ...] = (
    (InvalidRequestError, 422),
    (NotFoundError, 422),
    (ConflictError, 422),
    (TooManyRequestsError, 429),
)
"""What is told above the form, which keeps what was typed but for the photo."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An open ticket that may be meant."""

    number: str
    title: str
    where: str
    state: str
    since: str


async def hotline(request: Request, where: str = "", code: str = "") -> Response:
    """Show what has to be called back, and the form, once it is known of which thing."""
    visit = await visit_of(request)
    target = _target(visit, where, code)
    said = visit.words("hotline.unknown") if (where or code) and target is None else ""
    return _page(visit, target, {}, message=said, status=404 if said else 200)


async def take_call(request: Request) -> Response:
    """File what was said; what does not fit is told above the form, which keeps what was typed."""
    visit, who = await visit_of(request), await identity_of(request)
    async with request.form() as form:
        typed = {name: str(form.get(name, "")) for name in FIELDS}
        target = _target(visit, str(form.get("where", "")), "")
        if target is None:
            return _page(visit, None, typed, message=visit.words("hotline.unknown"), status=404)
        try:
            said, picture = read_said(typed, target), await read_picture(request, form)
            receipt = await visit.ports.whistle.file_for(said, who)
        except tuple(kind for kind, _ in REFUSED) as error:
            status = next(code for kind, code in REFUSED if isinstance(error, kind))
            return _page(visit, target, typed, message=explain(error, visit), status=status)
    lost = await keep_picture(request, receipt.number, picture, actor=who.name)
    return RedirectResponse(f"/tickets/{receipt.number}/people{'?lost=1' * lost}", 303)


def read_said(typed: Mapping[str, str], target: Target) -> Said:
    """Read a form; InvalidRequestError names what is no source and what is no instant."""
    wrong = {
        name: "not an instant"
        for name in ("sign_by", "handle_by")
        if typed[name] and _instant(typed[name]) is None
    }
    if typed["source"] not in SOURCES:
        wrong["source"] = f"one of {', '.join(SOURCES)}"
    if wrong:
        raise InvalidRequestError("The form does not fit.", problems=wrong)
    case = Hotline(
        number=typed["case"],
        sign_by=_instant(typed["sign_by"]),
        handle_by=_instant(typed["handle_by"]),
    )
    join = typed["join"]
    return Said(
        key=typed["key"],
        source=Source(typed["source"]),
        category=typed["category"],
        target=target,
        reporter=Reporter(caller=typed["caller"], phone=typed["phone"], text=typed["text"]),
        hotline=case,
        join="" if join == APART else join,
        apart=join == APART,
        planned=typed["planned"],
    )


def explain(error: HubError, visit: Visit) -> str:
    """Say a refusal in the words of the page: field by field where fields are wrong."""
    words = visit.words
    if isinstance(error, InvalidRequestError):
        if "photo" in error.problems:
            return words("whistle.wrong_photo", why=words.of(error.texts))
        return " ".join(words(f"hotline.wrong_{field}") for field in sorted(error.problems))
    return words.of(error.texts)


def _target(visit: Visit, where: str, code: str) -> Target | None:
    """Find a thing by its id or path, or by the digits of its label, in this person's part."""
    whistle, typed = visit.ports.whistle, code.strip()
    found = whistle.find_subject(where or typed) or whistle.find(tidy_code(typed))
    return found if found and visit.who.may_see(found.place) else None


def _page(
    visit: Visit,
    target: Target | None,
    typed: Mapping[str, str],
    *,
    message: str = "",
    status: int = 200,
) -> Response:
    whistle, words = visit.ports.whistle, visit.words
    choices = troubles_of(target.kind) if target else ()
    return show(
        visit,
        "hotline.html",
        status=status,
        message=message,
        target=target,
        typed=dict.fromkeys(FIELDS, "") | dict(typed),
        key=whistle.form_key(),
        places=place_choices(visit.ports.live, visit.who),
        plans=visit.who.role in LEADERS,
        sources=SOURCES,
        choices=[(each.id, words.of(each.texts)) for each in choices],
        offers=[offer_row(each, visit) for each in whistle.offered(target)] if target else [],
        waiting=[offer_row(each, visit) for each in to_call_back(visit)],
    )


def to_call_back(visit: Visit) -> list[Ticket]:
    """Return the checked tickets whose reporters are still to be asked whether it is good."""
    live = visit.ports.live
    secret = secret_tickets(live.open_alarms())
    return [
        each
        for each in live.open_tickets()
        if each.state is TicketState.VERIFIED
        and is_reported(each)
        and may_see_ticket(visit.who, each, secret)
        and each.call_back is None
    ]


def offer_row(ticket: Ticket, visit: Visit) -> Offer:
    """Write a ticket that may be meant."""
    live, words = visit.ports.live, visit.words
    is_device = live.device(ticket.subject) is not None
    where = subject_name(ticket.subject, live) if is_device else ""
    return Offer(
        number=ticket.number,
        title=words.of(ticket.title),
        where=where or place_name(ticket.place, live.places()),
        state=words.name("ticket_state", ticket.state),
        since=day_and_time(ticket.opened_at),
    )


def _instant(text: str) -> float | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError:
        return None


CALLS = (
    Call(
        method="GET",
        path="/hotline",
        answer=hotline,
        roles=STAFF,
        operation="showHotline",
        about="The form of calls and findings",
    ),
    Call(
        method="POST",
        path="/hotline",
        answer=take_call,
        roles=STAFF,
        operation="reportForSomebodyByForm",
        about="Files a call or a finding",
    ),
)
