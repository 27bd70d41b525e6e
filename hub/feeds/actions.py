"""`POST /grid/v1/incidents/{incident}/actions`: what a receiver says that it has done."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Request, Response
from msgspec import Meta

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.errors import InvalidRequestError
from hub.feeds.case import describe_own, hide_words, no_incident, receiver_of
from hub.feeds.shape import ActionAnswer
from hub.model.access import Role
from hub.model.case import CaseAction, CaseStep
from hub.model.instant import LATEST, from_rfc3339

RECEIVERS = frozenset({Role.GRID})

Name = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[str, Meta(max_length=500)]


class ActionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver has done, at its own instant `at` (RFC 3339).

    `revision` is its own count of its changes, where it counts; `number` its own number of the
    case, `to` whom it dispatched to, `until` how long an extension is asked for, `granted` the
    decision on one. `receiver` names the department whose extension is decided on, where that is
    not the asker's own.
    """

    do: CaseAction
    at: str
    revision: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    number: Name = ""
    to: Name = ""
    reason: Words = ""
    text: Words = ""
    until: str = ""
    granted: bool | None = None
    receiver: Name = ""


async def act_on_incident(request: Request, incident: str) -> Response:
    """Take one step of the asker's case; an older one answers with the case in force."""
    ports, who = ports_of(request), await identity_of(request)
    ticket = await ports.books.ticket(incident)
    if ticket is None or not who.may_see(ticket.place):
        raise no_incident(incident)

    async def act() -> Response:
        step = read_step(await request.body(), receiver_of(who))
        outcome = await ports.desk.act_on_incident(incident, step)
        case = hide_words(outcome.case) if step.by else outcome.case
        shown = {"applied": outcome.applied, "case": describe_own(case)}
        return Response(msgspec.json.encode(shown), media_type="application/json")

    return await once(request, who, act)


def read_step(body: bytes, receiver: str) -> CaseStep:
    """Read a step strictly, or raise InvalidRequestError with the field and its choices."""
    given = read_struct(body, ActionBody)
    fields: dict[str, Any] = msgspec.structs.asdict(given)
    fields["at"] = read_instant(given.at, "at")
    fields["until"] = read_instant(given.until, "until") if given.until else None
    fields["receiver"] = given.receiver or receiver
    fields["by"] = receiver if fields["receiver"] != receiver else ""
    return CaseStep(**fields)


def read_instant(text: str, field: str) -> float:
    """Read an instant, or raise InvalidRequestError that names its field."""
    try:
        instant = from_rfc3339(text)
    except ValueError:
        instant = 0.0
    if 0 < instant < LATEST:
        return instant
    raise InvalidRequestError(
        f"{field}: {text!r} is no instant; write 2026-11-24T08:00:00+08:00.",
        problems={field: "not an instant; write 2026-11-24T08:00:00+08:00"},
    )


CALLS = (
    Call(
        method="POST",
        path="/incidents/{incident}/actions",
        answer=act_on_incident,
        roles=RECEIVERS,
        operation="actOnIncident",
        about="Say what the receiver has done with an incident",
        body=ActionBody,
        shows=ActionAnswer,
    ),
)
