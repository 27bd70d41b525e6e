"""The page of rosters: who is on now and this week, where a hole is, substitutes, proposals."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.frame.language import Words
from hub.console.frame.page import LEADERS, Visit, show, visit_of
from hub.console.frame.span import day_and_time
from hub.console.tickets.ticket_sheet import visible_ticket
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.model.instant import day_number, from_rfc3339, start_of_day
from hub.model.roster import Roster, Stretch, Substitute
from hub.ports import SubstituteWish

WEEK = 7
HOURS = (1, 2, 4, 8, 12, 24, 72, 168)
USUAL = 12
HOUR = 3600.0
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError)
"""What is told on the page; everything else is for the page of errors."""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed, and is shown again where it does not fit."""

    roster: str = ""
    out: str = ""
    by: str = ""
    reason: str = ""
    start: str = ""
    hours: int = USUAL


class StretchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a roster; nobody in it is a hole."""

    start: str
    end: str
    people: str
    why: str
    is_hole: bool


class RosterCard(msgspec.Struct, frozen=True, kw_only=True):
    """A roster: who is on now, and its stretches until the week is over."""

    title: str
    now: StretchRow
    rows: list[StretchRow]
    holes: int


class SubstituteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One substitute in the list."""

    id: str
    roster: str
    who: str
    start: str
    end: str
    actor: str
    reason: str


class ProposalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket whose next rung has to be confirmed."""

    number: str
    title: str
    rung: str


async def duty_page(request: Request) -> Response:
    """Show who is on, and what can be done about it."""
    return await _page(request, Typed())


async def put_by_form(request: Request) -> Response:
    """Put a substitute; what does not fit is told above the form, which keeps what was typed."""
    ports, who = ports_of(request), await identity_of(request)
    typed = _read(await request.form())
    try:
        await ports.rosters.put(_wish(typed, ports.clock.now()), who)
    except REFUSALS as error:
        return await _page(request, typed, refusal=error)
    return RedirectResponse("/rosters", 303)


async def end_by_form(request: Request, substitute: str) -> Response:
    """End a substitute now."""
    ports, who = ports_of(request), await identity_of(request)
    try:
        await ports.rosters.end(substitute, who)
    except REFUSALS as error:
        return await _page(request, Typed(), refusal=error)
    return RedirectResponse("/rosters", 303)


async def decide_by_form(request: Request, number: str) -> Response:
    """Confirm or decline what was proposed for a ticket."""
    ports, who = ports_of(request), await identity_of(request)
    form = await request.form()
    ticket = await visible_ticket(ports, who, number)
    agreed, reason = form.get("do") == "confirm", str(form.get("reason", ""))[:200].strip()
    try:
        await ports.escalation.decide(ticket, who, agreed=agreed, reason=reason)
    except REFUSALS as error:
        return await _page(request, Typed(), refusal=error)
    return RedirectResponse("/rosters", 303)


async def _page(request: Request, typed: Typed, refusal: HubError | None = None) -> Response:
    visit = await visit_of(request)
    ports, words = visit.ports, visit.words
    now, problems = ports.clock.now(), getattr(refusal, "problems", {})
    said = [words(f"roster.wrong_{field}") for field in problems]
    if refusal is not None and not said:
        said = [words.of(refusal.texts)]
    return show(
        visit,
        "rosters.html",
        status=422 if refusal else 200,
        cards=[_card(visit, each) for each in ports.rosters.rosters()],
        substitutes=[_row(each, words) for each in _current(visit, now)],
        proposals=_proposals(visit),
        rosters=[(each.name, words.of(each.title)) for each in ports.rosters.rosters()],
        people=ports.rosters.people(),
        typed=typed,
        hours=HOURS,
        message=" ".join(said),
    )


def _card(visit: Visit, roster: Roster) -> RosterCard:
    now = visit.page.now
    end = start_of_day(day_number(now) + WEEK)
    rows = [
        _line(each, visit.words) for each in visit.ports.rosters.stretches(roster.name, now, end)
    ]
    holes = sum(row.is_hole for row in rows)
    return RosterCard(title=visit.words.of(roster.title), now=rows[0], rows=rows, holes=holes)


def _line(stretch: Stretch, words: Words) -> StretchRow:
    people = words("punct.list").join(stretch.on.people)
    return StretchRow(
        start=day_and_time(stretch.start),
        end=day_and_time(stretch.end),
        people=people or words("roster.nobody"),
        why=words.of(stretch.on.reason),
        is_hole=not people,
    )


def _current(visit: Visit, now: float) -> list[Substitute]:
    return [each for each in visit.ports.rosters.substitutes() if each.until > now]


def _row(each: Substitute, words: Words) -> SubstituteRow:
    kind = ("for" if each.by else "away") if each.out else "too"
    return SubstituteRow(
        id=each.id,
        roster=each.roster,
        who=words(f"roster.is_{kind}", out=each.out, by=each.by),
        start=day_and_time(each.start),
        end=day_and_time(each.end),
        actor=each.actor,
        reason=each.reason,
    )


def _proposals(visit: Visit) -> list[ProposalRow]:
    escalation, words = visit.ports.escalation, visit.words
    rows = []
    for ticket in escalation.proposals(visit.who):
        outlook = escalation.outlook(ticket)
        rung = words.of(outlook.name) if outlook else ""
        rows.append(ProposalRow(number=ticket.number, title=words.of(ticket.title), rung=rung))
    return rows


def _read(form: FormData) -> Typed:
    hours = str(form.get("hours", ""))
    names = ("roster", "out", "by", "reason", "start")
    return Typed(
        **{name: str(form.get(name, ""))[:200].strip() for name in names},
        hours=int(hours) if hours in map(str, HOURS) else USUAL,
    )


def _wish(typed: Typed, now: float) -> SubstituteWish:
    try:
        start = from_rfc3339(typed.start) if typed.start else now
    except ValueError:
        problems = {"start": "not an instant"}
        raise InvalidRequestError("The substitute does not fit.", problems=problems) from None
    return SubstituteWish(
        roster=typed.roster,
        start=start,
        end=start + typed.hours * HOUR,
        out=typed.out,
        by=typed.by,
        reason=typed.reason,
    )


CALLS = (
    Call(
        method="GET",
        path="/rosters",
        answer=duty_page,
        roles=LEADERS,
        operation="showRosters",
        about="Rosters, substitutes and proposals",
    ),
    Call(
        method="POST",
        path="/substitutes",
        answer=put_by_form,
        roles=LEADERS,
        operation="putSubstituteByForm",
        about="Puts a substitute in a roster",
    ),
    Call(
        method="POST",
        path="/substitutes/{substitute}/end",
        answer=end_by_form,
        roles=LEADERS,
        operation="endSubstituteByForm",
        about="Ends a substitute",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/escalation",
        answer=decide_by_form,
        roles=LEADERS,
        operation="decideEscalationByForm",
        about="Confirms or declines a proposed rung",
    ),
)
