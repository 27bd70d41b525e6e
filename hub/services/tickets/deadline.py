"""Limits of tickets: until when one must be taken, reached and finished, and which have passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from hub.model.alarm import Class, Urgency
from hub.model.calendar import Pace
from hub.model.detour import Extension, Pause, Ruling
from hub.model.instant import day_from_text, start_of_day
from hub.model.journal import Draft
from hub.model.ticket import ClosingCode, Ticket, TicketState

MINUTE = 60.0
HOUR = 3600.0

TAKE = {Urgency.URGENT: 5 * MINUTE, Urgency.NORMAL: 30 * MINUTE}
"""Seconds from opening to taking; planned work has a day instead, where somebody sets one."""
ARRIVE = {Urgency.URGENT: 30 * MINUTE, Urgency.NORMAL: 4 * HOUR}
"""Seconds from opening to arriving."""
FINISH = {Class.GENERAL: 24 * HOUR, Class.DIFFICULT: 48 * HOUR, Class.COMPLEX: 72 * HOUR}
"""Seconds from opening to completion, by difficulty."""
PLANNED = 72 * HOUR
"""Seconds from opening to completion that planned work has at least, however easy it is."""
MORNING = 8 * HOUR
"""Seconds after midnight of its day by which planned work is to be taken."""

STILL_THERE = HOUR
"""Seconds after the closing of a ticket at which it is looked whether its fault is still there."""


class WorkClock(Protocol):
    """Counts seconds that limits run."""

    def after(self, start: float, seconds: float) -> float:
        """Return the instant at which so many seconds have run since `start`."""

    def between(self, start: float, end: float) -> float:
        """Return how many seconds run from `start` to `end`."""


class Continuous:
    """Counts every hour of the day and every day of the year."""

    def after(self, start: float, seconds: float) -> float:
        """Add them."""
        return start + seconds

    def between(self, start: float, end: float) -> float:
        """Take the difference."""
        return end - start


CONTINUOUS = Continuous()


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Which limits run in working time: those to take and arrive by urgency, to finish by class.

    A trade's pace counts before both; what is not named runs on.
    """

    working: WorkClock = CONTINUOUS
    urgency: Mapping[Urgency, Pace] = {}
    class_: Mapping[Class, Pace] = {}
    trade: Mapping[str, Pace] = {}


ALWAYS = Timing()


def clock_of(timing: Timing, ticket: Ticket, limit: str) -> WorkClock:
    """Return the clock on which this ticket's limit (take, arrive, finish) runs."""
    pace = timing.class_.get(ticket.class_)
    if limit != "finish":
        pace = timing.urgency.get(ticket.urgency)
    pace = timing.trade.get(ticket.trade, pace)
    return timing.working if pace is Pace.WORKING else CONTINUOUS


def finish_within(urgency: Urgency, class_: Class) -> float:
    """Return the seconds from opening to completion: by class, for planned work 72 h at least."""
    return max(FINISH[class_], PLANNED) if urgency is Urgency.PLANNED else FINISH[class_]


def planned_limit(ticket: Ticket, name: str) -> float | None:
    """Return a limit of work that is planned for a day: taken in its morning, finished by its end.

    None for every other limit, and for every other ticket.
    """
    if ticket.urgency is not Urgency.PLANNED or not ticket.planned or name == "arrive":
        return None
    day = day_from_text(ticket.planned)
    return start_of_day(day) + MORNING if name == "take" else start_of_day(day + 1)


def time_to_finish(ticket: Ticket) -> float:
    """Return the seconds from its opening that a ticket has, by its day or by its class."""
    by = planned_limit(ticket, "finish")
    return finish_within(ticket.urgency, ticket.class_) if by is None else by - begun_at(ticket)


def begun_at(ticket: Ticket) -> float:
    """Return from when the limits run: the opening, or the last reopening."""
    return ticket.opened_at if ticket.reopened_at is None else ticket.reopened_at


def renew_limits(ticket: Ticket, timing: Timing = ALWAYS) -> Ticket:
    """Compute a ticket's limits anew: urgency, class, opening, pauses, granted extensions.

    A limit that moves away from an instant that was told as overdue can be overdue again.
    """
    granted = [each for each in ticket.extensions if each.ruling is Ruling.GRANTED]
    limits = {
        field: _find_limit(ticket, timing, name, granted if name == "finish" else ())
        for name, field in _FIELDS.items()
    }
    moved = {name for name, field in _FIELDS.items() if getattr(ticket, field) != limits[field]}
    return msgspec.structs.replace(
        ticket,
        **limits,
        first_finish_by=_find_limit(ticket, timing, "finish", ()) if granted else None,
        overdue=tuple(name for name in ticket.overdue if name not in moved),
    )


def _find_limit(
    ticket: Ticket, timing: Timing, name: str, granted: Iterable[Extension]
) -> float | None:
    clock, by = clock_of(timing, ticket, name), planned_limit(ticket, name)
    if by is None:
        seconds = _seconds(ticket, name)
        if seconds is None:
            return None
        by = clock.after(begun_at(ticket), seconds)
    turns: list[tuple[float, Pause | Extension]] = [(each.since, each) for each in ticket.pauses]
    turns += [(each.decided_at or 0.0, each) for each in granted]
    for _, turn in sorted(turns, key=lambda pair: pair[0]):
        by = _move(by, turn, clock)
    return by


def _seconds(ticket: Ticket, name: str) -> float | None:
    if name == "finish":
        return finish_within(ticket.urgency, ticket.class_)
    return (TAKE if name == "take" else ARRIVE).get(ticket.urgency)


def _move(by: float, turn: Pause | Extension, clock: WorkClock) -> float:
    """Move a limit on; one that had passed when the pause began stays where it was."""
    if isinstance(turn, Extension):
        return max(by, turn.until)
    if by <= turn.since:
        return by
    return clock.after(by, clock.between(turn.since, turn.until))


_FIELDS = {"take": "take_by", "arrive": "arrive_by", "finish": "finish_by"}

UNTAKEN = frozenset({TicketState.NEW, TicketState.DISPATCHED})
UNREACHED = UNTAKEN | {TicketState.TAKEN}
UNFINISHED = UNREACHED | {TicketState.ARRIVED}
_RUNNING = {"take": UNTAKEN, "arrive": UNREACHED, "finish": UNFINISHED}
"""States in which each limit still runs."""
OUTER = {"sign": ("sign_by", UNTAKEN), "handle": ("handle_by", UNFINISHED)}
"""Limits of 12345: name → field, and the states in which it runs."""


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
    """Return a version and a draft for each limit that has passed since last asked."""
    return [answer for ticket in tickets for answer in tell_overdue(ticket, now)]


def _running(ticket: Ticket) -> list[tuple[str, float]]:
    """List what can still pass untold; 12345 waits for nothing of the ticket's own."""
    outer = [
        (name, by)
        for name, (field, states) in OUTER.items()
        if ticket.state in states
        and name not in ticket.overdue
        and (by := getattr(ticket, field)) is not None
    ]
    return outer + _own_running(ticket)


def _own_running(ticket: Ticket) -> list[tuple[str, float]]:
    """List of its own limits none while it waits, and the review alone while it is shelved."""
    if ticket.waiting is not None:
        return []
    if ticket.shelf is not None:
        return [] if "review" in ticket.overdue else [("review", ticket.shelf.review_at)]
    return [
        (name, by)
        for name, field in _FIELDS.items()
        if ticket.state in _RUNNING[name]
        and name not in ticket.overdue
        and (by := getattr(ticket, field)) is not None
    ]


def tell_overdue(ticket: Ticket, now: float) -> list[tuple[Ticket, list[Draft]]]:
    """Tell each limit of a ticket that has passed and was not told: a version and a draft each."""
    answers = []
    for name, by in _running(ticket):
        if by > now:
            continue
        ticket = msgspec.structs.replace(
            ticket, overdue=(*ticket.overdue, name), revision=ticket.revision + 1
        )
        answers.append((ticket, [_draft(ticket, name, by, now)]))
    return answers


def _draft(ticket: Ticket, name: str, by: float, now: float) -> Draft:
    return Draft(
        at=now,
        type="ticket.overdue",
        subject=ticket.number,
        actor="hub",
        place=ticket.place,
        data={
            "limit": name,
            "by": by,
            "state": ticket.state.value,
            "overdue": list(ticket.overdue),
            "revision": ticket.revision,
        },
    )
