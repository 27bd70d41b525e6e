"""Calls about the joint meeting (联席会议): its agenda, and what it decides."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_agenda as shape
from hub.api.agenda_workbook import write_agenda
from hub.api.figures import SHEET
from hub.api.paging import instant, json_response, page
from hub.api.rights import LEADERS
from hub.api.shape import Page
from hub.model.access import Role
from hub.model.agenda import Decision, Matter, Meeting
from hub.model.instant import day_number, start_of_day, to_rfc3339
from hub.ports.community import DecisionWish

READERS = LEADERS | {Role.GRID_WORKER}
MOST_TIMES, MOST_DAYS = 100, 366


def _repeated(
    times: Annotated[int, Query(ge=2, le=MOST_TIMES, description="tickets of one fault")] = 3,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="within so many days")] = 30,
) -> dict[str, int]:
    return {"times": times, "days": days}


Repeated = Annotated[dict[str, int], Depends(_repeated)]


class MeetingBody(msgspec.Struct, frozen=True, kw_only=True):
    """The day of a meeting (RFC 3339), and from when on a fault is repeated."""

    held_at: str
    times: Annotated[int, msgspec.Meta(ge=2, le=MOST_TIMES)] = 3
    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = 30


class DecisionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is done about a matter, by which body, until when (RFC 3339)."""

    matter: str
    text: str
    body: str
    by: str


class ResultBody(msgspec.Struct, frozen=True, kw_only=True):
    """How a decision was carried out."""

    result: str


async def read_agenda(request: Request, repeated: Repeated) -> Response:
    """Collect what a meeting of today has to talk about."""
    ports, who = ports_of(request), await identity_of(request)
    found = await ports.agenda.agenda(who, **repeated)
    return page([_matter(each) for each in found], None)


async def list_meetings(request: Request) -> Response:
    """List the meetings, newest first."""
    ports, who = ports_of(request), await identity_of(request)
    now = ports.clock.now()
    return page([write_meeting(each, now) for each in ports.agenda.meetings(who)], None)


async def read_meeting(request: Request, meeting: str) -> Response:
    """Read a meeting with its agenda and its decisions."""
    ports, who = ports_of(request), await identity_of(request)
    return json_response(write_meeting(ports.agenda.meeting(meeting, who), ports.clock.now()))


async def convene_meeting(request: Request) -> Response:
    """Call a meeting; its agenda is what is collected now, and stays so."""
    body = read_struct(await request.body(), MeetingBody)
    ports, who = ports_of(request), await identity_of(request)
    held = start_of_day(day_number(instant(body.held_at, "held_at", ports.clock.now())))

    async def act() -> Response:
        office = ports.agenda
        made = await office.convene(held, who, times=body.times, days=body.days)
        return json_response(write_meeting(made, ports.clock.now()), 201)

    return await once(request, who, act)


async def decide(request: Request, meeting: str) -> Response:
    """Write down what was decided about a matter; its tickets name it from then on."""
    body = read_struct(await request.body(), DecisionBody)
    ports, who = ports_of(request), await identity_of(request)
    wish = DecisionWish(
        matter=body.matter, text=body.text, body=body.body, by=instant(body.by, "by", 0.0)
    )

    async def act() -> Response:
        after = await ports.agenda.decide(meeting, wish, who)
        return json_response(write_meeting(after, ports.clock.now()), 201)

    return await once(request, who, act)


async def carry_out(request: Request, meeting: str, decision: str) -> Response:
    """Note how a decision was carried out."""
    body = read_struct(await request.body(), ResultBody)
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        after = await ports.agenda.carry_out(meeting, decision, body.result, who)
        return json_response(write_meeting(after, ports.clock.now()))

    return await once(request, who, act)


async def export_meeting(request: Request, meeting: str) -> Response:
    """Return a meeting as a spreadsheet: a row for each matter and decision."""
    ports, who = ports_of(request), await identity_of(request)
    found = ports.agenda.meeting(meeting, who)
    body = await asyncio.to_thread(write_agenda, found, ports.live.places())
    headers = {"content-disposition": f'attachment; filename="meeting-{found.id}.xlsx"'}
    return Response(body, media_type=SHEET, headers=headers)


def write_meeting(meeting: Meeting, now: float) -> dict[str, Any]:
    """Write a meeting as of an instant."""
    return {
        "id": meeting.id,
        "held_at": to_rfc3339(meeting.held_at),
        "place": meeting.place,
        "matters": [_matter(each) for each in meeting.matters],
        "decisions": [_decision(each, now) for each in meeting.decisions],
        "actor": meeting.actor,
        "at": to_rfc3339(meeting.at),
    }


def _matter(matter: Matter) -> dict[str, Any]:
    return {**msgspec.structs.asdict(matter), "since": to_rfc3339(matter.since)}


def _decision(decision: Decision, now: float) -> dict[str, Any]:
    body = msgspec.structs.asdict(decision)
    times = {name: to_rfc3339(body[name]) for name in ("by", "at", "done_at")}
    return {**body, **times, "late": decision.is_late(now)}


CALLS = (
    Call(
        method="GET",
        path="/agenda",
        answer=read_agenda,
        roles=READERS,
        operation="readAgenda",
        about="What a joint meeting of today has to talk about",
        shows=Page[shape.Matter],
    ),
    Call(
        method="GET",
        path="/meetings",
        answer=list_meetings,
        roles=READERS,
        operation="listMeetings",
        about="Joint meetings",
        shows=Page[shape.Meeting],
    ),
    Call(
        method="POST",
        path="/meetings",
        answer=convene_meeting,
        roles=LEADERS,
        operation="conveneMeeting",
        about="Call a joint meeting",
        body=MeetingBody,
        shows=shape.Meeting,
        statuses=(201,),
    ),
    Call(
        method="GET",
        path="/meetings/{meeting}",
        answer=read_meeting,
        roles=READERS,
        operation="readMeeting",
        about="One joint meeting",
        shows=shape.Meeting,
    ),
    Call(
        method="POST",
        path="/meetings/{meeting}/decisions",
        answer=decide,
        roles=LEADERS,
        operation="decideMatter",
        about="Write a decision down",
        body=DecisionBody,
        shows=shape.Meeting,
        statuses=(201,),
    ),
    Call(
        method="POST",
        path="/meetings/{meeting}/decisions/{decision}",
        answer=carry_out,
        roles=LEADERS,
        operation="carryOutDecision",
        about="Note how a decision was carried out",
        body=ResultBody,
        shows=shape.Meeting,
    ),
    Call(
        method="GET",
        path="/meetings/{meeting}/workbook",
        answer=export_meeting,
        roles=READERS,
        operation="exportMeeting",
        about="A joint meeting as a spreadsheet (XLSX)",
        shows=str,
        media=SHEET,
    ),
)
