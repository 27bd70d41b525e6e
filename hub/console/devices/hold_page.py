"""Holding a gate open (常抬): asked for by one person, agreed to by another, ended by anybody."""

from __future__ import annotations

from collections.abc import Awaitable
from urllib.parse import quote

import msgspec
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.devices.hold_row import hold_rows
from hub.console.frame.naming import device_name
from hub.console.frame.page import show, visit_of
from hub.errors import (
    CommandRefusedError,
    ConflictError,
    ForbiddenError,
    HubError,
    InvalidRequestError,
    NotFoundError,
)
from hub.model.access import Identity
from hub.model.hold import Hold
from hub.ports import DeviceView
from hub.ports.hold import HoldWish
from hub.services.permission import MAY_COMMAND, may_hold

MINUTES = (15, 30, 60, 120, 240, 480, 720)
USUAL = 30
REFUSALS = (CommandRefusedError, ConflictError, ForbiddenError, InvalidRequestError)


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed, and is shown again where it does not fit."""

    reason: str = ""
    minutes: int = USUAL


async def hold_page(request: Request, device_id: str) -> Response:
    """Show what holds a gate open, or the form to ask for it."""
    return await _page(request, device_id, Typed())


async def propose(request: Request, device_id: str) -> Response:
    """Ask that a gate be held open; a refusal is told above the form."""
    ports, who = ports_of(request), await identity_of(request)
    _view(request, who, device_id)
    form = await request.form()
    minutes = str(form.get("minutes", ""))
    typed = Typed(
        reason=str(form.get("reason", "")), minutes=int(minutes) if minutes.isdecimal() else 0
    )
    wish = HoldWish(device=device_id, reason=typed.reason, minutes=typed.minutes)
    return await _after(request, device_id, ports.holds.propose(wish, who), typed)


async def confirm(request: Request, hold: str) -> Response:
    """Agree as another person."""
    ports, who = ports_of(request), await identity_of(request)
    known = _find(request, who, hold)
    return await _after(request, known.device, ports.holds.confirm(hold, who))


async def end(request: Request, hold: str) -> Response:
    """Withdraw a proposal, or have the gate come down."""
    ports, who = ports_of(request), await identity_of(request)
    known = _find(request, who, hold)
    return await _after(request, known.device, ports.holds.end(hold, who))


async def _after(
    request: Request, device_id: str, wish: Awaitable[Hold], typed: Typed | None = None
) -> Response:
    try:
        await wish
    except REFUSALS as error:
        return await _page(request, device_id, typed or Typed(), refusal=error)
    return RedirectResponse(f"/devices/{quote(device_id)}/hold", 303)


async def _page(
    request: Request, device_id: str, typed: Typed, refusal: HubError | None = None
) -> Response:
    visit = await visit_of(request)
    view = _view(request, visit.who, device_id)
    holds = [each for each in visit.ports.holds.holds() if each.uid == view.device.uid]
    return show(
        visit,
        "hold.html",
        status=409 if refusal else 200,
        name=device_name(view.device),
        device_id=device_id,
        rows=hold_rows(holds, visit.ports.live, visit.words),
        typed=typed,
        choices=MINUTES,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


def _view(request: Request, who: Identity, device_id: str) -> DeviceView:
    view = ports_of(request).live.device(device_id)
    if view is None or not who.may_see(view.device.place) or not may_hold(who, view.device):
        raise NotFoundError(
            f"{device_id!r} cannot be held open from here", zh=f"{device_id} 不能远程常抬。"
        )
    return view


def _find(request: Request, who: Identity, hold: str) -> Hold:
    found = {each.id: each for each in ports_of(request).holds.holds()}.get(hold)
    if found is None or not who.may_see(found.place):
        raise NotFoundError("nothing is held open by that any more", zh="这个常抬已经结束。")
    return found


CALLS = (
    Call(
        method="GET",
        path="/devices/{device_id}/hold",
        answer=hold_page,
        roles=MAY_COMMAND,
        operation="showHold",
        about="What holds a gate open, and the form to ask for it",
    ),
    Call(
        method="POST",
        path="/devices/{device_id}/hold",
        answer=propose,
        roles=MAY_COMMAND,
        operation="proposeHold",
        about="Asks that a gate be held open",
        two_factors=True,
    ),
    Call(
        method="POST",
        path="/holds/{hold}/confirm",
        answer=confirm,
        roles=MAY_COMMAND,
        operation="confirmHold",
        about="Agrees, as another person, that a gate be held open",
        two_factors=True,
    ),
    Call(
        method="POST",
        path="/holds/{hold}/end",
        answer=end,
        roles=MAY_COMMAND,
        operation="endHold",
        about="Has a gate come down that is held open",
    ),
)
