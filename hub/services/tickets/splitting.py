"""Tickets that people take apart: one part of a ticket gets a number, a way and limits of its own.

Pure: the ticket goes in, the two tickets come out. The new one starts when its part did, but never
before the old one did: nobody wins time by it, and nobody is late for what was not told yet.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hub.model.alarm import Alarm, Severity
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.tickets.consequence import Desk
from hub.services.tickets.deadline import renew_limits
from hub.services.tickets.effect import Split
from hub.services.tickets.follow_up import is_open
from hub.services.tickets.part import Part, Told, find_part, find_report

_SEVERITIES = list(Severity)


def take_apart(
    ticket: Ticket, name: str, desk: Desk, now: float, stored: Told | Alarm | None
) -> Split:
    """Return what becomes of a ticket whose alarm, child or report of that name leaves it.

    `stored` is the report or the cleared alarm of that name, which only the store has.
    """
    if isinstance(stored, Told):
        part = find_report(ticket, stored, desk)
    else:
        part = find_part(ticket, name, desk, cleared=stored)
    if not isinstance(part, Part):
        return Split(why_not=part)
    number = desk.numbers.peek_ticket(now)
    kept = [each for each in desk.index.open_alarms_of(ticket) if each not in part.alarms]
    moved = [replace(each, ticket=number, explained_by="") for each in part.alarms]
    pruned = [replace(each, children=_but(each.children, part)) for each in kept]
    return Split(
        left=_leave(ticket, part, number, kept),
        opened=_open(ticket, part, number, desk),
        alarms=(*moved, *pruned),
    )


def _open(ticket: Ticket, part: Part, number: str, desk: Desk) -> Ticket:
    begun = ticket.opened_at if ticket.reopened_at is None else ticket.reopened_at
    opened = Ticket(number=number, state=TicketState.NEW, split_from=ticket.number, **part.fields)
    return renew_limits(
        replace(
            opened,
            fault=_own_fault(opened, part, desk),
            opened_at=max(opened.opened_at, begun),
            test=ticket.test,
        ),
        desk.timing,
    )


def _own_fault(opened: Ticket, part: Part, desk: Desk) -> str:
    """Name the fault so that no other open ticket of the subject has the same.

    Alarms find theirs again by the rule behind the stroke.
    """
    by_rule = (opened.fault, f"{opened.fault}/{opened.rule}") if opened.rule else ()
    for fault in () if part.apart else by_rule:
        known = desk.index.find_ticket(opened.uid, fault)
        if known is None or not is_open(known):
            return fault
    return f"{opened.fault}/{opened.number}"


def _but(children: Sequence[str], part: Part) -> tuple[str, ...]:
    return tuple(name for name in children if name not in part.children)


def _leave(ticket: Ticket, part: Part, number: str, kept: Sequence[Alarm]) -> Ticket:
    """Return the ticket without its part, and what follows from that."""
    gone = {alarm.id for alarm in part.alarms}
    proof = [each for alarm in kept for each in alarm.evidence]
    left = [] if not gone else [each for each in part.fields["evidence"] if each not in proof]
    return replace(
        ticket,
        alarms=tuple(each for each in ticket.alarms if each not in gone),
        children=_but(ticket.children, part),
        evidence=tuple(each for each in ticket.evidence if each not in left),
        reported=ticket.reported and not part.unreports,
        sign_by=None if part.unreports else ticket.sign_by,
        handle_by=None if part.unreports else ticket.handle_by,
        split_off=(*ticket.split_off, number),
        **(_without(ticket, kept) if gone else {}),
    )


def _without(ticket: Ticket, kept: Sequence[Alarm]) -> dict[str, object]:
    """Return what other alarms than the kept ones had made of a ticket."""
    severities = [alarm.severity for alarm in kept] or [ticket.severity]
    recovered = {TicketFlag.RECOVERED} if not kept else set()
    if ticket.source != "device":
        rules = [alarm.rule for alarm in kept]
        return {"rule": ticket.rule if ticket.rule in rules else next(iter(rules), "")}
    return {
        "severity": min(severities, key=_SEVERITIES.index),
        "flags": tuple(sorted({*ticket.flags, *recovered})),
    }
