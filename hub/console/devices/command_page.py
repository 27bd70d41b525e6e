"""Remote opening: ask with a reason, hold for a second, and see what became of it."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.devices.command_sheet import OPEN, REASONS, OpeningSheet
from hub.console.frame.language import words_of
from hub.console.frame.page import STAFF, chosen_language, show, visit_of
from hub.console.live.wall_page import studio_of
from hub.errors import CommandRefusedError, ConflictError, ForbiddenError, InvalidRequestError
from hub.services.permission import MAY_COMMAND

LONGEST = 200
REFUSALS = (CommandRefusedError, ConflictError, ForbiddenError, InvalidRequestError)


async def opening(request: Request, device_id: str) -> Response:
    """Show the question."""
    return await _question(request, device_id)


async def give_order(request: Request, device_id: str) -> Response:
    """Give the order to open; a refusal is told above the question."""
    ports, who = ports_of(request), await identity_of(request)
    words = words_of(chosen_language(request))
    OpeningSheet(ports, device_id, who, words).view()
    form = await request.form()
    picked = str(form.get("reason", ""))
    said = str(form.get("other", ""))[:LONGEST].strip()
    known = words(f"reason.{picked}") if picked in REASONS else ""
    reason = f"{known} {said}".strip() if picked != "other" or not said else said
    try:
        command = await ports.desk.command(device_id, OPEN, reason, who)
    except REFUSALS as error:
        return await _question(request, device_id, message=words.of(error.texts))
    return RedirectResponse(f"/commands/{quote(command.id)}", 303)


async def command_state(request: Request, command_id: str) -> Response:
    """Show what became of an order."""
    who, studio = await identity_of(request), studio_of(request)
    channel = studio.command(command_id, who, chosen_language(request))
    parts = await channel.refresh(fresh=True)
    mark = f"of=command:{quote(command_id)}&v={studio.seal}.{channel.version}"
    return show(await visit_of(request, mark), "command.html", parts=parts)


async def _question(request: Request, device_id: str, message: str = "") -> Response:
    who, studio = await identity_of(request), studio_of(request)
    channel = studio.opening(device_id, who, chosen_language(request))
    parts = await channel.refresh(fresh=True)
    mark = f"of=opening:{quote(device_id)}&v={studio.seal}.{channel.version}"
    return show(
        await visit_of(request, mark),
        "opening.html",
        status=409 if message else 200,
        parts=parts,
        device_id=device_id,
        reasons=REASONS,
        message=message,
    )


CALLS = (
    Call(
        method="GET",
        path="/devices/{device_id}/open",
        answer=opening,
        roles=MAY_COMMAND,
        operation="showOpening",
        about="The question whether to open a gate or door",
    ),
    Call(
        method="POST",
        path="/devices/{device_id}/open",
        answer=give_order,
        roles=MAY_COMMAND,
        operation="openByForm",
        about="Gives the order to open",
    ),
    Call(
        method="GET",
        path="/commands/{command_id}",
        answer=command_state,
        roles=STAFF,
        operation="showCommand",
        about="What became of an order",
    ),
)
