"""The page of maintenance windows and notices: what is open, how to open one, how to end it."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.frame.naming import place_name
from hub.console.frame.page import LEADERS, Visit, show, visit_of
from hub.console.live.reading import subject_name
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.instant import from_rfc3339, to_local_text
from hub.model.window import Window, WindowKind
from hub.ports import Live, WindowWish

HOURS = (1, 2, 4, 8, 24, 72)
HOUR = 3600.0
USUAL = 2
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError)
"""What is told on the page; everything else is for the page of errors."""


class WindowRow(msgspec.Struct, frozen=True, kw_only=True):
    """One window in the list; `is_ahead` says that it has not begun.

    `may_end` is false where it reaches beyond the person's part of the community.
    """

    id: str
    kind: WindowKind
    text: str
    where: str
    start: str
    end: str
    is_ahead: bool
    may_end: bool
    actor: str


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed, and is shown again where it does not fit."""

    kind: str = WindowKind.MAINTENANCE.value
    where: str = ""
    text: str = ""
    start: str = ""
    hours: int = USUAL


async def window_page(request: Request, device: str = "") -> Response:
    """Show what is open, and the form; `device` is chosen in it already."""
    return await _page(request, Typed(where=f"device:{device}" if device else ""))


async def notice_page(request: Request, window: str) -> Response:
    """Show one notice as a sheet for the doors of its place, in both languages."""
    visit = await visit_of(request)
    found = {each.id: each for each in visit.ports.windows.windows(visit.who, over=True)}
    if window not in found:
        raise NotFoundError(f"there is no window {window!r}", zh=f"没有检修或公告 {window}。")
    notice, community = found[window], visit.ports.community
    return show(
        visit,
        "notice.html",
        notice=notice,
        where=subject_name(notice.device or notice.place, visit.ports.live),
        start=to_local_text(notice.start),
        end=to_local_text(notice.ended_at or notice.end),
        texts=tuple(dict.fromkeys(notice.text[code] for code in ("zh", "en"))),
        phone=community.phone,
    )


async def open_by_form(request: Request) -> Response:
    """Open a window; what does not fit is told above the form, which keeps what was typed."""
    ports, who = ports_of(request), await identity_of(request)
    typed = _read(await request.form())
    try:
        await ports.windows.open(_wish(typed, ports.clock.now()), who)
    except REFUSALS as error:
        return await _page(request, typed, refusal=error)
    return RedirectResponse("/windows", 303)


async def end_by_form(request: Request, window: str) -> Response:
    """End a window now."""
    ports, who = ports_of(request), await identity_of(request)
    try:
        await ports.windows.end(window, who)
    except REFUSALS as error:
        return await _page(request, Typed(), refusal=error)
    return RedirectResponse("/windows", 303)


async def _page(request: Request, typed: Typed, refusal: HubError | None = None) -> Response:
    visit = await visit_of(request)
    fields = sorted(refusal.problems) if isinstance(refusal, InvalidRequestError) else ()
    said = [visit.words(f"window.wrong_{field}") for field in fields]
    if refusal is not None and not said:
        said = [visit.words.of(refusal.texts)]
    return show(
        visit,
        "windows.html",
        status=422 if refusal else 200,
        rows=_rows(visit),
        typed=typed,
        choices=_choices(visit, typed),
        hours=HOURS,
        message=" ".join(said),
    )


def _rows(visit: Visit) -> list[WindowRow]:
    return [_row(window, visit) for window in visit.ports.windows.windows(visit.who)]


def _row(window: Window, visit: Visit) -> WindowRow:
    live, now = visit.ports.live, visit.page.now
    return WindowRow(
        id=window.id,
        kind=window.kind,
        text=visit.words.of(window.text),
        where=subject_name(window.device or window.place, live),
        start=to_local_text(window.start),
        end=to_local_text(window.end),
        is_ahead=window.start > now,
        # One of a device is shown to nobody who may not end it.
        may_end=bool(window.device) or visit.who.may_see(window.place),
        actor=window.actor,
    )


def _choices(visit: Visit, typed: Typed) -> list[tuple[str, str]]:
    """Return (value, words) of where a window can be: the device that was asked for, and places."""
    live, who = visit.ports.live, visit.who
    choices = []
    kind, _, device = typed.where.partition(":")
    if kind == "device":
        choices.append((typed.where, subject_name(device, live)))
    return choices + [(f"place:{path}", name) for path, name in place_choices(live, who)]


def place_choices(live: Live, who: Identity) -> list[tuple[str, str]]:
    """Return path and name of the places that somebody may see, indented like the tree."""
    found = sorted(path for path in live.places() if who.may_see(path))
    depth = min((path.count("/") for path in found), default=0)
    places = live.places()
    return [
        (path, "\u3000" * (path.count("/") - depth) + place_name(path, places)) for path in found
    ]


def _read(form: FormData) -> Typed:
    hours = str(form.get("hours", ""))
    return Typed(
        kind=str(form.get("kind", "")),
        where=str(form.get("where", "")),
        text=str(form.get("text", "")).strip(),
        start=str(form.get("start", "")),
        hours=int(hours) if hours in map(str, HOURS) else USUAL,
    )


def _wish(typed: Typed, now: float) -> WindowWish:
    kind, _, name = typed.where.partition(":")
    start = _instant(typed.start)
    wrong = {}
    if typed.kind not in list(WindowKind):
        wrong["kind"] = "one of maintenance, notice"
    if typed.start and start is None:
        wrong["start"] = "not an instant"
    if wrong:
        raise InvalidRequestError("The window does not fit.", problems=wrong)
    return WindowWish(
        kind=WindowKind(typed.kind),
        text={"zh": typed.text, "en": typed.text},
        start=start,
        end=(now if start is None else start) + typed.hours * HOUR,
        device=name if kind == "device" else "",
        place=name if kind == "place" else "",
    )


def _instant(text: str) -> float | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError:
        return None


CALLS = (
    Call(
        method="GET",
        path="/windows",
        answer=window_page,
        roles=LEADERS,
        operation="showWindows",
        about="Maintenance windows and notices",
    ),
    Call(
        method="GET",
        path="/windows/{window}/notice",
        answer=notice_page,
        roles=LEADERS,
        operation="showNotice",
        about="A notice to print",
    ),
    Call(
        method="POST",
        path="/windows",
        answer=open_by_form,
        roles=LEADERS,
        operation="openWindowByForm",
        about="Opens a window",
    ),
    Call(
        method="POST",
        path="/windows/{window}/end",
        answer=end_by_form,
        roles=LEADERS,
        operation="endWindowByForm",
        about="Ends a window",
    ),
)
