"""Calls about devices that come into service, and leave it: states and acceptance sheets."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape, wire
from hub.api import shape_of_acceptance as sheets
from hub.api.paging import json_response, page
from hub.api.rights import LEADERS, STAFF, visible_device
from hub.api.shape import Page
from hub.model.acceptance import Attempt, Excuse, Line, Signature
from hub.model.access import Role
from hub.model.device import Lifecycle
from hub.model.instant import to_rfc3339
from hub.ports import AcceptanceView

TRIERS = LEADERS | {Role.CREW}
"""Who stands at the device, and may say that a fault cannot be tried."""
Number = Annotated[int, Query(ge=0, le=100_000)]


class NewState(msgspec.Struct, frozen=True, kw_only=True):
    """The state that a device is to have, and why."""

    state: Lifecycle
    why: str


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that cannot be tried, by its rule; an empty `why` takes that back."""

    rule: str
    why: str


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Who was there when the faults were tried."""

    accompanied: str
    note: str = ""


async def change_state(request: Request, device_id: str) -> Response:
    """Put a device into another state; only its acceptance sheet puts a new one in service."""
    body = read_struct(await request.body(), NewState)
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        await ports.commission.change(device_id, body.state, body.why, who)
        view = visible_device(ports, who, device_id)
        return json_response(wire.device(view, ports.clock.now()))

    return await once(request, who, act)


async def list_acceptances(request: Request) -> Response:
    """List the newest sheet of each device that was commissioned, those under way first."""
    who = await identity_of(request)
    return page([write_sheet(each) for each in ports_of(request).commission.sheets(who)], None)


async def read_acceptance(request: Request, device_id: str, number: Number = 0) -> Response:
    """Read an acceptance sheet of a device: every rule that watches it, tried or not yet."""
    who = await identity_of(request)
    return json_response(write_sheet(ports_of(request).commission.sheet(device_id, who, number)))


async def leave_out(request: Request, device_id: str) -> Response:
    """Leave out a fault that cannot be tried, with the reason."""
    body = read_struct(await request.body(), LeftOut)
    office, who = ports_of(request).commission, await identity_of(request)

    async def act() -> Response:
        return json_response(write_sheet(await office.excuse(device_id, body.rule, body.why, who)))

    return await once(request, who, act)


async def sign_acceptance(request: Request, device_id: str) -> Response:
    """Accept a device; it is in service from now on."""
    body = read_struct(await request.body(), Signed)
    office, who = ports_of(request).commission, await identity_of(request)

    async def act() -> Response:
        signed = await office.sign(device_id, body.accompanied, body.note, who)
        return json_response(write_sheet(signed))

    return await once(request, who, act)


def write_sheet(view: AcceptanceView) -> dict[str, Any]:
    """Write a sheet."""
    sheet = view.sheet
    return {
        "device": sheet.device,
        "place": view.place,
        "number": sheet.number,
        "numbers": view.numbers,
        "begun_at": to_rfc3339(sheet.begun_at),
        "begun_by": sheet.begun_by,
        "ended_at": to_rfc3339(sheet.ended_at),
        "missing": view.missing,
        "lines": [_line(line) for line in view.lines],
        "signature": sheet.signature and _at(sheet.signature),
    }


def _line(line: Line) -> dict[str, Any]:
    fault = line.fault
    return {
        "rule": fault.rule,
        "fault": fault.fault,
        "name": fault.name,
        "severity": fault.severity,
        "progress": line.progress,
        "attempts": [_attempt(each) for each in line.attempts],
        "excuse": line.excuse and _at(line.excuse),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "raised_at": to_rfc3339(attempt.raised_at),
        "cleared_at": to_rfc3339(attempt.cleared_at),
        "severity": attempt.severity,
        "reason": attempt.reason,
        "evidence": wire.evidence(attempt.evidence),
    }


def _at(said: Excuse | Signature) -> dict[str, Any]:
    return {**msgspec.structs.asdict(said), "at": to_rfc3339(said.at)}


CALLS = (
    Call(
        method="POST",
        path="/devices/{device_id}/state",
        answer=change_state,
        roles=LEADERS,
        operation="changeDeviceState",
        about="Plan, commission, retire or put back a device",
        body=NewState,
        shows=shape.Device,
    ),
    Call(
        method="GET",
        path="/acceptances",
        answer=list_acceptances,
        roles=STAFF,
        operation="listAcceptances",
        about="Acceptance sheets",
        shows=Page[sheets.Acceptance],
    ),
    Call(
        method="GET",
        path="/devices/{device_id}/acceptance",
        answer=read_acceptance,
        roles=STAFF,
        operation="readAcceptance",
        about="A device's acceptance sheet",
        shows=sheets.Acceptance,
    ),
    Call(
        method="POST",
        path="/devices/{device_id}/acceptance/excuses",
        answer=leave_out,
        roles=TRIERS,
        operation="leaveOutFault",
        about="Leave out a fault that cannot be tried",
        body=LeftOut,
        shows=sheets.Acceptance,
    ),
    Call(
        method="POST",
        path="/devices/{device_id}/acceptance/sign",
        answer=sign_acceptance,
        roles=LEADERS,
        operation="signAcceptance",
        about="Accept a device",
        body=Signed,
        shows=sheets.Acceptance,
    ),
)
