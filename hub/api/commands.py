"""Calls about commands: give an order, and see what became of it."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape, wire
from hub.api.paging import json_response
from hub.api.rights import COMMANDERS, STAFF, visible_command, visible_device
from hub.errors import InvalidRequestError


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order to a device; `reason` stands in the journal beside the person's name."""

    device: str
    do: str
    reason: str


async def give_command(request: Request) -> Response:
    """Ask for an order; 202 says that it is in the journal, not that the gate has moved."""
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        order = read_struct(await request.body(), Order)
        if not order.reason.strip():
            raise InvalidRequestError(
                "请填写原因。 A reason is needed: who stands at the gate, and why?",
                problems={"reason": "empty"},
            )
        device = visible_device(ports, who, order.device).device
        command = await ports.desk.command(device.id, order.do, order.reason, who)
        place = f"/api/v1/commands/{command.id}"
        return json_response(wire.command(command), 202, location=place)

    return await once(request, who, act)


async def read_command(request: Request, command_id: str) -> Response:
    """Read an order with each state that it went through; `executed` was seen by feedback."""
    ports, who = ports_of(request), await identity_of(request)
    return json_response(wire.command(await visible_command(ports, who, command_id)))


CALLS = (
    Call(
        method="POST",
        path="/commands",
        answer=give_command,
        roles=COMMANDERS,
        operation="giveCommand",
        about="Give an order to a device",
        body=Order,
        shows=shape.Command,
        statuses=(202,),
        problems=(404,),
    ),
    Call(
        method="GET",
        path="/commands/{command_id}",
        answer=read_command,
        roles=STAFF,
        operation="readCommand",
        about="What became of an order",
        shows=shape.Command,
    ),
)
