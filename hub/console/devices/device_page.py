"""The page of one device."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.devices.device_sheet import DeviceSheet
from hub.console.frame.language import words_of
from hub.console.frame.naming import device_name
from hub.console.frame.page import STAFF, chosen_language, show, visit_of
from hub.console.live.reading import point_rows
from hub.console.live.wall_page import studio_of
from hub.model.access import Role


async def device(request: Request, device_id: str, point: str = "") -> Response:
    """Show a device, with the curve of one numeric point (the first one, or `point`)."""
    who, studio, language = await identity_of(request), studio_of(request), chosen_language(request)
    ports, words = ports_of(request), words_of(language)
    sheet = DeviceSheet(ports, device_id, who, words)
    view = sheet.view()
    device_id = view.device.id  # it may have been asked for by one that it had before
    rows = point_rows(view, ports.clock.now(), words)
    numeric = [row for row in rows if row.numeric]
    chosen = next((row for row in numeric if row.point == point), numeric[0] if numeric else None)
    channel = studio.device(device_id, who, language)
    parts = await channel.refresh(fresh=True)
    visit = await visit_of(
        request, f"of=device:{quote(device_id)}&v={studio.seal}.{channel.version}"
    )
    return show(
        visit,
        "device.html",
        parts=parts,
        device_id=device_id,
        may_change=who.role is Role.ADMINISTRATOR and not who.scope,
        name=device_name(view.device),
        numeric=numeric,
        chosen=chosen.point if chosen else "",
        curve_name=chosen.name if chosen else "",
        curve=await sheet.curve(chosen.point) if chosen else "",
    )


CALLS = (
    Call(
        method="GET",
        path="/devices/{device_id}",
        answer=device,
        roles=STAFF,
        operation="showDevice",
        about="One device",
    ),
)
