"""The pages of inspections (巡查): what is due, what was walked, and the routes behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call, forms
from hub.console.community.inspection_sheet import (
    count_rows,
    plan_rows,
    round_rows,
    schedule_words,
    stop_rows,
)
from hub.console.devices.window_page import place_choices
from hub.console.frame.page import LEADERS, STAFF, Visit, show, visit_of
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.model.inspection import Inspection, Rhythm
from hub.model.trouble import TROUBLES
from hub.ports.community import InspectionWish, StopWish
from hub.services.community.inspection_count import count_rounds
from hub.services.community.inspection_form import clock, wish_of

DAYS = 30
DAY = 86_400.0
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError)
"""What is told on the page; everything else is for the page of errors."""
FIELDS = ("title", "team", "every", "day", "at", "hours")
STOP_FIELDS = ("subject", "place", "thing", "checks", "category")
EMPTY = {"title": "", "team": "", "every": "week", "day": "1", "at": "08:00", "hours": "10"}
Change = Callable[[InspectionWish], InspectionWish]


async def list_page(request: Request) -> Response:
    """Show the rounds that are due, those of the last 30 days, and the inspections."""
    return await _list(request, EMPTY)


async def plan_by_form(request: Request) -> Response:
    """Plan an inspection; what does not fit is told above the form, which keeps what was typed."""
    ports, who = ports_of(request), await identity_of(request)
    typed = _typed(await request.form())
    try:
        planned = await ports.inspections.plan(_read(typed, ()), who)
    except REFUSALS as error:
        return await _list(request, typed, refusal=error)
    return RedirectResponse(f"/inspections/{planned.id}", 303)


async def inspection_page(request: Request, inspection: str) -> Response:
    """Show one inspection, and how it is changed."""
    return await _one(request, inspection)


async def change_by_form(request: Request, inspection: str) -> Response:
    """Change name, team and schedule."""
    typed = _typed(await request.form())

    def change(before: InspectionWish) -> InspectionWish:
        return _read(typed, before.stops)

    return await _change(request, inspection, change, typed)


async def add_stop_by_form(request: Request, inspection: str) -> Response:
    """Add a stop at the end of the route."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:2000].strip() for name in STOP_FIELDS}

    def change(before: InspectionWish) -> InspectionWish:
        stop = StopWish(
            subject=typed["subject"] or typed["place"],
            thing=typed["thing"],
            checks=tuple(line.strip() for line in typed["checks"].splitlines() if line.strip()),
            category=typed["category"],
        )
        return msgspec.structs.replace(before, stops=(*before.stops, stop))

    return await _change(request, inspection, change, typed)


async def change_stop_by_form(request: Request, inspection: str, stop: str) -> Response:
    """Take a stop out, or put it before the one in front of it."""
    do = str((await request.form()).get("do", ""))

    def change(before: InspectionWish) -> InspectionWish:
        stops = list(before.stops)
        place = next((at for at, each in enumerate(stops) if each.id == stop), None)
        if place is None:
            raise NotFoundError(f"there is no stop {stop!r}", zh="没有这一站。")
        taken = stops.pop(place)
        if do == "up":
            stops.insert(max(0, place - 1), taken)
        return msgspec.structs.replace(before, stops=tuple(stops))

    return await _change(request, inspection, change, {})


async def end_by_form(request: Request, inspection: str) -> Response:
    """End an inspection."""
    ports, who = ports_of(request), await identity_of(request)
    try:
        await ports.inspections.end(inspection, who)
    except ConflictError as error:
        return await _one(request, inspection, refusal=error)
    return RedirectResponse("/inspections", 303)


async def _change(
    request: Request, inspection: str, change: Change, typed: dict[str, str]
) -> Response:
    office, who = ports_of(request).inspections, await identity_of(request)
    before = office.inspection(inspection, who)
    try:
        wish = change(wish_of(before))
        await office.change(inspection, wish, who, version=before.revision)
    except REFUSALS as error:
        return await _one(request, inspection, typed, refusal=error)
    return RedirectResponse(f"/inspections/{inspection}", 303)


async def _list(
    request: Request, typed: dict[str, str], refusal: HubError | None = None
) -> Response:
    visit = await visit_of(request)
    office, now = visit.ports.inspections, visit.page.now
    rounds = office.rounds(visit.who, since=now - DAYS * DAY)
    ended = [each for each in rounds if not each.is_open]
    return show(
        visit,
        "inspections.html",
        status=422 if refusal else 200,
        due=round_rows([each for each in rounds if each.is_open][::-1], visit),
        ended=round_rows(ended, visit),
        counts=count_rows(count_rounds(rounds, now - DAYS * DAY, now + 1), visit),
        plans=plan_rows(office.inspections(visit.who), visit),
        days=DAYS,
        leads=visit.who.role in LEADERS,
        typed=EMPTY | typed,
        message=_say(visit, refusal),
        rhythms=tuple(Rhythm),
        teams=_teams(visit),
    )


async def _one(
    request: Request,
    inspection: str,
    typed: dict[str, str] | None = None,
    refusal: HubError | None = None,
) -> Response:
    visit = await visit_of(request)
    found = visit.ports.inspections.inspection(inspection, visit.who)
    return show(
        visit,
        "inspection.html",
        status=422 if refusal else 200,
        inspection=found,
        schedule=schedule_words(found.schedule, visit.words),
        stops=stop_rows(found.stops, visit),
        typed=_typed_of(found) | dict.fromkeys(STOP_FIELDS, "") | (typed or {}),
        places=place_choices(visit.ports.live, visit.who),
        categories=[(each.id, visit.words.of(each.texts)) for each in TROUBLES],
        may_plan=visit.who.role in LEADERS and found.ended_at is None,
        message=_say(visit, refusal),
        rhythms=tuple(Rhythm),
        teams=_teams(visit),
    )


def _teams(visit: Visit) -> list[tuple[str, str]]:
    return [(each.name, visit.words.of(each.title)) for each in visit.ports.rosters.rosters()]


def _typed(form: FormData) -> dict[str, str]:
    return {name: str(form.get(name, ""))[:200].strip() for name in FIELDS}


def _typed_of(inspection: Inspection) -> dict[str, str]:
    schedule = inspection.schedule
    return {
        "title": inspection.title,
        "team": inspection.team,
        "every": schedule.every.value,
        "day": str(schedule.day),
        "at": clock(schedule.at),
        "hours": f"{schedule.hours:g}",
    }


def _read(typed: dict[str, str], stops: Sequence[StopWish]) -> InspectionWish:
    """Read the form; what is no number is 0, which the office refuses by the field's name."""
    every = typed["every"] if typed["every"] in set(Rhythm) else Rhythm.WEEK.value
    day, hours = typed["day"], typed["hours"]
    return InspectionWish(
        title=typed["title"],
        team=typed["team"],
        every=Rhythm(every),
        day=int(day) if day.isascii() and day.isdigit() else 0,
        at=typed["at"][:5],
        hours=float(hours) if hours.replace(".", "", 1).isdecimal() and hours.isascii() else 0.0,
        stops=tuple(stops),
    )


def _say(visit: Visit, refusal: HubError | None) -> str:
    return visit.words.of(refusal.texts) if refusal else ""


CALLS = (
    Call(
        method="GET",
        path="/inspections",
        answer=list_page,
        roles=STAFF,
        operation="showInspections",
        about="Rounds that are due, and inspections",
    ),
    Call(
        method="GET",
        path="/inspections/{inspection}",
        answer=inspection_page,
        roles=STAFF,
        operation="showInspection",
        about="One inspection",
    ),
    *forms(
        LEADERS,
        ("/inspections", plan_by_form, "planInspectionByForm", "Plans an inspection"),
        (
            "/inspections/{inspection}",
            change_by_form,
            "changeInspectionByForm",
            "Changes an inspection",
        ),
        ("/inspections/{inspection}/stops", add_stop_by_form, "addStopByForm", "Adds a stop"),
        (
            "/inspections/{inspection}/stops/{stop}",
            change_stop_by_form,
            "changeStopByForm",
            "Takes a stop out, or moves it",
        ),
        ("/inspections/{inspection}/end", end_by_form, "endInspectionByForm", "Ends an inspection"),
    ),
)
