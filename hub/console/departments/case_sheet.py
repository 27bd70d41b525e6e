"""A receiver's case in words: its state, limits with what is left of them, marks and history."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.console.frame.language import Words
from hub.console.frame.span import day_and_time, span
from hub.console.frame.story import actor_name, step_line
from hub.console.tickets.ticket_history import TicketHistory
from hub.model.case import Case
from hub.model.instant import from_rfc3339
from hub.model.journal import Entry
from hub.model.ticket import Ticket
from hub.ports import Books
from hub.services.incidents.case_limit import CaseLimit, limits_of, next_limit
from hub.services.incidents.case_step import possible_actions

ABOUT_CASES = ("incident.",)
SHORT = 0.25
"""Share of a limit below which it is shown in colour."""


class LimitLine(msgspec.Struct, frozen=True, kw_only=True):
    """One limit: its name, how much is left or how it was kept, and until when it runs."""

    name: str
    said: str
    by: str
    short: bool
    done: bool


class CaseCard(msgspec.Struct, frozen=True, kw_only=True):
    """A case as a page shows it."""

    receiver: str
    number: str
    state: str
    facts: list[tuple[str, str]]
    limits: list[LimitLine]
    marks: list[str]
    possible: list[str]
    history: list[tuple[str, str, str]]


def card_of(case: Case, history: Sequence[Entry], words: Words, now: float) -> CaseCard:
    """Write a case; `history` are the entries of its ticket's cases, newest first."""
    own = [entry for entry in history if entry.data.get("receiver") == case.receiver]
    return CaseCard(
        receiver=case.receiver,
        number=case.number,
        state=words.name("case_state", case.state),
        facts=_facts(case, words),
        limits=[limit_line(case, each, words, now) for each in limits_of(case)],
        marks=marks_of(case, words),
        possible=[words.name("case_do", each) for each in possible_actions(case)],
        history=[_line(entry, words) for entry in own],
    )


def marks_of(case: Case, words: Words) -> list[str]:
    """Say in a few words what presses: urged, supervised, sent back, an extension, help."""
    counted = (("urged", case.urged), ("supervised", case.supervised))
    found = [words(f"case.{name}", n=count) for name, count in counted if count]
    if case.state == "sent_back":
        found.append(words("case_state.sent_back"))
    if case.asked_until is not None:
        found.append(words("case.asked", at=day_and_time(case.asked_until)))
    if case.helps:
        found.append(words("case.helps", whom=case.helps))
    return found


def limit_line(case: Case, limit: CaseLimit, words: Words, now: float) -> LimitLine:
    """Write one limit."""
    late, at = limit.is_late(now), now if limit.done_at is None else limit.done_at
    key = ("done_" if limit.done_at is not None else "") + ("late" if late else "left")
    since = case.given_at if limit.done_at is not None and not late else limit.by
    current = next_limit(case)
    running = current is not None and current.name == limit.name
    given = case.given_at or limit.by
    return LimitLine(
        name=words(f"case_limit.{limit.name}"),
        said=words(f"case_limit.{key}", span=span(abs(at - (since or limit.by)), words)),
        by=day_and_time(limit.by),
        short=late or (running and limit.by - now < SHORT * (limit.by - given)),
        done=limit.done_at is not None,
    )


async def case_history(books: Books, ticket: Ticket, last_seq: int) -> list[Entry]:
    """Return what the receivers of a ticket have done, newest first."""
    return await TicketHistory(books, ticket.number, ABOUT_CASES).read(ticket, last_seq)


def _facts(case: Case, words: Words) -> list[tuple[str, str]]:
    given = f"{actor_name(case.given_by, words)} {day_and_time(case.given_at or 0)}".strip()
    until = "" if case.extended_until is None else day_and_time(case.extended_until)
    rows = (
        ("number", case.number),
        ("to", case.to if case.to != case.receiver else ""),
        ("given", given if case.given_at is not None else ""),
        ("reason", case.reason),
        ("extended", until),
        ("helpers", words("punct.list").join(case.helpers)),
    )
    return [(words(f"case.{name}"), value) for name, value in rows if value]


def _line(entry: Entry, words: Words) -> tuple[str, str, str]:
    until = entry.data.get("until")
    at = f" · {day_and_time(from_rfc3339(until))}" if until else ""
    limits = [words(f"case_limit.{name}") for name in entry.data.get("limits", ())]
    late = f" · {words('punct.list').join(limits)}" if limits else ""
    granted = entry.data.get("granted")
    said = "" if granted is None else f" · {words('case.granted' if granted else 'case.refused')}"
    return (
        day_and_time(entry.at),
        actor_name(entry.actor, words),
        step_line(entry, words) + at + late + said,
    )
