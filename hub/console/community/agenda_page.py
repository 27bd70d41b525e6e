"""The pages of the joint meeting (联席会议议事清单): its agenda, its decisions, and the paper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call, forms
from hub.console.frame.page import LEADERS, Visit, show, visit_of
from hub.console.live.reading import subject_name
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Role
from hub.model.agenda import Decision, Matter, MatterKind, Meeting
from hub.model.instant import from_rfc3339, to_local_text
from hub.ports.community import DecisionWish
from hub.services.reports.label_book import path_words

READERS = LEADERS | {Role.GRID_WORKER}
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError)
TIMES, DAYS = (2, 3, 5, 10), (7, 30, 90, 365)
END_OF_DAY = "T23:59:59"


class MatterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A matter in words, with what was decided about it."""

    number: int
    id: str
    title: str
    where: str
    why: str
    tickets: tuple[str, ...]
    project: str
    decisions: tuple[tuple[Decision, str, bool], ...] = ()
    """Each with its day, and whether it is late."""


async def agenda_page(request: Request, times: str = "3", days: str = "30") -> Response:
    """Show what a meeting of today has to talk about, and the meetings so far."""
    return await _agenda(request, _among(times, TIMES, 3), _among(days, DAYS, 30))


async def convene_by_form(request: Request) -> Response:
    """Call a meeting with the agenda of now."""
    form, who = await request.form(), await identity_of(request)
    times = _among(str(form.get("times", "")), TIMES, 3)
    days = _among(str(form.get("days", "")), DAYS, 30)
    try:
        held = _day(str(form.get("held_at", "")), "T00:00:00", "held_at")
        made = await ports_of(request).agenda.convene(held, who, times=times, days=days)
    except REFUSALS as error:
        return await _agenda(request, times, days, error)
    return RedirectResponse(f"/meetings/{made.id}", 303)


async def meeting_page(request: Request, meeting: str) -> Response:
    """Show a meeting; on paper it is the list to talk along."""
    return await _meeting(request, meeting)


async def decide_by_form(request: Request, meeting: str) -> Response:
    """Write a decision down."""
    form, who = await request.form(), await identity_of(request)
    said = {name: str(form.get(name, "")) for name in ("matter", "text", "body", "by")}
    try:
        wish = DecisionWish(
            matter=said["matter"],
            text=said["text"],
            body=said["body"],
            by=_day(said["by"], END_OF_DAY, "by"),
        )
        await ports_of(request).agenda.decide(meeting, wish, who)
    except REFUSALS as error:
        return await _meeting(request, meeting, error, said)
    return RedirectResponse(f"/meetings/{meeting}", 303)


async def carry_out_by_form(request: Request, meeting: str, decision: str) -> Response:
    """Note how a decision was carried out."""
    form, who = await request.form(), await identity_of(request)
    result = str(form.get("result", ""))
    try:
        await ports_of(request).agenda.carry_out(meeting, decision, result, who)
    except REFUSALS as error:
        return await _meeting(request, meeting, error)
    return RedirectResponse(f"/meetings/{meeting}", 303)


def _among(text: str, choices: tuple[int, ...], usual: int) -> int:
    return int(text) if text in map(str, choices) else usual


def _day(text: str, hour: str, field: str) -> float:
    try:
        return from_rfc3339(date.fromisoformat(text).isoformat() + hour)
    except ValueError:
        raise InvalidRequestError(
            f"{field}: choose a day", problems={field: "choose a day"}, zh="请选日期。"
        ) from None


async def _agenda(
    request: Request, times: int, days: int, refusal: HubError | None = None
) -> Response:
    visit = await visit_of(request)
    office = visit.ports.agenda
    found = await office.agenda(visit.who, times=times, days=days)
    meetings = [
        (each.id, to_local_text(each.held_at)[:10], len(each.matters), len(each.decisions))
        for each in office.meetings(visit.who)
    ]
    return show(
        visit,
        "agenda.html",
        status=422 if refusal else 200,
        groups=_groups(found, None, visit),
        count=len(found),
        meetings=meetings,
        times=times,
        days=days,
        all_times=TIMES,
        all_days=DAYS,
        today=to_local_text(visit.page.now)[:10],
        leads=visit.who.role in LEADERS,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


async def _meeting(
    request: Request,
    meeting: str,
    refusal: HubError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    visit = await visit_of(request)
    found = visit.ports.agenda.meeting(meeting, visit.who)
    return show(
        visit,
        "meeting.html",
        status=422 if refusal else 200,
        meeting=found,
        day=to_local_text(found.held_at)[:10],
        groups=_groups(found.matters, found, visit),
        leads=visit.who.role in LEADERS,
        typed=typed or {},
        today=to_local_text(visit.page.now)[:10],
        printed=to_local_text(visit.page.now),
        message=visit.words.of(refusal.texts) if refusal else "",
    )


def _groups(
    matters: Iterable[Matter], meeting: Meeting | None, visit: Visit
) -> list[tuple[str, list[MatterRow]]]:
    """Return the matters by kind, numbered through."""
    groups: dict[MatterKind, list[MatterRow]] = {}
    for number, matter in enumerate(matters, start=1):
        groups.setdefault(matter.kind, []).append(_row(number, matter, meeting, visit))
    return [(visit.words.name("matter", kind), rows) for kind, rows in groups.items()]


def _row(number: int, matter: Matter, meeting: Meeting | None, visit: Visit) -> MatterRow:
    live, now = visit.ports.live, visit.page.now
    is_device = live.device(matter.subject) is not None
    place = path_words(matter.place, live.places())
    decided = meeting.decided(matter.id) if meeting else ()
    return MatterRow(
        number=number,
        id=matter.id,
        title=visit.words.of(matter.title),
        where=subject_name(matter.subject, live) if is_device else place,
        why=visit.words.of(matter.why),
        tickets=matter.tickets,
        project=matter.project,
        decisions=tuple((d, to_local_text(d.by)[:10], d.is_late(now)) for d in decided),
    )


CALLS = (
    Call(
        method="GET",
        path="/agenda",
        answer=agenda_page,
        roles=READERS,
        operation="showAgenda",
        about="The agenda of the joint meeting",
    ),
    Call(
        method="GET",
        path="/meetings/{meeting}",
        answer=meeting_page,
        roles=READERS,
        operation="showMeeting",
        about="One joint meeting",
    ),
    *forms(
        LEADERS,
        ("/meetings", convene_by_form, "conveneByForm", "Calls a joint meeting"),
        ("/meetings/{meeting}/decisions", decide_by_form, "decideByForm", "Writes a decision down"),
        (
            "/meetings/{meeting}/decisions/{decision}",
            carry_out_by_form,
            "carryOutByForm",
            "Notes how a decision was carried out",
        ),
    ),
)
