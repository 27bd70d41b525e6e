"""The page of a device's state and its acceptance sheet (验收单), and the list of all sheets."""

from __future__ import annotations

from collections.abc import Awaitable

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.devices.acceptance_sheet import fault_rows, sheet_row
from hub.console.frame.naming import device_name, place_name
from hub.console.frame.page import LEADERS, STAFF, Visit, show, visit_of
from hub.console.frame.span import day_and_time
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Role
from hub.model.device import Device, Lifecycle
from hub.model.instant import to_local_text
from hub.ports import AcceptanceView
from hub.services.commission.lifecycle import FOLLOWING

TRIERS = LEADERS | {Role.CREW}
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError)
"""What is told on the page; everything else is for the page of errors."""
MOST = 100_000


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What stands above the faults of a sheet, in words."""

    number: int
    others: tuple[int, ...]
    begun: str
    begun_by: str
    ended: str
    missing: int
    is_open: bool
    signed_by: str = ""
    accompanied: str = ""
    note: str = ""


async def acceptance_page(request: Request, device_id: str, number: str = "") -> Response:
    """Show a device's state and its sheet, the newest or that of a number."""
    wanted = int(number) if number.isdecimal() and int(number) < MOST else 0
    return await _page(request, device_id, wanted)


async def list_page(request: Request) -> Response:
    """List the sheets, those under way first."""
    visit = await visit_of(request)
    live = visit.ports.live
    rows = []
    for view in visit.ports.commission.sheets(visit.who):
        found = live.device(view.sheet.device)
        device = found.device if found else None
        rows.append(sheet_row(view, device, live.places(), visit.words))
    return show(visit, "acceptances.html", rows=rows)


async def change_by_form(request: Request, device_id: str) -> Response:
    """Put a device into another state."""
    form, who = await request.form(), await identity_of(request)
    to, why = str(form.get("state", "")), str(form.get("why", ""))
    if to not in list(Lifecycle):
        wrong = InvalidRequestError("choose a state", problems={"state": ""}, zh="请选择状态。")
        return await _page(request, device_id, refusal=wrong)
    office = ports_of(request).commission
    return await _after(request, device_id, office.change(device_id, Lifecycle(to), why, who))


async def leave_out_by_form(request: Request, device_id: str) -> Response:
    """Leave out a fault that cannot be tried, or take that back."""
    form, who = await request.form(), await identity_of(request)
    rule, why = str(form.get("rule", "")), str(form.get("why", ""))
    office = ports_of(request).commission
    return await _after(request, device_id, office.excuse(device_id, rule, why, who))


async def sign_by_form(request: Request, device_id: str) -> Response:
    """Accept a device."""
    form, who = await request.form(), await identity_of(request)
    said = str(form.get("accompanied", "")), str(form.get("note", ""))
    office = ports_of(request).commission
    return await _after(request, device_id, office.sign(device_id, *said, who))


async def _after(request: Request, device_id: str, wish: Awaitable[object]) -> Response:
    try:
        await wish
    except REFUSALS as error:
        return await _page(request, device_id, refusal=error)
    return RedirectResponse(f"/devices/{device_id}/acceptance", 303)


async def _page(
    request: Request, device_id: str, number: int = 0, refusal: HubError | None = None
) -> Response:
    visit = await visit_of(request)
    device = _find(visit, device_id)
    view = _sheet(visit, device_id, number)
    ended = view is None or view.sheet.ended_at is not None
    return show(
        visit,
        "acceptance.html",
        status=422 if refusal else 200,
        device=device,
        name=device_name(device),
        place=place_name(device.place, visit.ports.live.places()),
        states=FOLLOWING[device.state] if visit.who.role in LEADERS else (),
        sheet=_heading(view) if view else None,
        rows=fault_rows(view, device.kind, visit.words) if view else [],
        may_try=visit.who.role in TRIERS and not ended,
        may_sign=visit.who.role in LEADERS and not ended,
        message=visit.words.of(refusal.texts) if refusal else "",
        printed=to_local_text(visit.page.now),
    )


def _find(visit: Visit, device_id: str) -> Device:
    view = visit.ports.live.device(device_id)
    if view is None or not visit.who.may_see(view.device.place):
        raise NotFoundError(f"There is no device {device_id!r}.", zh=f"没有设备 {device_id}。")
    return view.device


def _sheet(visit: Visit, device_id: str, number: int) -> AcceptanceView | None:
    """Return the sheet; None where the device has none, or not that one."""
    try:
        return visit.ports.commission.sheet(device_id, visit.who, number)
    except NotFoundError:
        return None


def _heading(view: AcceptanceView) -> Heading:
    sheet, signed = view.sheet, view.sheet.signature
    return Heading(
        number=sheet.number,
        others=tuple(each for each in view.numbers if each != sheet.number),
        begun=day_and_time(sheet.begun_at),
        begun_by=sheet.begun_by,
        ended="" if sheet.ended_at is None else to_local_text(sheet.ended_at),
        missing=view.missing,
        is_open=sheet.ended_at is None,
        signed_by=signed.actor if signed else "",
        accompanied=signed.accompanied if signed else "",
        note=signed.note if signed else "",
    )


CALLS = (
    Call(
        method="GET",
        path="/acceptances",
        answer=list_page,
        roles=STAFF,
        operation="showAcceptances",
        about="Acceptance sheets",
    ),
    Call(
        method="GET",
        path="/devices/{device_id}/acceptance",
        answer=acceptance_page,
        roles=STAFF,
        operation="showAcceptance",
        about="A device's state and acceptance sheet",
    ),
    Call(
        method="POST",
        path="/devices/{device_id}/state",
        answer=change_by_form,
        roles=LEADERS,
        operation="changeStateByForm",
        about="Changes a device's state",
    ),
    Call(
        method="POST",
        path="/devices/{device_id}/acceptance/excuses",
        answer=leave_out_by_form,
        roles=TRIERS,
        operation="leaveOutByForm",
        about="Leaves out a fault",
    ),
    Call(
        method="POST",
        path="/devices/{device_id}/acceptance/sign",
        answer=sign_by_form,
        roles=LEADERS,
        operation="signByForm",
        about="Accepts a device",
    ),
)
