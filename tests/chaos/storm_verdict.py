"""What is wrong with the tickets of a storm, at its height and after the grace, a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hub.model.instant import from_rfc3339
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.tickets.follow_up import is_open
from tests.chaos.storm import Storm
from tests.chaos.storm_scene import Root, Scene


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket; `stands` while it is open, `waits` while its fault goes on; opened at an epoch."""

    subject: str
    fault: str
    stands: bool
    waits: bool
    is_folded: bool
    children: frozenset[str]
    opened_at: float


def see(ticket: Ticket) -> Seen:
    """Look at a ticket of the store."""
    return Seen(
        subject=ticket.subject,
        fault=ticket.fault,
        stands=is_open(ticket),
        waits=is_open(ticket) and TicketFlag.RECOVERED not in ticket.flags,
        is_folded=bool(ticket.folded_into),
        children=frozenset(ticket.children),
        opened_at=ticket.opened_at,
    )


def see_json(ticket: dict[str, Any]) -> Seen:
    """Look at a ticket of the API."""
    stands = ticket["state"] not in {TicketState.CLOSED, TicketState.VOIDED}
    return Seen(
        subject=ticket["subject"],
        fault=ticket["fault"],
        stands=stands,
        waits=stands and TicketFlag.RECOVERED not in ticket["flags"],
        is_folded=bool(ticket["folded_into"]),
        children=frozenset(ticket["children"]),
        opened_at=from_rfc3339(ticket["opened_at"]),
    )


def judge_height(scene: Scene, tickets: Sequence[Seen]) -> Iterator[str]:
    """Say what is wrong while the roots last: one ticket each, with all that hangs on it."""
    standing = [each for each in tickets if each.stands]
    yield from _compare("at the height", standing, {root.device for root in scene.roots})
    for root in scene.roots:
        for ticket in standing:
            if ticket.subject == root.device:
                yield from _judge_root(scene, root, ticket)


def _judge_root(scene: Scene, root: Root, ticket: Seen) -> Iterator[str]:
    if ticket.fault not in root.faults:
        yield f"{root.device}: its ticket is about {ticket.fault}"
    only = {name for name, roots in scene.struck().items() if roots == [root]}
    missing = only - ticket.children - {root.device}
    strange = ticket.children - scene.below(root.device)
    if missing or strange:
        yield f"{root.device}: not listed {sorted(missing)}, wrong {sorted(strange)}"


def judge_grace(storm: Storm, tickets: Sequence[Seen], over: float) -> Iterator[str]:
    """Say what is wrong after the grace: who is still down has a ticket, and nobody else.

    `over` is when the roots were repaired (epoch seconds).
    """
    wanted = storm.expected_left()
    yield from _compare("after the grace", [each for each in tickets if each.waits], wanted)
    new = {each.subject for each in tickets if each.opened_at > over}
    if new - wanted:
        yield f"in the grace there were tickets for {sorted(new)}"


def _compare(when: str, standing: Sequence[Seen], subjects: set[str]) -> Iterator[str]:
    found = Counter(each.subject for each in standing)
    if found != Counter(subjects):
        yield f"{when} there are tickets for {dict(found)}, and not for {sorted(subjects)}"
