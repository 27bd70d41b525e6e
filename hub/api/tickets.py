"""Calls about tickets: the list, the shelved ones, one with its possible steps, and a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Query, Request, Response

from hub.access.body import read_done_at, read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.api import shape_of_tickets as shape
from hub.api import wire_ticket as wire
from hub.api.paging import LONGEST_PAGE, PAGE, Cursor, Limit, collect, json_response, page
from hub.api.rights import ONLOOKERS, TICKET_HANDS, visible_ticket
from hub.api.shape import Page
from hub.model.access import Identity
from hub.model.alarm import Severity
from hub.model.asset import AssetCard, read_card
from hub.model.discretion import may_see_ticket, secret_tickets
from hub.model.ticket import Ticket, TicketAction, TicketState, TicketStep
from hub.services.tickets.shelf import list_shelved

ENDED = frozenset({TicketState.CLOSED, TicketState.VOIDED})
STATES = "|".join(("open", *TicketState))


class StepBody(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to a ticket.

    `code` is the closing code of `complete`, `to` whom it goes to or waits for, `reason` why,
    `text` a comment or note; what else a step needs stands in `extra`. `done_at` (RFC 3339) is when
    it was done, where it is sent later: it stands in the journal beside the hub's own time.
    """

    do: TicketAction
    reason: str = ""
    code: str = ""
    to: str = ""
    text: str = ""
    extra: dict[str, Any] = {}
    done_at: str = ""


async def list_tickets(
    request: Request,
    after: Cursor = "",
    limit: Limit = PAGE,
    state: Annotated[str, Query(pattern=f"^({STATES})?$", description="only these")] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """List tickets, newest first; `state=open` leaves out what is closed or voided."""
    ports, who = ports_of(request), await identity_of(request)
    open_only = state == "open"
    secret = secret_tickets(ports.live.open_alarms())

    async def fetch(before: str) -> Sequence[Ticket]:
        return await ports.books.tickets(open_only=open_only, limit=LONGEST_PAGE, before=before)

    def is_wanted(ticket: Ticket) -> bool:
        return (
            may_see_ticket(who, ticket, secret)
            and state in {"", "open", ticket.state}
            and subject in {"", ticket.subject}
        )

    tickets, following = await collect(
        fetch, lambda ticket: ticket.number, is_wanted, start=after, limit=limit
    )
    return page([wire.ticket(ticket) for ticket in tickets], following)


async def list_shelf(request: Request) -> Response:
    """List the shelved tickets as they may be published, the next review first."""
    ports, who = ports_of(request), await identity_of(request)
    return page([wire.shelved(each) for each in list_shelved(ports.live, who)], None)


async def read_ticket(request: Request, number: str) -> Response:
    """Read one ticket with the steps that the asker can take now."""
    ports, who = ports_of(request), await identity_of(request)
    return _one(ports, who, await visible_ticket(ports, who, number))


async def act_on_ticket(request: Request, number: str) -> Response:
    """Take one step; an illegal one is answered by 409 with those that are possible."""
    ports, who = ports_of(request), await identity_of(request)
    await visible_ticket(ports, who, number)

    async def act() -> Response:
        body = read_struct(await request.body(), StepBody)
        step = TicketStep(
            actor=who.name,
            role=who.role,
            at=ports.clock.now(),
            **msgspec.structs.asdict(body) | {"done_at": read_done_at(body.done_at)},
        )
        return _one(ports, who, await ports.desk.step_ticket(number, step))

    return await once(request, who, act)


def possible(ports: WebPorts, who: Identity, ticket: Ticket) -> list[str]:
    """Return the steps that the ticket's state and the person's role both allow."""
    return list(ports.possible_steps(ticket, who))


def card_of(ports: WebPorts, ticket: Ticket) -> AssetCard:
    """Return what the books say of the ticket's device, and of danger to life at its place."""
    view = ports.live.device(ticket.subject)
    return read_card(
        view.device if view else None,
        ports.live.places(),
        ticket.place,
        now=ports.clock.now(),
        grave=ticket.severity is Severity.CRITICAL,
    )


def _one(ports: WebPorts, who: Identity, ticket: Ticket) -> Response:
    more = {"asset": card_of(ports, ticket), "possible": possible(ports, who, ticket)}
    return json_response(wire.ticket(ticket) | more)


CALLS = (
    Call(
        method="GET",
        path="/tickets",
        answer=list_tickets,
        roles=ONLOOKERS,
        operation="listTickets",
        about="Tickets, newest first",
        shows=Page[shape.Ticket],
    ),
    Call(
        method="GET",
        path="/shelved",
        answer=list_shelf,
        roles=ONLOOKERS,
        operation="listShelved",
        about="Shelved tickets as they may be published",
        shows=Page[shape.Shelved],
    ),
    Call(
        method="GET",
        path="/tickets/{number}",
        answer=read_ticket,
        roles=ONLOOKERS,
        operation="readTicket",
        about="One ticket with its possible steps",
        shows=shape.TicketWithSteps,
    ),
    Call(
        method="POST",
        path="/tickets/{number}/actions",
        answer=act_on_ticket,
        roles=TICKET_HANDS,
        operation="actOnTicket",
        about="Take one step of a ticket",
        body=StepBody,
        shows=shape.TicketWithSteps,
    ),
)
