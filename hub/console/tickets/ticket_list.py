"""The list of tickets: my own first, each group by time left."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.access.web_ports import WebPorts
from hub.console.frame.language import Words
from hub.console.frame.template import paint
from hub.console.live.channel import Parts
from hub.console.live.job import REPAIRED, ticket_standing
from hub.console.live.reading import subject_name
from hub.console.live.standing import Standing, sight
from hub.console.tickets.detour import notes
from hub.console.tickets.limit import Limit, limits
from hub.model.access import Identity
from hub.model.discretion import may_see_ticket, secret_tickets
from hub.model.ticket import Ticket, TicketState
from hub.ports import Live

LIST = "ticket-list"
UNTAKEN = frozenset({TicketState.NEW, TicketState.DISPATCHED})


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket in a list; `limit` is None once the repair is done, or while it waits."""

    number: str
    standing: Standing
    where: str
    title: str
    state: str
    holder: str
    children: int
    limit: Limit | None
    notes: list[str]


async def paint_list(ports: WebPorts, who: Identity, words: Words) -> Parts:
    """Paint the list for one person."""
    now = ports.clock.now()
    tickets = visible_tickets(ports.live, who)
    groups = [
        (name, [_row(ticket, ports.live, now, words) for ticket in members])
        for name, members in _grouped(tickets, who, now)
        if members
    ]
    return {LIST: paint("part_list.html", words, groups=groups, now=now)}


def visible_tickets(live: Live, who: Identity) -> list[Ticket]:
    """Return the open tickets that this person may see; discreet ones are for leaders."""
    secret = secret_tickets(live.open_alarms())
    return [
        ticket
        for ticket in live.open_tickets()
        if may_see_ticket(who, ticket, secret) and not ticket.folded_into
    ]


def _grouped(
    tickets: Iterable[Ticket], who: Identity, now: float
) -> list[tuple[str, list[Ticket]]]:
    groups: dict[str, list[Ticket]] = {
        name: []
        for name in (
            *("ticket.mine", "ticket.open_to_take", "ticket.others", "ticket.ending"),
            "ticket.on_shelf",
        )
    }
    for ticket in sorted(tickets, key=lambda ticket: _until(ticket, now)):
        groups[_group(ticket, who)].append(ticket)
    return list(groups.items())


def _group(ticket: Ticket, who: Identity) -> str:
    if ticket.shelf:
        return "ticket.on_shelf"
    if ticket.state in REPAIRED:
        return "ticket.ending"
    if ticket.holder == who.name:
        return "ticket.mine"
    return "ticket.open_to_take" if ticket.state in UNTAKEN else "ticket.others"


def _until(ticket: Ticket, now: float) -> float:
    return min((limit.until for limit in limits(ticket, now)), default=float("inf"))


def _row(ticket: Ticket, live: Live, now: float, words: Words) -> TicketRow:
    view = live.device(ticket.subject)
    return TicketRow(
        number=ticket.number,
        standing=ticket_standing(ticket, sight(view, now) if view else None),
        where=subject_name(ticket.subject, live),
        title=words.of(ticket.title),
        state=ticket.state,
        holder=ticket.holder,
        children=len(ticket.children),
        limit=min(limits(ticket, now), key=lambda limit: limit.until, default=None),
        notes=notes(ticket, words),
    )
