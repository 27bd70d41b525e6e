"""Calls about surveys (满意度调查): twice a month a sample is drawn, and asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_surveys as shape
from hub.api.paging import json_response, page
from hub.api.rights import LEADERS
from hub.api.shape import Page
from hub.model.access import Role
from hub.model.instant import to_rfc3339
from hub.model.survey import Answer, Survey
from hub.ports.survey import Reply
from hub.services.community.survey import LEAST, MOST, MOST_SHEETS, count

ASKERS = LEADERS | {Role.GRID_WORKER}


class DrawBody(msgspec.Struct, frozen=True, kw_only=True):
    """How many of those whose report was settled are asked."""

    size: Annotated[int, msgspec.Meta(ge=LEAST, le=MOST)] = 30


class ReplyBody(msgspec.Struct, frozen=True, kw_only=True):
    """What one of the sample has said; without `reply` nobody was reached."""

    report: str
    reply: Reply | None = None


class SheetsBody(msgspec.Struct, frozen=True, kw_only=True):
    """How many sheets of paper were given out in all."""

    handed_out: Annotated[int, msgspec.Meta(ge=0, le=MOST_SHEETS)]


async def list_surveys(request: Request) -> Response:
    """List the surveys, newest first, each with what it comes to."""
    ports, who = ports_of(request), await identity_of(request)
    return page([_write(each) for each in ports.surveys.surveys(who)], None)


async def read_survey(request: Request, survey: str) -> Response:
    """Read one survey."""
    ports, who = ports_of(request), await identity_of(request)
    return json_response(_write(ports.surveys.survey(survey, who)))


async def draw_survey(request: Request) -> Response:
    """Draw who is asked about the last half of a month; once."""
    body = read_struct(await request.body(), DrawBody)
    ports, who = ports_of(request), await identity_of(request)
    return await _do(request, lambda: ports.surveys.draw(body.size, who), 201)


async def answer_survey(request: Request, survey: str) -> Response:
    """Note what one of the sample has said, by telephone."""
    body = read_struct(await request.body(), ReplyBody)
    ports, who = ports_of(request), await identity_of(request)
    return await _do(
        request, lambda: ports.surveys.answer(survey, body.report, body.reply, who), 201
    )


async def hand_out(request: Request, survey: str) -> Response:
    """Note how many sheets of paper were given out in all."""
    body = read_struct(await request.body(), SheetsBody)
    ports, who = ports_of(request), await identity_of(request)
    return await _do(request, lambda: ports.surveys.hand_out(survey, body.handed_out, who))


async def enter_sheet(request: Request, survey: str) -> Response:
    """Type in a sheet that has come back."""
    body = read_struct(await request.body(), Reply)
    ports, who = ports_of(request), await identity_of(request)
    return await _do(request, lambda: ports.surveys.enter(survey, body, who), 201)


async def _do(
    request: Request, change: Callable[[], Awaitable[Survey]], status: int = 200
) -> Response:
    async def act() -> Response:
        return json_response(_write(await change()), status)

    return await once(request, await identity_of(request), act)


def _write(survey: Survey) -> dict[str, Any]:
    body = msgspec.structs.asdict(survey)
    times = {name: to_rfc3339(body[name]) for name in ("start", "end", "at")}
    asked = [
        {**msgspec.structs.asdict(each), "answer": _answer(each.answer)} for each in survey.asked
    ]
    sheets = [_answer(each) for each in survey.sheets]
    return {**body, **times, "asked": asked, "sheets": sheets, "outcome": count(survey)}


def _answer(answer: Answer | None) -> dict[str, Any] | None:
    return {**msgspec.structs.asdict(answer), "at": to_rfc3339(answer.at)} if answer else None


_CHANGES = (
    ("", draw_survey, LEADERS, "drawSurvey", "Draw a survey's sample", DrawBody, 201),
    ("/{survey}/answers", answer_survey, ASKERS, "answerSurvey", "Note an answer", ReplyBody, 201),
    (
        "/{survey}/paper",
        hand_out,
        LEADERS,
        "handOutSheets",
        "Count sheets given out",
        SheetsBody,
        200,
    ),
    ("/{survey}/sheets", enter_sheet, ASKERS, "enterSheet", "Type in a sheet of paper", Reply, 201),
)
CALLS = (
    Call(
        method="GET",
        path="/surveys",
        answer=list_surveys,
        roles=ASKERS,
        operation="listSurveys",
        about="Surveys of those whose reports were settled",
        shows=Page[shape.Survey],
    ),
    Call(
        method="GET",
        path="/surveys/{survey}",
        answer=read_survey,
        roles=ASKERS,
        operation="readSurvey",
        about="One survey",
        shows=shape.Survey,
    ),
    *(
        Call(
            method="POST",
            path=f"/surveys{path}",
            answer=act,
            roles=roles,
            operation=operation,
            about=about,
            body=body,
            shows=shape.Survey,
            statuses=(status,),
            problems=(404,) if path else (),
        )
        for path, act, roles, operation, about, body, status in _CHANGES
    ),
)
