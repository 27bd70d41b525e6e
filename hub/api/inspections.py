"""Calls about inspections: their routes, checklists and schedules."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.api import shape_of_inspections as shape
from hub.api.paging import json_response, page
from hub.api.request import ANY_VERSION, read_edited_version
from hub.api.rights import LEADERS, STAFF
from hub.api.shape import Page
from hub.model.inspection import Inspection
from hub.model.instant import to_rfc3339
from hub.ports.community import InspectionWish
from hub.services.community.inspection_form import clock
from hub.services.community.slot import next_slot


async def list_inspections(request: Request) -> Response:
    """List the inspections that have not ended."""
    ports, who = ports_of(request), await identity_of(request)
    now = ports.clock.now()
    return page([_inspection(each, now) for each in ports.inspections.inspections(who)], None)


async def read_inspection(request: Request, inspection: str) -> Response:
    """Read one; the ETag is its revision."""
    ports, who = ports_of(request), await identity_of(request)
    return _edited(ports, ports.inspections.inspection(inspection, who))


async def plan_inspection(request: Request) -> Response:
    """Plan an inspection; without stops no round comes due."""
    body = read_struct(await request.body(), InspectionWish)
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        return _edited(ports, await ports.inspections.plan(body, who), 201)

    return await once(request, who, act)


async def change_inspection(request: Request, inspection: str) -> Response:
    """Change an inspection as a whole; `If-Match` names the revision that was edited."""
    body = read_struct(await request.body(), InspectionWish)
    ports, who = ports_of(request), await identity_of(request)
    edited = read_edited_version(request)
    version = None if edited == ANY_VERSION else edited

    async def act() -> Response:
        office = ports.inspections
        return _edited(ports, await office.change(inspection, body, who, version=version))

    return await once(request, who, act)


async def end_inspection(request: Request, inspection: str) -> Response:
    """End an inspection; the round that is due can still be walked."""
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        return _edited(ports, await ports.inspections.end(inspection, who))

    return await once(request, who, act)


def _edited(ports: WebPorts, inspection: Inspection, status: int = 200) -> Response:
    content = _inspection(inspection, ports.clock.now())
    return json_response(content, status, etag=f'"{inspection.revision}"')


def _inspection(inspection: Inspection, now: float) -> dict[str, Any]:
    schedule = inspection.schedule
    runs = inspection.ended_at is None and inspection.stops
    return {
        "id": inspection.id,
        "title": inspection.title,
        "team": inspection.team,
        "place": inspection.place,
        "every": schedule.every,
        "day": schedule.day,
        "at": clock(schedule.at),
        "hours": schedule.hours,
        "stops": inspection.stops,
        "revision": inspection.revision,
        "actor": inspection.actor,
        "changed_at": to_rfc3339(inspection.at),
        "ended_at": to_rfc3339(inspection.ended_at),
        "next": to_rfc3339(next_slot(schedule, now)[0]) if runs else None,
    }


CALLS = (
    Call(
        method="GET",
        path="/inspections",
        answer=list_inspections,
        roles=STAFF,
        operation="listInspections",
        about="Inspections, with their routes and schedules",
        shows=Page[shape.Inspection],
    ),
    Call(
        method="POST",
        path="/inspections",
        answer=plan_inspection,
        roles=LEADERS,
        operation="planInspection",
        about="Plan an inspection",
        body=InspectionWish,
        shows=shape.Inspection,
        statuses=(201,),
    ),
    Call(
        method="GET",
        path="/inspections/{inspection}",
        answer=read_inspection,
        roles=STAFF,
        operation="readInspection",
        about="One inspection",
        shows=shape.Inspection,
    ),
    Call(
        method="POST",
        path="/inspections/{inspection}",
        answer=change_inspection,
        roles=LEADERS,
        operation="changeInspection",
        about="Change an inspection",
        body=InspectionWish,
        shows=shape.Inspection,
    ),
    Call(
        method="POST",
        path="/inspections/{inspection}/end",
        answer=end_inspection,
        roles=LEADERS,
        operation="endInspection",
        about="End an inspection",
        shows=shape.Inspection,
    ),
)
