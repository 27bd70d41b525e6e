"""What every page knows: who looks, in which language and size, and where they can go."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlsplit

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse

from hub.access.http import identity_of, ports_of
from hub.access.session import COOKIE, csrf_token
from hub.access.web_ports import WebPorts
from hub.console.frame.language import Language, Words, language_of, words_of
from hub.console.frame.template import paint
from hub.model.access import Identity, Role

LANGUAGE_COOKIE = "lingdang_language"
BIG_COOKIE = "lingdang_big"
LEADERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
WATCHERS = LEADERS | {Role.GUARD, Role.CREW}
STAFF = WATCHERS | {Role.GRID_WORKER}
READERS = STAFF | {Role.DEPARTMENT}
TICKET_LISTS = STAFF | {Role.BUILDING_HEAD}
ONLOOKERS = READERS | {Role.BUILDING_HEAD}
"""Whoever has pages at all; a building head has the tickets of the building, and own rings."""

LINKS: tuple[tuple[str, str, frozenset[Role]], ...] = (
    ("/wall", "site.wall", WATCHERS),
    ("/department", "department.title", frozenset({Role.DEPARTMENT})),
    ("/tickets", "site.tickets", TICKET_LISTS),
    ("/hotline", "site.hotline", STAFF),
    ("/more", "site.more", ONLOOKERS),
)
"""Path, word and roles of the links on top of a page: as many as a phone is wide."""
MORE: tuple[tuple[str, str, frozenset[Role]], ...] = (
    ("/find", "find.title", ONLOOKERS),
    ("/week", "week.title", LEADERS),
    ("/handovers", "handover.title", LEADERS | {Role.GUARD}),
    ("/windows", "window.title", LEADERS),
    ("/inspections", "inspection.title", STAFF),
    ("/projects", "project.title", READERS),
    ("/agenda", "agenda.short", LEADERS | {Role.GRID_WORKER}),
    ("/surveys", "survey.title", LEADERS | {Role.GRID_WORKER}),
    ("/scorecard", "scorecard.title", LEADERS),
    ("/acceptances", "acceptance.title", STAFF),
    ("/rosters", "roster.title", LEADERS),
    ("/figures", "figure.title", LEADERS),
    ("/rules", "rule.title", LEADERS),
    ("/bells", "bells.title", ONLOOKERS),
    ("/labels", "label.title", LEADERS),
    ("/departments", "department.all", LEADERS),
    ("/newcomers", "newcomer.title", LEADERS),
    ("/site", "workbook.title", LEADERS),
    ("/problems", "site.problems", LEADERS),
)
"""The links of the page of everything else."""
SETTINGS: tuple[tuple[str, str], ...] = (
    ("/settings/people", "staff.title"),
    ("/settings/keys", "keys.title"),
    ("/settings/receivers", "receivers.title"),
)
"""Further ones there, for administrators of the whole community."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The frame of one page for one person; `here` is its own address, `stream` its stream's.

    A phone knows by `owner` whose work it keeps, and by `view` whether the pages that it keeps are
    still what this person may see.
    """

    community: str
    test: bool
    name: str
    role: str
    big: bool
    csrf: str
    now: float
    path: str
    here: str
    stream: str
    owner: str = ""
    view: str = ""
    links: tuple[tuple[str, str], ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request to the console: who, in which words, on which page, with which ports."""

    ports: WebPorts
    who: Identity
    words: Words
    page: Page


async def visit_of(request: Request, stream: str = "") -> Visit:
    """Collect what a page needs; `stream` names the page's scene and the version it shows."""
    ports, who = ports_of(request), await identity_of(request)
    page = Page(
        community=ports.community.name,
        test=ports.community.test,
        name=who.name,
        role=who.role,
        big=is_big(request),
        csrf=csrf_token(request.cookies.get(COOKIE, "")),
        now=ports.clock.now(),
        path=request.url.path,
        here=here(request),
        stream=f"/console/stream?{stream}" if stream else "",
        owner=_mark(ports.community.id, who.name),
        view=_mark(ports.community.id, who.name, who.role, who.scope),
        links=tuple((path, word) for path, word, roles in LINKS if who.role in roles),
        more=tuple((path, word) for path, word, roles in MORE if who.role in roles),
        settings=SETTINGS if who.role is Role.ADMINISTRATOR and not who.scope else (),
    )
    return Visit(ports=ports, who=who, words=words_of(chosen_language(request)), page=page)


def _mark(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def chosen_language(request: Request) -> Language:
    """Return the language that this browser has chosen, Chinese otherwise."""
    return language_of(request.cookies.get(LANGUAGE_COOKIE, ""))


def is_big(request: Request) -> bool:
    """Tell whether this browser has chosen big text."""
    return request.cookies.get(BIG_COOKIE) == "on"


def here(request: Request) -> str:
    """Return the request's own path and query, to come back to."""
    query = request.url.query
    return quote(request.url.path) + (f"?{query}" if query else "")


def local_path(target: str, default: str = "/") -> str:
    """Return a path on this hub, or the default for anything that leads elsewhere."""
    parts = urlsplit(target)
    away = parts.scheme or parts.netloc or target.startswith(("//", "/\\"))
    clean = target.isprintable() and target.startswith("/") and not away
    return target if clean else default


def show(
    visit: Visit, template: str, *, status: int = 200, theme: str = "light", **context: object
) -> HTMLResponse:
    """Paint a page for a visit."""
    html = paint(template, visit.words, page=visit.page, theme=theme, **context)
    return HTMLResponse(html, status_code=status)
