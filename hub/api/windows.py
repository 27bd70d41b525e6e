"""Calls about maintenance windows and notices: what is expected, and is not to be told."""

from __future__ import annotations

import msgspec
from fastapi import Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_rules as shape
from hub.api.paging import instant, json_response, page
from hub.api.rights import LEADERS, STAFF
from hub.api.shape import Page
from hub.model.instant import to_rfc3339
from hub.model.window import Window, WindowKind
from hub.ports import WindowWish


class NewWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a device or a place; `start` is now where it is left out, as RFC 3339."""

    kind: WindowKind
    text: dict[str, str]
    end: str
    start: str = ""
    device: str = ""
    place: str = ""
    kinds: tuple[str, ...] = ()


async def list_windows(
    request: Request, state: str = Query("open", pattern="^(open|all)$")
) -> Response:
    """List the windows that are in force or to come; with `state=all` also those that are over."""
    who = await identity_of(request)
    found = ports_of(request).windows.windows(who, over=state == "all")
    return page([_spell(window) for window in found], None)


async def open_window(request: Request) -> Response:
    """Open a window; alarms that it explains are recorded, and told at its end if they last."""
    body = read_struct(await request.body(), NewWindow)
    who = await identity_of(request)
    wish = WindowWish(
        kind=body.kind,
        text=body.text,
        start=instant(body.start, "start", 0.0) or None,
        end=instant(body.end, "end", 0.0),
        device=body.device,
        place=body.place,
        kinds=body.kinds,
    )

    async def act() -> Response:
        return json_response(_spell(await ports_of(request).windows.open(wish, who)), 201)

    return await once(request, who, act)


async def end_window(request: Request, window: str) -> Response:
    """End a window now; what it has held back is told within ten seconds, if it still lasts."""
    who = await identity_of(request)

    async def act() -> Response:
        return json_response(_spell(await ports_of(request).windows.end(window, who)))

    return await once(request, who, act)


def _spell(window: Window) -> dict[str, object]:
    body: dict[str, object] = msgspec.to_builtins(window)
    times = {name: to_rfc3339(getattr(window, name)) for name in ("start", "end", "ended_at")}
    return {**body, **times}


CALLS = (
    Call(
        method="GET",
        path="/windows",
        answer=list_windows,
        roles=STAFF,
        operation="listWindows",
        about="Maintenance windows and notices",
        shows=Page[shape.Window],
    ),
    Call(
        method="POST",
        path="/windows",
        answer=open_window,
        roles=LEADERS,
        operation="openWindow",
        about="Open a maintenance window, or put up a notice",
        body=NewWindow,
        shows=shape.Window,
        statuses=(201,),
        problems=(404,),
    ),
    Call(
        method="POST",
        path="/windows/{window}/end",
        answer=end_window,
        roles=LEADERS,
        operation="endWindow",
        about="End a window before its time",
        shows=shape.Window,
    ),
)
