"""Calls about the schedules of rules: which there are, what they say, who has changed them."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import ports_of, whole_community
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_rules as shape
from hub.api.paging import json_response, page
from hub.api.request import read_edited_version
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.api.shape import Page
from hub.model.instant import to_rfc3339
from hub.ports import ScheduleCard

ALL_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ScheduleWish(msgspec.Struct, frozen=True, kw_only=True):
    """When a schedule is on: `times` such as `07:00-09:00`, on `days` such as `mon`."""

    times: tuple[str, ...]
    why: str
    days: tuple[str, ...] = ALL_DAYS


class ScheduleAction(msgspec.Struct, frozen=True, kw_only=True):
    """The older version that a schedule goes `back_to` (0: as the files say)."""

    back_to: int
    why: str


async def list_schedules(request: Request) -> Response:
    """List every schedule with its versions and the rules that ask it."""
    return page([_write(card) for card in await ports_of(request).schedules.cards()], None)


async def write_schedule(request: Request, schedule: str) -> Response:
    """Make a new version of a schedule, or a new one; `If-Match` names the version edited."""
    wish = read_struct(await request.body(), ScheduleWish)
    who, on = await whole_community(request), read_edited_version(request)

    async def act() -> Response:
        office = ports_of(request).schedules
        card = await office.write(schedule, wish.days, wish.times, wish.why, who, on=on)
        return json_response(_write(card), 201, etag=f'"{card.version}"')

    return await once(request, who, act)


async def change_schedule(request: Request, schedule: str) -> Response:
    """Have an older version of a schedule count again."""
    wish = read_struct(await request.body(), ScheduleAction)
    who, on = await whole_community(request), read_edited_version(request)

    async def act() -> Response:
        office = ports_of(request).schedules
        card = await office.go_back(schedule, wish.back_to, wish.why, who, on=on)
        return json_response(_write(card), etag=f'"{card.version}"')

    return await once(request, who, act)


def _write(card: ScheduleCard) -> dict[str, object]:
    body: dict[str, object] = msgspec.to_builtins(card)
    versions = [{**msgspec.to_builtins(each), "at": to_rfc3339(each.at)} for each in card.versions]
    return {**body, "versions": versions}


CALLS = (
    Call(
        method="GET",
        path="/schedules",
        answer=list_schedules,
        roles=LEADERS,
        operation="listSchedules",
        about="The schedules of rules",
        shows=Page[shape.Schedule],
    ),
    Call(
        method="POST",
        path="/schedules/{schedule}/versions",
        answer=write_schedule,
        roles=ADMINISTRATORS,
        operation="writeSchedule",
        about="A new version of a schedule",
        body=ScheduleWish,
        shows=shape.Schedule,
        statuses=(201,),
    ),
    Call(
        method="POST",
        path="/schedules/{schedule}/actions",
        answer=change_schedule,
        roles=ADMINISTRATORS,
        operation="changeSchedule",
        about="An older version of a schedule",
        body=ScheduleAction,
        shows=shape.Schedule,
    ),
)
