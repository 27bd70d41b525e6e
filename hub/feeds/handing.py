"""`POST /grid/v1/incidents`: work that a platform hands down, filed under its number at once."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Request, Response
from msgspec import Meta

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.errors import InvalidRequestError
from hub.feeds.actions import RECEIVERS, Name, Words, read_instant
from hub.feeds.case import describe_own, read_case, receiver_of
from hub.feeds.shape import HandedAnswer
from hub.model.access import Identity
from hub.model.alarm import ReportWhen
from hub.model.case import Case, CaseAction, CaseOutcome, CaseState, CaseStep
from hub.model.trouble import OTHER, troubles_of
from hub.model.whistle import Filed, Reporter, Source, Target
from hub.ports.whistle import Said


class HandedBody(msgspec.Struct, frozen=True, kw_only=True):
    """Work for the community: its `number` at the platform, and the platform's own instant `at`.

    `device` is an id of the site's books, or `place` a path; `category` is what is wrong there,
    `text` the platform's words to the crew. `test` makes it a drill: apart from all else, and
    marked wherever it is told.
    """

    number: Annotated[Name, Meta(min_length=1)]
    at: str
    revision: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    device: Annotated[str, Meta(max_length=200)] = ""
    place: Annotated[str, Meta(max_length=200)] = ""
    category: Annotated[str, Meta(max_length=40)] = OTHER
    text: Words = ""
    test: bool = False


async def hand_down(request: Request) -> Response:
    """Open a ticket, or join the one that is known, and file it under the platform's number.

    The same number again is the same incident, whatever key it comes with: 200 instead of 201.
    """
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        body = read_struct(await request.body(), HandedBody)
        step = CaseStep(
            do=CaseAction.FILE,
            receiver=receiver_of(who),
            at=read_instant(body.at, "at"),
            revision=body.revision,
            number=body.number,
        )
        filed, outcome = await hand(ports, who, body, step)
        answer = {
            "incident": filed.report.ticket,
            "joined": filed.report.joined,
            "applied": outcome.applied,
            "case": describe_own(outcome.case),
        }
        status = 201 if filed.fresh else 200
        return Response(msgspec.json.encode(answer), status, media_type="application/json")

    return await once(request, who, act)


async def hand(
    ports: WebPorts, who: Identity, body: HandedBody, step: CaseStep
) -> tuple[Filed, CaseOutcome]:
    """Open a ticket for work that is handed down, or join the one that is known, and file it.

    Raises InvalidRequestError for a place, device or category that there is not.
    """
    said = Said(
        key=f"{step.receiver}\n{body.number}",
        source=Source.GRID,
        category=body.category,
        target=_target(ports, who, body),
        reporter=Reporter(text=body.text),
        apart=body.test,
        test=body.test,
    )
    filed = (await ports.whistle.file_for(said, who)).filed
    case = await read_case(ports.books, step.receiver, filed.report.ticket)
    if not await _is_free(ports, case, filed.report.ticket, body.number):
        # What is known there is no incident of this platform's, or has a number of it already.
        own = msgspec.structs.replace(said, key=f"{said.key}\napart", apart=True)
        filed = (await ports.whistle.file_for(own, who)).filed
        case = await read_case(ports.books, step.receiver, filed.report.ticket)
    if case.number == body.number and case.state is not CaseState.REPORTED:
        return filed, CaseOutcome(case=case, applied=False)
    return filed, await ports.desk.act_on_incident(filed.report.ticket, step)


async def _is_free(ports: WebPorts, case: Case, ticket: str, number: str) -> bool:
    return await is_incident(ports, ticket) and case.number in {"", number}


async def is_incident(ports: WebPorts, number: str) -> bool:
    """Tell whether platforms see a ticket by now."""
    found = await ports.books.ticket(number)
    return found is not None and found.report is ReportWhen.AT_ONCE and not found.discreet


def _target(ports: WebPorts, who: Identity, body: HandedBody) -> Target:
    """Return what it is about; raises InvalidRequestError with the field and its choices."""
    field = "device" if body.device else "place"
    target = ports.whistle.find_subject(body.device or body.place)
    if target is None or not who.may_see(target.place):
        problem = f"there is no such {field} of yours: {body.device or body.place!r}"
        raise InvalidRequestError(f"{field}: {problem}.", problems={field: problem})
    choices = [each.id for each in troubles_of(target.kind)]
    if body.category not in choices:
        problem = f"{body.category!r} is none of: {', '.join(choices)}"
        raise InvalidRequestError(f"category: {problem}.", problems={"category": problem})
    return target


CALLS = (
    Call(
        method="POST",
        path="/incidents",
        answer=hand_down,
        roles=RECEIVERS,
        operation="handDown",
        about="Hand work down to the community",
        body=HandedBody,
        shows=HandedAnswer,
        statuses=(200, 201),
    ),
)
