"""Calls about one device of the books: another id, or other hardware."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import ports_of, whole_community
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_site as shape
from hub.api.paging import json_response
from hub.api.rights import ADMINISTRATORS
from hub.api.site import write_load
from hub.ports.site import HardwareSwap, Renaming


async def rename_device(request: Request, device_id: str) -> Response:
    """Give a device another id; its history, tickets, labels and parameters stay with it."""
    who = await whole_community(request)
    renaming = read_struct(await request.body(), Renaming)

    async def act() -> Response:
        load = await ports_of(request).site.rename(device_id, renaming, who)
        return json_response(write_load(load), 201)

    return await once(request, who, act)


async def swap_hardware(request: Request, device_id: str) -> Response:
    """Note that other hardware stands there; its counters begin anew, without an alarm."""
    who = await whole_community(request)
    swap = read_struct(await request.body(), HardwareSwap)

    async def act() -> Response:
        ports = ports_of(request)
        load = await ports.site.swap(device_id, swap, who, ports.live.device(device_id))
        return json_response(write_load(load), 201)

    return await once(request, who, act)


CALLS = (
    Call(
        method="POST",
        path="/site/devices/{device_id}/rename",
        answer=rename_device,
        roles=ADMINISTRATORS,
        operation="renameDevice",
        about="Give a device another id",
        body=Renaming,
        shows=shape.Load,
        statuses=(201,),
        problems=(404, 409),
    ),
    Call(
        method="POST",
        path="/site/devices/{device_id}/swap",
        answer=swap_hardware,
        roles=ADMINISTRATORS,
        operation="swapHardware",
        about="Note that other hardware stands there",
        body=HardwareSwap,
        shows=shape.Load,
        statuses=(201,),
        problems=(404, 409),
    ),
)
