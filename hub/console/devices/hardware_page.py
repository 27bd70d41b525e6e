"""The page on which a device of the books gets other hardware, or another id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from fastapi import Request, Response

from hub.access.http import whole_community
from hub.access.policy import Call
from hub.console.frame.naming import device_name
from hub.console.frame.page import Visit, show, visit_of
from hub.console.live.reading import point_name
from hub.console.running.site_page import ADMINISTRATORS, say
from hub.errors import ConfigError, HubError, InvalidRequestError, NotFoundError
from hub.model.catalogue import DeviceModel, PointType
from hub.model.instant import from_rfc3339, to_rfc3339
from hub.model.kinds import HUB_MADE_POINTS
from hub.ports import DeviceView
from hub.ports.site import HardwareSwap, Renaming

REFUSALS = (InvalidRequestError, NotFoundError)
OPENING, CLOSING = "opening:", "closing:"
"""What the names of the fields of readings begin with."""


async def hardware_page(request: Request, device_id: str) -> Response:
    """Show both forms."""
    return await _page(request, device_id)


async def swap_by_form(request: Request, device_id: str) -> Response:
    """Note other hardware; the hub starts again."""
    who, form = await whole_community(request), await request.form()
    visit = await visit_of(request)
    typed = {name: str(value).strip() for name, value in form.items()}
    view = visit.ports.live.device(device_id)
    try:
        load = await visit.ports.site.swap(device_id, _read_swap(typed), who, view)
    except (ConfigError, *REFUSALS) as error:
        return await _page(request, device_id, typed, _say(visit, error))
    return await _page(request, device_id, began=load.number)


async def rename_by_form(request: Request, device_id: str) -> Response:
    """Give another id; the hub starts again."""
    who, form = await whole_community(request), await request.form()
    visit = await visit_of(request)
    typed = {name: str(value).strip() for name, value in form.items()}
    renaming = Renaming(
        id=typed.get("id", ""), again=typed.get("again", ""), why=typed.get("why", "")
    )
    try:
        load = await visit.ports.site.rename(device_id, renaming, who)
    except (ConfigError, *REFUSALS) as error:
        return await _page(request, device_id, typed, _say(visit, error))
    return await _page(request, device_id, began=load.number)


def _say(visit: Visit, error: HubError) -> str:
    if isinstance(error, ConfigError):
        return " ".join("；".join(say(visit.words, each)) for each in error.problems)
    return visit.words.of(error.texts)


def _read_swap(typed: Mapping[str, str]) -> HardwareSwap:
    """Read the form; a field that is empty changes nothing."""
    at = typed.get("at", "")
    try:
        readings = {
            name: float(value)
            for name, value in typed.items()
            if value and name.startswith((OPENING, CLOSING))
        }
        when = to_rfc3339(from_rfc3339(at)) if at else None
    except ValueError:
        raise InvalidRequestError("write readings as numbers", zh="读数请填数字。") from None
    return HardwareSwap(
        why=typed.get("why", ""),
        address=typed.get("address") or None,
        model=typed.get("model") or None,
        serial=typed.get("serial") or None,
        closing=_of(readings, CLOSING),
        opening=_of(readings, OPENING),
        at=when or "",
    )


def _of(readings: Mapping[str, float], mark: str) -> dict[str, float]:
    return {
        name.removeprefix(mark): value for name, value in readings.items() if name.startswith(mark)
    }


async def _page(
    request: Request,
    device_id: str,
    typed: Mapping[str, str] | None = None,
    message: str = "",
    began: int = 0,
) -> Response:
    await whole_community(request)
    visit = await visit_of(request)
    view = visit.ports.live.device(device_id)
    if view is None:
        raise NotFoundError(f"there is no device {device_id!r}", zh=f"没有设备 {device_id}。")
    models = visit.ports.site.models()
    return show(
        visit,
        "hardware.html",
        status=422 if message else 200,
        view=view,
        name=device_name(view.device),
        counters=_counters(view, models, visit),
        models=[model for model in models if model.kind == view.device.kind],
        typed=defaultdict(str, typed or {}),
        message=message,
        began=began,
    )


def _counters(
    view: DeviceView, models: Iterable[DeviceModel], visit: Visit
) -> list[tuple[str, str, str]]:
    """Return each counter of the device: point, name, and what it shows."""
    model = next((each for each in models if each.id == view.device.model), None)
    names = [
        name
        for name, spec in (model.points if model else {}).items()
        if spec.type is PointType.COUNTER and name not in HUB_MADE_POINTS
    ]
    shown = {name: view.points[name] for name in names if name in view.points}
    return [
        (
            name,
            point_name(view.device.kind, name, visit.words),
            f"{shown[name].value} {shown[name].unit}" if name in shown else "",
        )
        for name in names
    ]


_FORMS = (
    ("swap", swap_by_form, "swapByForm", "Notes other hardware"),
    ("rename", rename_by_form, "renameByForm", "Gives a device another id"),
)
CALLS = (
    Call(
        method="GET",
        path="/site/devices/{device_id}",
        answer=hardware_page,
        roles=ADMINISTRATORS,
        operation="showHardware",
        about="Other hardware, or another id, for a device",
    ),
    *(
        Call(
            method="POST",
            path=f"/site/devices/{{device_id}}/{do}",
            answer=act,
            roles=ADMINISTRATORS,
            operation=name,
            about=about,
        )
        for do, act, name, about in _FORMS
    ),
)
