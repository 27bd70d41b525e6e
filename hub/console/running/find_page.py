"""The page that finds: devices, places and tickets by the words of their names, or by number."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query, Request, Response

from hub.access.policy import Call
from hub.console.frame.naming import device_name, place_name
from hub.console.frame.page import ONLOOKERS, STAFF, Visit, show, visit_of
from hub.console.live.job import ticket_standing
from hub.console.live.reading import subject_name
from hub.console.live.standing import Standing, sight
from hub.console.tickets.ticket_list import visible_tickets
from hub.model.discretion import may_see_ticket, secret_tickets
from hub.model.place import contains
from hub.model.ticket import Ticket
from hub.ports import DeviceView

LISTED = 40
"""Rows of each kind; what is left out is counted."""
LONGEST = 100

Words = Annotated[str, Query(max_length=LONGEST)]


class FoundRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found, and where it leads."""

    page: str
    name: str
    about: str
    standing: Standing = Standing.NORMAL


async def find_page(request: Request, q: Words = "", place: Words = "") -> Response:
    """Show what fits all words, in this person's part; `place` shows what is in a place."""
    visit = await visit_of(request)
    asked = tuple(q.lower().split())
    found: list[tuple[str, list[FoundRow]]] = []
    if asked or place:
        found = [
            ("find.devices", _devices(visit, asked, place)),
            ("find.tickets", await _tickets(visit, asked, place)),
            ("find.places", [] if place else _places(visit, asked)),
        ]
    return show(
        visit,
        "find.html",
        q=q,
        place=place_name(place, visit.ports.live.places()) if place else "",
        groups=[(word, rows[:LISTED], len(rows)) for word, rows in found if rows],
        asked=bool(asked or place),
    )


async def _tickets(visit: Visit, asked: tuple[str, ...], place: str) -> list[FoundRow]:
    live, words = visit.ports.live, visit.words
    found = []
    for ticket in visible_tickets(live, visit.who):
        where = subject_name(ticket.subject, live)
        said = f"{ticket.number} {where} {words.of(ticket.title)} {ticket.holder}"
        if _fits(said, asked) and (not place or contains(place, ticket.place)):
            found.append(_ticket(visit, ticket))
    if not found and len(asked) == 1 and not place:
        old = await visit.ports.books.ticket(asked[0].upper())
        secret = secret_tickets(live.open_alarms())
        if old is not None and may_see_ticket(visit.who, old, secret):
            return [_ticket(visit, old)]
    return found


def _ticket(visit: Visit, ticket: Ticket) -> FoundRow:
    live, words = visit.ports.live, visit.words
    view = live.device(ticket.subject)
    return FoundRow(
        page=f"/tickets/{ticket.number}",
        name=f"{subject_name(ticket.subject, live)} · {words.of(ticket.title)}",
        about=f"{ticket.number} · {words.name('ticket_state', ticket.state)}",
        standing=ticket_standing(ticket, sight(view, visit.page.now) if view else None),
    )


def _devices(visit: Visit, asked: tuple[str, ...], place: str) -> list[FoundRow]:
    if visit.who.role not in STAFF:
        return []
    return [
        _device(visit, view)
        for view in visit.ports.live.devices()
        if visit.who.may_see(view.device.place)
        and (not place or contains(place, view.device.place))
        and _fits(_said_of(visit, view), asked)
    ]


def _said_of(visit: Visit, view: DeviceView) -> str:
    device, places = view.device, visit.ports.live.places()
    kind = visit.words.name("kind", device.kind)
    where = place_name(device.place, places)
    return f"{device.id} {device.name} {device.address} {kind} {where} {device.place}"


def _device(visit: Visit, view: DeviceView) -> FoundRow:
    device, words = view.device, visit.words
    seen = sight(view, visit.page.now)
    where = place_name(device.place, visit.ports.live.places())
    return FoundRow(
        page=f"/devices/{device.id}",
        name=device_name(device),
        about=f"{words.name('kind', device.kind)} · {where} · {device.id}",
        standing=seen.standing,
    )


def _places(visit: Visit, asked: tuple[str, ...]) -> list[FoundRow]:
    places = visit.ports.live.places()
    return [
        FoundRow(page=f"/find?place={path}", name=place_name(path, places), about=path)
        for path, place in sorted(places.items())
        if visit.who.may_see(path) and _fits(f"{place.name} {path}", asked)
    ]


def _fits(said: str, asked: tuple[str, ...]) -> bool:
    said = said.lower()
    return all(word in said for word in asked)


CALLS = (
    Call(
        method="GET",
        path="/find",
        answer=find_page,
        roles=ONLOOKERS,
        operation="find",
        about="Devices, places and tickets by their names",
    ),
)
