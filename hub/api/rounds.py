"""Calls about rounds of inspections: which are due, what was seen, and how many were walked."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import HEADER, once
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.api import shape_of_inspections as shape
from hub.api.paging import Instant, instant, json_response, page
from hub.api.rights import STAFF
from hub.api.shape import Page
from hub.errors import NotFoundError
from hub.model.access import Identity
from hub.model.inspection import Answer, Round, Verdict
from hub.model.instant import to_rfc3339
from hub.ports.community import Seen
from hub.services.community.finding import say_finding
from hub.services.community.inspection_count import count_rounds
from hub.services.community.patrol import find_stop

USUAL = 30 * 86_400.0
"""Seconds back from now, where nothing else is asked."""


class AnswerBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen at a stop of a round.

    A finding names the `check` that failed and its `category` of trouble; `join` is the ticket
    that is meant, or `apart` where none of the known ones is.
    """

    stop: str
    verdict: Verdict
    check: str = ""
    category: str = ""
    text: str = ""
    join: str = ""


async def list_rounds(request: Request, start: Instant = "") -> Response:
    """List the rounds that came due since `start`, newest first; the last 30 days otherwise."""
    ports, who = ports_of(request), await identity_of(request)
    since = instant(start, "start", ports.clock.now() - USUAL)
    return page([write_round(each) for each in ports.inspections.rounds(who, since=since)], None)


async def read_round(request: Request, walk: str) -> Response:
    """Read one round with what was seen."""
    ports, who = ports_of(request), await identity_of(request)
    return json_response(write_round(ports.inspections.round(walk, who)))


async def answer_stop(request: Request, walk: str) -> Response:
    """Say what was seen at a stop; a finding is a ticket, a known one where it is the same."""
    body = read_struct(await request.body(), AnswerBody)
    ports, who = ports_of(request), await identity_of(request)
    key = request.headers.get(HEADER, "") or secrets.token_hex(16)
    seen = _seen(ports, who, ports.inspections.round(walk, who), body, key)

    async def act() -> Response:
        walked = await ports.inspections.answer(seen, who)
        told = {"ticket": walked.ticket, "joined": walked.joined, "round": write_round(walked.walk)}
        return json_response(told, 201)

    return await once(request, who, act)


async def finish_round(request: Request, walk: str) -> Response:
    """Finish a round that has an answer for every stop."""
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        return json_response(write_round(await ports.inspections.finish(walk, who)))

    return await once(request, who, act)


async def count_all_rounds(request: Request, start: Instant = "", end: Instant = "") -> Response:
    """Count the rounds that ended in a span by team, the last 30 days otherwise."""
    ports, who = ports_of(request), await identity_of(request)
    until = instant(end, "end", ports.clock.now() + 1)
    since = instant(start, "start", until - USUAL)
    return page(list(count_rounds(ports.inspections.rounds(who), since, until)), None)


def _seen(ports: WebPorts, who: Identity, walk: Round, body: AnswerBody, key: str) -> Seen:
    stop = find_stop(walk, body.stop)
    seen = Seen(walk=walk.id, stop=stop.id, verdict=body.verdict, check=body.check)
    if body.verdict is Verdict.FINE:
        return seen
    target = ports.whistle.find_subject(stop.subject)
    if target is None:
        raise NotFoundError(f"there is no {stop.subject!r} any more", zh="这一站的设备已经没有了。")
    said = say_finding(
        stop,
        target,
        key=key,
        check=body.check,
        category=body.category,
        text=body.text,
        join=body.join,
    )
    return msgspec.structs.replace(seen, wish=ports.whistle.prepare(said, who))


def write_round(walk: Round) -> dict[str, Any]:
    """Write a round."""
    return {
        "id": walk.id,
        "inspection": walk.inspection,
        "title": walk.title,
        "team": walk.team,
        "place": walk.place,
        "state": walk.state,
        "due_from": to_rfc3339(walk.due_from),
        "due_by": to_rfc3339(walk.due_by),
        "stops": walk.stops,
        "answers": [_answer(each) for each in walk.answers],
        "left": [each.id for each in walk.left],
        "ended_at": to_rfc3339(walk.ended_at),
        "ended_by": walk.ended_by,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(answer)
    del body["report"]
    return {**body, "at": to_rfc3339(answer.at)}


CALLS = (
    Call(
        method="GET",
        path="/rounds",
        answer=list_rounds,
        roles=STAFF,
        operation="listRounds",
        about="Rounds that are due, done or missed",
        shows=Page[shape.Round],
    ),
    Call(
        method="GET",
        path="/rounds/counts",
        answer=count_all_rounds,
        roles=STAFF,
        operation="countRounds",
        about="Rounds counted by team",
        shows=Page[shape.RoundCount],
    ),
    Call(
        method="GET",
        path="/rounds/{walk}",
        answer=read_round,
        roles=STAFF,
        operation="readRound",
        about="One round",
        shows=shape.Round,
    ),
    Call(
        method="POST",
        path="/rounds/{walk}/answers",
        answer=answer_stop,
        roles=STAFF,
        operation="answerStop",
        about="Say what was seen at a stop",
        body=AnswerBody,
        shows=shape.Walked,
        statuses=(201,),
        problems=(404, 409),
    ),
    Call(
        method="POST",
        path="/rounds/{walk}/finish",
        answer=finish_round,
        roles=STAFF,
        operation="finishRound",
        about="Finish a round",
        shows=shape.Round,
        problems=(404, 409),
    ),
)
