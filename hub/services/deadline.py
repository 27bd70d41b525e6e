"""Limits of tickets: until when one must be taken, reached and finished, and which have passed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hub.model.alarm import Class, Urgency
from hub.model.journal import Draft
from hub.model.ticket import ClosingCode, Ticket, TicketState

MINUTE = 60.0
HOUR = 3600.0

TAKE = {Urgency.URGENT: 5 * MINUTE, Urgency.NORMAL: 30 * MINUTE}
"""Seconds from opening to taking; planned work has a date instead."""
ARRIVE = {Urgency.URGENT: 30 * MINUTE, Urgency.NORMAL: 4 * HOUR}
"""Seconds from opening to arriving."""
FINISH = {Class.GENERAL: 24 * HOUR, Class.DIFFICULT: 48 * HOUR, Class.COMPLEX: 72 * HOUR}
"""Seconds from opening to completion, by difficulty."""

STILL_THERE = HOUR
"""Seconds after the closing of a ticket at which it is looked whether its fault is still there."""

WorkClock = Callable[[float, float], float]
"""Adds working seconds to an instant: `(start, seconds) -> instant`."""


def continuous(start: float, seconds: float) -> float:
    """Count every hour of the day and every day of the year."""
    return start + seconds


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The three instants of a ticket; None where there is no limit."""

    take_by: float | None
    arrive_by: float | None
    finish_by: float | None


def find_limits(
    urgency: Urgency, class_: Class, start: float, clock: WorkClock = continuous
) -> Limits:
    """Return the limits of a job that begins at `start`."""

    def after(seconds: float | None) -> float | None:
        return None if seconds is None else clock(start, seconds)

    return Limits(
        take_by=after(TAKE.get(urgency)),
        arrive_by=after(ARRIVE.get(urgency)),
        finish_by=after(FINISH[class_]),
    )


def renew_limits(ticket: Ticket, clock: WorkClock = continuous) -> Ticket:
    """Compute a ticket's limits anew from its urgency, class and opening or reopening.

    A limit that moves away from an instant that was told as overdue can be overdue again.
    """
    start = ticket.opened_at if ticket.reopened_at is None else ticket.reopened_at
    limits = find_limits(ticket.urgency, ticket.class_, start, clock)
    moved = {name for name, field in _FIELDS.items() if _differ(ticket, limits, field)}
    return msgspec.structs.replace(
        ticket,
        **msgspec.structs.asdict(limits),
        overdue=tuple(name for name in ticket.overdue if name not in moved),
    )


def _differ(ticket: Ticket, limits: Limits, field: str) -> bool:
    return bool(getattr(ticket, field) != getattr(limits, field))


_FIELDS = {"take": "take_by", "arrive": "arrive_by", "finish": "finish_by"}

_UNTAKEN = frozenset({TicketState.NEW, TicketState.DISPATCHED})
_UNREACHED = _UNTAKEN | {TicketState.TAKEN}
_UNFINISHED = _UNREACHED | {TicketState.ARRIVED}
_RUNNING = {"take": _UNTAKEN, "arrive": _UNREACHED, "finish": _UNFINISHED}
"""States in which each limit still runs."""


def next_limit(ticket: Ticket) -> float | None:
    """Return the earliest instant at which a limit of the ticket will pass untold."""
    instants = [by for _, by in _running(ticket)]
    return min(instants, default=None)


def look_again_at(ticket: Ticket) -> float | None:
    """Return when a ticket is reopened if its fault is still there; None where it never is.

    What was folded into another one is that one's, and nobody meant to repair `wont_fix`.
    """
    closed = ticket.state is TicketState.CLOSED and not ticket.folded_into
    if not closed or ticket.closed_at is None or ticket.closing_code == ClosingCode.WONT_FIX:
        return None
    return ticket.closed_at + STILL_THERE


def due(tickets: Iterable[Ticket], now: float) -> list[tuple[Ticket, list[Draft]]]:
    """Return the tickets that have run over a limit since last asked, with a draft per limit."""
    answers = (_tell_overdue(ticket, now) for ticket in tickets)
    return [answer for answer in answers if answer[1]]


def _running(ticket: Ticket) -> list[tuple[str, float]]:
    return [
        (name, by)
        for name, field in _FIELDS.items()
        if ticket.state in _RUNNING[name]
        and name not in ticket.overdue
        and (by := getattr(ticket, field)) is not None
    ]


def _tell_overdue(ticket: Ticket, now: float) -> tuple[Ticket, list[Draft]]:
    drafts = []
    for name, by in _running(ticket):
        if by > now:
            continue
        ticket = msgspec.structs.replace(
            ticket, overdue=(*ticket.overdue, name), revision=ticket.revision + 1
        )
        drafts.append(_draft(ticket, name, by, now))
    return ticket, drafts


def _draft(ticket: Ticket, name: str, by: float, now: float) -> Draft:
    return Draft(
        at=now,
        type="ticket.overdue",
        subject=ticket.number,
        actor="hub",
        place=ticket.place,
        data={"limit": name, "by": by, "state": ticket.state.value, "revision": ticket.revision},
    )
