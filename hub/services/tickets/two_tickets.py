"""Steps of people that concern two tickets: folding one into another, reopening, splitting."""

from __future__ import annotations

from msgspec.structs import replace

from hub.errors import ConflictError, InvalidRequestError
from hub.model.ticket import Ticket, TicketAction, TicketStep
from hub.services.tickets import folding
from hub.services.tickets.consequence import Desk, Turn
from hub.services.tickets.desk_index import DeskIndex
from hub.services.tickets.effect import Split
from hub.services.tickets.follow_up import is_open
from hub.services.tickets.ticket import describe_opening, possible_steps


def check_other(index: DeskIndex, ticket: Ticket, wish: TicketStep) -> None:
    """Raise where the other ticket does not allow the step.

    ConflictError where the fault has an open ticket already, InvalidRequestError where a ticket
    cannot be folded into the one that `to` names.
    """
    if wish.do is TicketAction.REOPEN:
        _check_alone(index, ticket, wish)
    elif wish.do is TicketAction.MERGE:
        number = wish.to.strip()
        why = folding.why_not_into(ticket, index.ticket(number), number)
        if why:
            raise InvalidRequestError(
                f"ticket {ticket.number} cannot be merged: {why['en']}",
                faults={"to": why},
                zh=f"工单 {ticket.number} 不能并单：{why['zh']}。",
            )


def follow_other(
    turn: Turn, index: DeskIndex, wish: TicketStep, *, before: Ticket, after: Ticket, now: float
) -> None:
    """Give the other ticket what it gains or loses by a step that was taken, alarms among it."""
    if wish.do is TicketAction.MERGE and (target := index.ticket(after.folded_into)):
        _move_alarms(turn, index, after, target.number)
        turn.put_ticket(folding.take_in(target, after, wish.actor, now))
    target = index.ticket(before.folded_into)
    if wish.do is TicketAction.REOPEN and target and folding.has_taken_in(target, after):
        _move_alarms(turn, index, after, after.number)
        turn.put_ticket(folding.let_go(target, after, wish.actor, now))


def follow_split(turn: Turn, desk: Desk, split: Split, actor: str, now: float) -> None:
    """Open the ticket that a split was for, and give it its alarms."""
    if split.opened is None:
        return
    number = desk.numbers.next_ticket(now)
    opened = replace(split.opened, number=number)
    for alarm in split.alarms:
        known = desk.index.alarm(alarm.id) or replace(alarm, ticket=opened.split_from)
        turn.put_changed(known, alarm)
    turn.put_ticket((opened, [describe_opening(opened, now, actor)]))


def _check_alone(index: DeskIndex, ticket: Ticket, wish: TicketStep) -> None:
    other = index.find_ticket(ticket.uid, ticket.fault)
    if other and other.number != ticket.number and is_open(other):
        possible = possible_steps(ticket, wish.role, actor=wish.actor)
        raise ConflictError(
            f"ticket {ticket.number}: {other.number} is open for the same fault; use that one",
            possible=tuple(each for each in possible if each != wish.do),
            zh=f"工单 {ticket.number}：同一故障已有工单 {other.number}，请用那一张。",
        )


def _move_alarms(turn: Turn, index: DeskIndex, ticket: Ticket, number: str) -> None:
    for alarm in index.open_alarms_of(ticket):
        turn.put_changed(alarm, replace(alarm, ticket=number))
