"""What has become of a report beside its way, in plain words for who made it.

Of people nothing is said, and of what staff have typed only what the public list of shelved tickets
says too: whom a ticket waits for may be a name.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.console.frame.language import Words
from hub.console.frame.span import day_and_time, hour_and_minute
from hub.model.detour import Ruling
from hub.model.instant import local_day, to_local_text
from hub.model.ticket import Ticket, TicketState
from hub.services.tickets.deadline import UNFINISHED


def when(at: float, now: float) -> str:
    """Write an instant of today as the minute, of another day with its date."""
    return hour_and_minute(at) if local_day(at) == local_day(now) else day_and_time(at)


def news_of(ticket: Ticket, number: str, words: Words, now: float) -> list[str]:
    """Say what a reporter has to know, who knows the ticket by `number`."""
    found = list(_numbers(ticket, number, words))
    if ticket.state in {TicketState.CLOSED, TicketState.VOIDED}:
        return found
    if ticket.reopened_at is not None and ticket.reopened:
        at = when(ticket.reopened_at, now)
        found.append(words("progress.reopened", at=at, n=ticket.reopened))
    if ticket.state in UNFINISHED:
        found += _detours(ticket, words, now)
    return found


def _numbers(ticket: Ticket, number: str, words: Words) -> Iterator[str]:
    if ticket.number == number:
        return
    key = "apart" if ticket.split_from == number else "together"
    yield words(f"progress.{key}", number=ticket.number)


def _detours(ticket: Ticket, words: Words, now: float) -> Iterator[str]:
    stands = ticket.waiting or ticket.shelf
    for each in () if stands else ticket.extensions[-1:]:
        limit = ticket.finish_by or each.until
        until = each.until if each.ruling is Ruling.ASKED else limit
        yield words(f"progress.extension_{each.ruling}", until=when(until, now))
    if wait := ticket.waiting:
        yield words("progress.waiting", since=when(wait.since, now))
    if shelf := ticket.shelf:
        yield words(
            "progress.shelved",
            condition=shelf.condition,
            measure=shelf.measure,
            day=to_local_text(shelf.review_at)[:10],
        )
