"""Calls about alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape, wire
from hub.api.paging import LONGEST_PAGE, PAGE, Cursor, Limit, collect, json_response, page
from hub.api.rights import LEADERS, STAFF
from hub.api.shape import Page
from hub.model.alarm import Alarm
from hub.model.discretion import may_see_alarm

State = Annotated[
    str, Query(pattern="^(open|raised|suppressed|cleared)?$", description="only these")
]


async def list_alarms(
    request: Request,
    after: Cursor = "",
    limit: Limit = PAGE,
    state: State = "",
    subject: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """List alarms, newest first; `state=open` leaves out what is cleared."""
    ports, who = ports_of(request), await identity_of(request)
    open_only = state == "open"

    async def fetch(before: str) -> Sequence[Alarm]:
        return await ports.books.alarms(open_only=open_only, limit=LONGEST_PAGE, before=before)

    def is_wanted(alarm: Alarm) -> bool:
        return (
            may_see_alarm(who, alarm)
            and state in {"", "open", alarm.state}
            and subject in {"", alarm.subject}
        )

    alarms, following = await collect(
        fetch, lambda alarm: alarm.id, is_wanted, start=after, limit=limit
    )
    return page([wire.alarm(alarm) for alarm in alarms], following)


class Clearing(msgspec.Struct, frozen=True, kw_only=True):
    """Why an alarm is cleared by hand, though its rule sees no end of it."""

    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


async def clear_alarm(request: Request, alarm_id: str) -> Response:
    """Clear an alarm by hand; what is still bad in an hour, or has been good once, comes back."""
    body = read_struct(await request.body(), Clearing)
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        cleared = await ports.desk.clear_alarm(alarm_id, body.reason.strip(), who)
        return json_response(wire.alarm(cleared))

    return await once(request, who, act)


CALLS = (
    Call(
        method="GET",
        path="/alarms",
        answer=list_alarms,
        roles=STAFF,
        operation="listAlarms",
        about="Alarms, newest first",
        shows=Page[shape.Alarm],
    ),
    Call(
        method="POST",
        path="/alarms/{alarm_id}/clear",
        answer=clear_alarm,
        roles=LEADERS,
        operation="clearAlarm",
        about="Clear an alarm by hand, with a reason",
        body=Clearing,
        shows=shape.Alarm,
    ),
)
