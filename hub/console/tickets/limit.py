"""The limit that counts for a ticket now, and how much of it is left."""

from __future__ import annotations

import msgspec

from hub.model.ticket import Ticket, TicketState
from hub.services.tickets.deadline import OUTER

SHORT = 0.25
"""Share of a limit below which it is shown in colour."""

_ORDER = ("take_by", "arrive_by", "finish_by")
_NEXT: dict[TicketState, int] = {
    TicketState.NEW: 0,
    TicketState.DISPATCHED: 0,
    TicketState.TAKEN: 1,
    TicketState.ARRIVED: 2,
}


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit: `name` is its catalogue key, `until` an instant.

    `first` is the instant without its granted extensions, where there are some.
    """

    name: str
    until: float
    short: bool
    first: float | None = None


def limits(ticket: Ticket, now: float) -> list[Limit]:
    """List the limits that still count in the ticket's state, the next one first.

    Of its own none counts while the ticket waits, and only the review while it is shelved. Those
    of 12345 always do, and stand first where they come first.
    """
    own, outer = _own(ticket, now), _outer(ticket, now)
    first = min((each.until for each in own), default=0.0)
    early = [each for each in outer if each.until < first]
    return early + own + [each for each in outer if each not in early]


def _outer(ticket: Ticket, now: float) -> list[Limit]:
    found = (
        (field, getattr(ticket, field))
        for field, states in OUTER.values()
        if ticket.state in states
    )
    return [
        Limit(name=f"ticket.{field}", until=until, short=_is_short(ticket, until, now))
        for field, until in found
        if until is not None
    ]


def _own(ticket: Ticket, now: float) -> list[Limit]:
    start = _NEXT.get(ticket.state)
    if start is None or ticket.waiting:
        return []
    if ticket.shelf:
        by = ticket.shelf.review_at
        return [Limit(name="ticket.review_by", until=by, short=by <= now)]
    found = ((name, getattr(ticket, name)) for name in _ORDER[start:])
    return [
        Limit(
            name=f"ticket.{name}",
            until=until,
            short=_is_short(ticket, until, now),
            first=ticket.first_finish_by if name == "finish_by" else None,
        )
        for name, until in found
        if until is not None
    ]


def _is_short(ticket: Ticket, until: float, now: float) -> bool:
    start = ticket.opened_at if ticket.reopened_at is None else ticket.reopened_at
    return until - now < SHORT * (until - start)
