"""A person's report and the tickets: which one is meant, or how a new one begins. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hub.model.alarm import Urgency
from hub.model.journal import Draft
from hub.model.place import contains
from hub.model.ticket import Ticket, TicketState
from hub.model.trouble import OTHER, TROUBLE_BY_ID, Trouble
from hub.model.whistle import Hotline, Report, ReportWish, Source, Target
from hub.services.difference import spell_out
from hub.services.tickets.follow_up import Answer, is_open
from hub.services.tickets.ticket import record
from hub.services.tickets.transition import REPORTED, is_reported

NEAR = 24 * 3600.0
"""Seconds within which two reports of one category at one place are taken for one fault; a device
has one ticket for each fault however old."""
RESIDENT = "resident"
"""The actor of a resident's report, who is known by no name."""


def open_reported(wish: ReportWish, *, number: str, now: float, test: bool) -> Ticket:
    """Open a ticket for a report that no other ticket answers; it has no limits yet."""
    trouble, target = TROUBLE_BY_ID[wish.category], wish.target
    is_planned = bool(wish.planned)
    return Ticket(
        number=number,
        state=TicketState.NEW,
        source=wish.source.value,
        subject=target.subject,
        uid=target.uid or target.place,
        place=target.place,
        rule="",
        fault=_fault(wish, trouble, number),
        title=trouble.texts,
        severity=trouble.severity,
        urgency=Urgency.PLANNED if is_planned else trouble.spec.urgency,
        planned=wish.planned,
        classified_by=wish.actor if is_planned else "",
        class_=trouble.spec.class_,
        trade=trouble.trade,
        report=trouble.spec.report,
        opened_at=now,
        test=test or wish.test,
        **case_limits(None, wish.hotline),
    )


def case_limits(ticket: Ticket | None, case: Hotline | None) -> dict[str, Any]:
    """Return until when 12345 wants a ticket signed for and handled, with this case in it."""
    names = ("sign_by", "handle_by")
    sources = [each for each in (ticket, case) if each is not None]
    found = {name: [getattr(each, name) for each in sources] for name in names}
    return {
        name: min((by for by in instants if by is not None), default=None)
        for name, instants in found.items()
    }


def describe_opening(ticket: Ticket, wish: ReportWish, now: float) -> Draft:
    """Write the draft of a reported ticket's opening: the whole ticket, nothing of the person."""
    return Draft(
        at=now,
        type="ticket.opened",
        subject=ticket.number,
        actor=actor_of(wish),
        place=ticket.place,
        data=spell_out(ticket),
    )


def join_report(ticket: Ticket, wish: ReportWish, *, count: int, now: float) -> Answer:
    """Note one more who has reported a known ticket; who has left a phone is called back.

    The ticket stays as it is where that changes nothing of it: it is to be called back already, or
    nobody can be, and no limit of 12345 comes earlier.
    """
    said = {"count": count, "source": wish.source.value, "category": wish.category}
    actor = actor_of(wish)
    waits = wish.source in REPORTED and bool(wish.reporter.phone) and not is_reported(ticket)
    after = msgspec.structs.replace(
        ticket, reported=ticket.reported or waits, **case_limits(ticket, wish.hotline)
    )
    if after != ticket:
        return record(ticket, after, entry="ticket.joined", actor=actor, at=now, **said)
    number, place = ticket.number, ticket.place
    draft = Draft(at=now, type="ticket.joined", subject=number, actor=actor, place=place, data=said)
    return ticket, [draft]


def find_known(tickets: Iterable[Ticket], wish: ReportWish, now: float) -> Ticket | None:
    """Return the open ticket that a report is about: the one that it names, or of its fault."""
    standing = [ticket for ticket in tickets if is_open(ticket)]
    if wish.join:
        return next((ticket for ticket in standing if ticket.number == wish.join), None)
    if wish.apart or wish.category == OTHER:
        return None
    fault = TROUBLE_BY_ID[wish.category].fault_of(wish.target.kind)
    same = (ticket for ticket in standing if _is_same(ticket, wish.target, fault, now))
    return min(same, key=lambda ticket: ticket.opened_at, default=None)


def offered(tickets: Iterable[Ticket], target: Target, category: str = "") -> Sequence[Ticket]:
    """Return open tickets that may be meant by a report about this thing, likely ones first.

    Those about it, those that list it as explained, and for a place those at and below it; for a
    device also what was reported of its place in the same category.
    """
    found = [ticket for ticket in tickets if is_open(ticket) and _may_be_meant(ticket, target)]
    title = TROUBLE_BY_ID[category].texts if category in TROUBLE_BY_ID else {}
    return sorted(
        found,
        key=lambda ticket: (
            ticket.title != title,
            ticket.subject != target.subject,
            -ticket.opened_at,
        ),
    )


def write_report(wish: ReportWish, ticket: Ticket, *, joined: bool, now: float) -> Report:
    """Return what is kept of a report beside what concerns the person."""
    return Report(
        id=wish.id,
        ticket=ticket.number,
        source=wish.source,
        category=wish.category,
        subject=wish.target.subject,
        place=wish.target.place,
        at=now,
        joined=joined,
        actor=wish.actor,
        call_back=bool(wish.reporter.phone),
        hotline=wish.hotline,
    )


def actor_of(wish: ReportWish) -> str:
    """Return who acts in the journal: a login, or that it was a resident."""
    return wish.actor or (RESIDENT if wish.source is Source.RESIDENT else wish.source.value)


def _fault(wish: ReportWish, trouble: Trouble, number: str) -> str:
    """Name the fault; what must not be taken for one with another carries its number."""
    fault = trouble.fault_of(wish.target.kind)
    return f"{fault}/{number}" if wish.apart or wish.category == OTHER else fault


def _is_same(ticket: Ticket, target: Target, fault: str, now: float) -> bool:
    same = ticket.subject == target.subject and ticket.fault == fault
    return same and (bool(target.device) or now - ticket.opened_at <= NEAR)


def _may_be_meant(ticket: Ticket, target: Target) -> bool:
    if target.device:
        about = ticket.subject == target.device or target.device in ticket.children
        return about or ticket.subject == target.place
    return contains(target.place, ticket.place)
