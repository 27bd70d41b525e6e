"""Calls about devices: what they are, what they say now, what they said, and why no alarm."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from fastapi import Query, Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.api import shape, wire
from hub.api.paging import LONGEST_PAGE, Cursor, Instant, Limit, cut, instant, json_response, page
from hub.api.rights import STAFF, may_see_event, visible_device
from hub.api.shape import Page
from hub.errors import ForbiddenError, InvalidRequestError
from hub.model.device import Kind
from hub.model.discretion import answers_for
from hub.model.instant import to_rfc3339
from hub.model.kinds import ABOUT_PEOPLE, ABOUT_VEHICLES
from hub.model.place import contains
from hub.ports import Archive, DeviceView, EventRow

DAY = 24 * 3600.0
AT_ONE_INSTANT = 100_000
"""So many events of one device at one instant are shown; more are no real device's."""
Word = Annotated[str, Query(max_length=200)]


async def list_devices(
    request: Request,
    after: Cursor = "",
    limit: Limit = LONGEST_PAGE,
    kind: Word = "",
    place: Word = "",
) -> Response:
    """List devices in the order of the site file, with their points as of the last commit."""
    ports, who = ports_of(request), await identity_of(request)

    def is_wanted(view: DeviceView) -> bool:
        book = view.device
        return (
            who.may_see(book.place)
            and (not kind or book.kind == kind)
            and (not place or contains(place, book.place))
        )

    seen = filter(is_wanted, ports.live.devices())
    views, following = cut(seen, lambda view: view.device.id, after=after, limit=limit)
    now = ports.clock.now()
    return page([wire.device(view, now) for view in views], following)


async def read_device(request: Request, device_id: str) -> Response:
    """Read one device with its points as of the last commit."""
    ports = ports_of(request)
    view = visible_device(ports, await identity_of(request), device_id)
    return json_response(wire.device(view, ports.clock.now()))


async def read_history(
    request: Request,
    device_id: str,
    *,
    point: Annotated[str, Query(min_length=1, max_length=100)],
    start: Annotated[Instant, Query(alias="from")] = "",
    end: Annotated[Instant, Query(alias="to")] = "",
    step: Annotated[Literal["reading", "hour"], Query(description="readings, or roll-ups")] = (
        "reading"
    ),
    limit: Limit = LONGEST_PAGE,
) -> Response:
    """Read a point's readings or hours, oldest first; without `from` the last 24 hours.

    `next` is the `from` of the following page.
    """
    ports = ports_of(request)
    view = await _public_device(request, device_id)
    first, last = _span(start, end, ports.clock.now())
    if step == "hour":
        return await _hours(ports.archive, (view.device.uid, point), (first, last), limit)
    found = await ports.archive.history(view.device.uid, point, start=first, end=last, limit=limit)
    following = None if found.next is None else repr(found.next)
    gap = _gap(await ports.reach(view.device.uid, point), first)
    return page([wire.reading(row) for row in found.rows], following, **gap)


async def _hours(
    archive: Archive, key: tuple[str, str], span: tuple[float, float], limit: int
) -> Response:
    rows = await archive.rollups(*key, start=span[0], end=span[1], limit=limit + 1)
    following = repr(rows[limit].at) if len(rows) > limit else None
    return page([wire.rollup(row) for row in rows[:limit]], following)


async def list_events(
    request: Request,
    device_id: str,
    start: Annotated[Instant, Query(alias="from")] = "",
    end: Annotated[Instant, Query(alias="to")] = "",
    limit: Limit = LONGEST_PAGE,
) -> Response:
    """Read a device's events, oldest first; without `from` the last 24 hours.

    `next` is the `from` of the following page; events of one instant stay on one page.
    """
    ports, who = ports_of(request), await identity_of(request)
    view = await _public_device(request, device_id)
    first, last = _span(start, end, ports.clock.now())
    rows, following = await _events(ports.archive, view.device.uid, (first, last), limit)
    shown = [wire.event(row) for row in rows if may_see_event(who, row)]
    kinds = _kinds_of_events(view.device.kind)
    told = [each.complete_since for each in await ports.holdings() if each.kind in kinds]
    gap = _gap(max((at for at in told if at is not None), default=None), first)
    return page(shown, None if following is None else repr(following), **gap)


def _kinds_of_events(kind: Kind) -> tuple[str, ...]:
    own = "access_events" if kind in ABOUT_PEOPLE else ""
    return ("device_events", "vehicle_events" if kind in ABOUT_VEHICLES else own)


def _gap(since: float | None, first: float) -> dict[str, str | None]:
    """Say since when an answer is complete, where it begins before: retention has deleted some."""
    return {} if since is None or since <= first else {"complete_since": to_rfc3339(since)}


async def _events(
    archive: Archive, uid: str, span: tuple[float, float], limit: int
) -> tuple[list[EventRow], float | None]:
    """Read a page that ends between two instants, and the instant at which the next begins."""
    rows = await archive.events(uid, start=span[0], end=span[1], limit=limit + 1)
    if len(rows) <= limit:
        return rows, None
    edge = rows[-1].at
    if whole := [row for row in rows if row.at < edge]:
        return whole, edge
    behind = math.nextafter(edge, math.inf)
    return await archive.events(uid, start=edge, end=behind, limit=AT_ONE_INSTANT), behind


async def explain_device(request: Request, device_id: str) -> Response:
    """Say for each gate and rule what it answers now, and why: why is there no alarm?"""
    ports, who = ports_of(request), await identity_of(request)
    visible_device(ports, who, device_id)
    return page(answers_for(who, ports.live.why(device_id)), None)


async def _public_device(request: Request, device_id: str) -> DeviceView:
    view = visible_device(ports_of(request), await identity_of(request), device_id)
    if wire.is_household(view):
        raise ForbiddenError(
            f"{device_id} 是住户表，读数不在此处提供。 "
            f"{device_id} measures one household; its readings are not given out here."
        )
    return view


def _span(start: str, end: str, now: float) -> tuple[float, float]:
    last = instant(end, "to", now)
    first = instant(start, "from", last - DAY)
    if first > last:
        raise InvalidRequestError(
            "from lies after to; swap them.", problems={"from": "later than to"}
        )
    return first, last


CALLS = (
    Call(
        method="GET",
        path="/devices",
        answer=list_devices,
        roles=STAFF,
        operation="listDevices",
        about="Devices with their points now",
        shows=Page[shape.Device],
    ),
    Call(
        method="GET",
        path="/devices/{device_id}",
        answer=read_device,
        roles=STAFF,
        operation="readDevice",
        about="One device with its points now",
        shows=shape.Device,
    ),
    Call(
        method="GET",
        path="/devices/{device_id}/history",
        answer=read_history,
        roles=STAFF,
        operation="readHistory",
        about="A point's readings",
        shows=(Page[shape.Reading], Page[shape.Hour]),
    ),
    Call(
        method="GET",
        path="/devices/{device_id}/events",
        answer=list_events,
        roles=STAFF,
        operation="listDeviceEvents",
        about="A device's events",
        shows=Page[shape.Event],
    ),
    Call(
        method="GET",
        path="/devices/{device_id}/why",
        answer=explain_device,
        roles=STAFF,
        operation="explainDevice",
        about="Each gate and rule with its answer and reason",
        shows=Page[shape.Why],
    ),
)
