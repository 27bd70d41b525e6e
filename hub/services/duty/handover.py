"""Collects what a hand-over sheet says, from what is open and what the journal tells. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from hub.model.access import Identity
from hub.model.alarm import Alarm, AlarmState, Severity, Urgency
from hub.model.discretion import is_secret, secret_tickets
from hub.model.handover import Expected, Matter, Opening, Sheet
from hub.model.journal import Entry
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.model.window import Window

REPAIRED = frozenset({TicketState.COMPLETED, TicketState.VERIFIED})
"""States in which nobody waits for anything to be repaired; the sheet leaves them to the office."""

Naming = Callable[[str, str], str]
"""(subject, place) → what people call it."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """What a sheet is made of; `orders` are entries `command.…`, `local` openings at the gates."""

    who: Identity
    tickets: Sequence[Ticket]
    alarms: Sequence[Alarm]
    windows: Sequence[Window]
    orders: Sequence[Entry]
    local: Sequence[Opening]
    name: Naming
    since: float
    now: float
    seq: int
    more_openings: bool = False


def collect(sources: Sources) -> Sheet:
    """Write the sheet of what this person may see; nothing discreet is on it, whoever looks."""
    secret = secret_tickets(sources.alarms)
    tickets = [
        each
        for each in sources.tickets
        if sources.who.may_see(each.place)
        and not is_secret(each, secret)
        and not each.folded_into
        and each.state not in REPAIRED
    ]
    waiting = [_of_ticket(each, sources.name) for each in tickets if each.shelf is None]
    visible = [each for each in sources.alarms if sources.who.may_see(each.place)]
    alone = [_of_alarm(each, sources.name) for each in visible if _stands_alone(each)]
    return Sheet(
        since=sources.since,
        at=sources.now,
        seq=sources.seq,
        open=tuple(sorted((*waiting, *alone), key=lambda each: (not each.urgent, each.since))),
        openings=tuple(sorted((*_orders(sources), *sources.local), key=lambda each: each.at)),
        shelved=tuple(_of_ticket(each, sources.name) for each in tickets if each.shelf),
        expected=tuple(_expected(sources)),
        more_openings=sources.more_openings,
    )


def what_is_new(before: Sheet, now: Sheet) -> Sheet:
    """Return what the newer sheet has that the older one had not."""
    known = {(each.number, each.where, each.since) for each in before.open}
    opened = [each for each in now.open if (each.number, each.where, each.since) not in known]
    return msgspec.structs.replace(
        now,
        since=before.at,
        open=tuple(opened),
        openings=tuple(each for each in now.openings if each.at >= before.at),
        shelved=(),
        expected=(),
    )


def _stands_alone(alarm: Alarm) -> bool:
    quiet = alarm.discreet or alarm.ticket or alarm.explained_by
    return alarm.state is AlarmState.RAISED and not quiet


def _of_ticket(ticket: Ticket, name: Naming) -> Matter:
    urgent = ticket.urgency is Urgency.URGENT or ticket.severity is Severity.CRITICAL
    return Matter(
        number=ticket.number,
        title=ticket.title,
        where=name(ticket.subject, ticket.place),
        since=ticket.opened_at if ticket.reopened_at is None else ticket.reopened_at,
        urgent=urgent,
        state=ticket.state,
        holder=ticket.holder,
        children=len(ticket.children),
        recovered=TicketFlag.RECOVERED in ticket.flags,
        measure=ticket.shelf.measure if ticket.shelf else "",
        review_at=ticket.shelf.review_at if ticket.shelf else None,
    )


def _of_alarm(alarm: Alarm, name: Naming) -> Matter:
    return Matter(
        title=alarm.name,
        where=name(alarm.subject, alarm.place),
        since=alarm.raised_at,
        urgent=alarm.severity is Severity.CRITICAL,
    )


def _orders(sources: Sources) -> Iterable[Opening]:
    """Make one line of each order's entries: when it was asked for, and how it stands."""
    lines: dict[str, Opening] = {}
    for entry in sources.orders:
        if not sources.who.may_see(entry.place):
            continue
        said = {name: str(entry.data.get(name, "")) for name in ("do", "actor", "reason", "state")}
        device = str(entry.data.get("device", ""))
        asked = lines.get(entry.subject)
        at = asked.at if asked else entry.at
        lines[entry.subject] = Opening(at=at, where=sources.name(device, entry.place), **said)
    return [each for each in lines.values() if each.at >= sources.since]


def _expected(sources: Sources) -> Iterable[Expected]:
    for window in sources.windows:
        if window.counts(sources.now):
            where = sources.name(window.device, window.place)
            yield Expected(kind=window.kind, text=window.text, where=where, end=window.end)
