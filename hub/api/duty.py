"""Calls about rosters and escalations: who is on, what comes next, what has to be confirmed."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_duty as shape
from hub.api.paging import Instant, instant, json_response, page
from hub.api.rights import LEADERS, ONLOOKERS, STAFF, visible_ticket
from hub.api.shape import Page
from hub.errors import NotFoundError
from hub.model.climb import Outlook
from hub.model.instant import to_rfc3339
from hub.model.roster import Substitute
from hub.model.ticket import Ticket
from hub.ports import SubstituteWish

WEEK = 7 * 86_400.0


class NewSubstitute(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be put in a roster; `start` is now where it is left out, as RFC 3339."""

    roster: str
    end: str
    start: str = ""
    out: str = ""
    by: str = ""
    reason: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a rung beyond the community is called."""

    do: Literal["confirm", "decline"]
    reason: str = ""


async def list_rosters(request: Request, at: Instant = "") -> Response:
    """List the rosters with who is on now, or `at` an instant."""
    ports = ports_of(request)
    when = instant(at, "at", ports.clock.now())
    found = []
    for roster in ports.rosters.rosters():
        on = ports.rosters.on_duty(roster.name, when)
        found.append(
            {
                "name": roster.name,
                "title": roster.title,
                "at": to_rfc3339(when),
                **msgspec.to_builtins(on),
            }
        )
    return page(found, None)


async def show_roster(
    request: Request,
    name: str,
    start: Annotated[Instant, Query(alias="from")] = "",
    to: Instant = "",
) -> Response:
    """List who is on when, a week from now on if nothing else is asked; nobody is a hole."""
    ports = ports_of(request)
    since = instant(start, "from", ports.clock.now())
    spans = ports.rosters.stretches(name, since, instant(to, "to", since + WEEK))
    return page(
        [
            {
                "start": to_rfc3339(each.start),
                "end": to_rfc3339(each.end),
                **msgspec.to_builtins(each.on),
            }
            for each in spans
        ],
        None,
    )


async def list_substitutes(request: Request) -> Response:
    """List the substitutes who are on, to come, or over not long ago."""
    return page([_spell(each) for each in ports_of(request).rosters.substitutes()], None)


async def put_substitute(request: Request) -> Response:
    """Put a substitute in a roster; rungs that come from then on call who is on by it."""
    body = read_struct(await request.body(), NewSubstitute)
    ports, who = ports_of(request), await identity_of(request)
    fields = msgspec.structs.asdict(body)
    times = {
        "start": instant(body.start, "start", ports.clock.now()),
        "end": instant(body.end, "end", 0.0),
    }

    async def act() -> Response:
        return json_response(
            _spell(await ports.rosters.put(SubstituteWish(**fields | times), who)), 201
        )

    return await once(request, who, act)


async def end_substitute(request: Request, substitute: str) -> Response:
    """End a substitute now."""
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        return json_response(_spell(await ports.rosters.end(substitute, who)))

    return await once(request, who, act)


async def show_escalation(request: Request, number: str) -> Response:
    """Show by which plan a ticket climbs, what has come, and what comes next and when."""
    ports, who = ports_of(request), await identity_of(request)
    ticket = await visible_ticket(ports, who, number)
    return json_response(_look(ports.escalation.outlook(ticket), ticket))


async def decide_escalation(request: Request, number: str) -> Response:
    """Confirm or decline a rung beyond the community that the hub has proposed."""
    body = read_struct(await request.body(), Decision)
    ports, who = ports_of(request), await identity_of(request)
    ticket = await visible_ticket(ports, who, number)

    async def act() -> Response:
        agreed = body.do == "confirm"
        found = await ports.escalation.decide(ticket, who, agreed=agreed, reason=body.reason)
        return json_response(_look(found, ticket))

    return await once(request, who, act)


def _spell(substitute: Substitute) -> dict[str, object]:
    body: dict[str, object] = msgspec.to_builtins(substitute)
    times = {name: to_rfc3339(getattr(substitute, name)) for name in ("start", "end", "ended_at")}
    return {**body, **times}


def _look(outlook: Outlook | None, ticket: Ticket) -> dict[str, object]:
    if outlook is None:
        raise NotFoundError(
            f"ticket {ticket.number} does not climb: it has ended, or no plan fits it",
            zh=f"工单 {ticket.number} 不在升级中：已结束，或没有合适的方案。",
        )
    body: dict[str, object] = msgspec.to_builtins(outlook)
    return {**body, "at": to_rfc3339(outlook.at)}


CALLS = (
    Call(
        method="GET",
        path="/rosters",
        answer=list_rosters,
        roles=STAFF,
        operation="listRosters",
        about="Rosters, and who is on",
        shows=Page[shape.OnDuty],
    ),
    Call(
        method="GET",
        path="/rosters/{name}",
        answer=show_roster,
        roles=STAFF,
        operation="showRoster",
        about="Who is on when",
        shows=Page[shape.Stretch],
    ),
    Call(
        method="GET",
        path="/substitutes",
        answer=list_substitutes,
        roles=STAFF,
        operation="listSubstitutes",
        about="Who is on for whom",
        shows=Page[shape.Substitute],
    ),
    Call(
        method="POST",
        path="/substitutes",
        answer=put_substitute,
        roles=LEADERS,
        operation="putSubstitute",
        about="Put a substitute in a roster",
        body=NewSubstitute,
        shows=shape.Substitute,
        statuses=(201,),
        problems=(404,),
    ),
    Call(
        method="POST",
        path="/substitutes/{substitute}/end",
        answer=end_substitute,
        roles=LEADERS,
        operation="endSubstitute",
        about="End a substitute before the time",
        shows=shape.Substitute,
    ),
    Call(
        method="GET",
        path="/tickets/{number}/escalation",
        answer=show_escalation,
        roles=ONLOOKERS,
        operation="showEscalation",
        about="How far a ticket has climbed, and what comes next",
        shows=shape.Outlook,
    ),
    Call(
        method="POST",
        path="/tickets/{number}/escalation",
        answer=decide_escalation,
        roles=LEADERS,
        operation="decideEscalation",
        about="Confirm or decline a proposed rung",
        body=Decision,
        shows=shape.Outlook,
    ),
)
