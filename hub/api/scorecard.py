"""Calls about the scorecard (综合评价): a month's result, and the scores that are typed."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_scorecard as shape
from hub.api.paging import json_response
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.model.instant import to_rfc3339
from hub.model.scorecard import Line, Result
from hub.ports.scorecard import ScoreWish

Month = Annotated[str, Query(max_length=7, description="such as 2026-11; the present one if none")]


class ScoreBody(msgspec.Struct, frozen=True, kw_only=True):
    """A score from 0 to 100, and who at street or community has given it."""

    month: str
    criterion: str
    value: float
    giver: str
    why: str = ""


async def read_scorecard(request: Request, month: Month = "") -> Response:
    """Return a month's result as of now."""
    found = await ports_of(request).scorecard.result(month, await identity_of(request))
    return json_response(_write(found))


async def give_score(request: Request) -> Response:
    """Type a score; a second one takes the place of the first, and both are in the journal."""
    body = read_struct(await request.body(), ScoreBody)
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        wish = ScoreWish(**msgspec.structs.asdict(body))
        return json_response(_write(await ports.scorecard.give(wish, who)), 201)

    return await once(request, who, act)


def _write(result: Result) -> dict[str, Any]:
    lines = [_line(each) for each in result.lines]
    return {"month": result.month, "lines": lines, "total": result.total}


def _line(line: Line) -> dict[str, Any]:
    given = line.given
    told = {"giver": given.giver, "why": given.why, "actor": given.actor} if given else {}
    return {
        **msgspec.structs.asdict(line.criterion),
        "score": line.score,
        "points": line.points,
        "given": {**told, "at": to_rfc3339(given.at)} if given else None,
        "rows": line.rows,
    }


CALLS = (
    Call(
        method="GET",
        path="/scorecard",
        answer=read_scorecard,
        roles=LEADERS,
        operation="readScorecard",
        about="A month's result by the site's scorecard",
        shows=shape.Scorecard,
    ),
    Call(
        method="POST",
        path="/scorecard/scores",
        answer=give_score,
        roles=ADMINISTRATORS,
        operation="giveScore",
        about="Type a score of street, community or residents",
        body=ScoreBody,
        shows=shape.Scorecard,
        statuses=(201,),
        problems=(404,),
    ),
)
