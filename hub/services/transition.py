"""The table of a ticket's steps: from which state, by whom, with which words, to which state."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

import msgspec

from hub.model.access import Role
from hub.model.ticket import Ticket, TicketAction, TicketState

REOPEN_WITHIN = 7 * 86400.0
"""Seconds after closing in which people may reopen a ticket."""


class Who(StrEnum):
    """Which person of a fitting role: anybody, the holder (or a leader), or somebody else."""

    ANYBODY = "anybody"
    HOLDER = "holder"
    ANOTHER = "another"


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `to` None stays in the state, `needs` names fields that must not be empty."""

    to: TicketState | None
    roles: frozenset[Role]
    entry: str
    who: Who = Who.ANYBODY
    needs: tuple[str, ...] = ()


S, A = TicketState, TicketAction

OPEN_STATES = (S.NEW, S.DISPATCHED, S.TAKEN, S.ARRIVED, S.COMPLETED, S.VERIFIED)

LEADERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
WORKERS = LEADERS | {Role.CREW, Role.DEPARTMENT}
CREWS = LEADERS | {Role.CREW}
WITNESSES = LEADERS | {Role.GUARD, Role.CREW, Role.GRID_WORKER}
REOPENERS = WITNESSES | {Role.GRID}
EVERYBODY = frozenset(Role)

_ROWS: tuple[tuple[tuple[TicketState, ...], TicketAction, Transition], ...] = (
    (
        (S.NEW, S.DISPATCHED),
        A.DISPATCH,
        Transition(to=S.DISPATCHED, roles=LEADERS, entry="ticket.dispatched"),
    ),
    ((S.NEW,), A.TAKE, Transition(to=S.TAKEN, roles=CREWS, entry="ticket.taken")),
    ((S.DISPATCHED,), A.TAKE, Transition(to=S.TAKEN, roles=WORKERS, entry="ticket.taken")),
    (
        (S.DISPATCHED,),
        A.RETURN,
        Transition(to=S.NEW, roles=WORKERS, entry="ticket.returned", needs=("reason",)),
    ),
    (
        (S.TAKEN, S.ARRIVED),
        A.RETURN,
        Transition(
            to=S.NEW, roles=WORKERS, entry="ticket.returned", who=Who.HOLDER, needs=("reason",)
        ),
    ),
    (
        (S.TAKEN,),
        A.ARRIVE,
        Transition(to=S.ARRIVED, roles=WORKERS, entry="ticket.arrived", who=Who.HOLDER),
    ),
    (
        (S.TAKEN, S.ARRIVED),
        A.TRANSFER,
        Transition(
            to=S.DISPATCHED,
            roles=WORKERS,
            entry="ticket.transferred",
            who=Who.HOLDER,
            needs=("to",),
        ),
    ),
    (
        (S.ARRIVED,),
        A.COMPLETE,
        Transition(to=S.COMPLETED, roles=WORKERS, entry="ticket.completed", who=Who.HOLDER),
    ),
    (
        (S.COMPLETED,),
        A.VERIFY,
        Transition(to=S.VERIFIED, roles=WITNESSES, entry="ticket.verified", who=Who.ANOTHER),
    ),
    (
        (S.COMPLETED,),
        A.REJECT,
        Transition(
            to=S.TAKEN,
            roles=WITNESSES,
            entry="ticket.rejected",
            who=Who.ANOTHER,
            needs=("reason",),
        ),
    ),
    ((S.VERIFIED,), A.CLOSE, Transition(to=S.CLOSED, roles=LEADERS, entry="ticket.closed")),
    (
        (S.CLOSED,),
        A.REOPEN,
        Transition(to=S.DISPATCHED, roles=REOPENERS, entry="ticket.reopened", needs=("reason",)),
    ),
    (
        OPEN_STATES,
        A.VOID,
        Transition(to=S.VOIDED, roles=LEADERS, entry="ticket.voided", needs=("reason",)),
    ),
    (
        (*OPEN_STATES, S.CLOSED),
        A.COMMENT,
        Transition(to=None, roles=EVERYBODY, entry="ticket.commented", needs=("text",)),
    ),
)

TRANSITIONS: dict[tuple[TicketState, TicketAction], Transition] = {
    (state, action): transition for states, action, transition in _ROWS for state in states
}


def possible_steps(
    ticket: Ticket, role: str, *, actor: str = "", now: float | None = None
) -> tuple[str, ...]:
    """Return the steps that `role` can take now, in the order of a ticket's life.

    With `actor` also those that only the holder, or only somebody else, may take are sorted out,
    and with `now` a reopening that comes too late.
    """
    return tuple(
        action.value
        for action in TicketAction
        if (row := TRANSITIONS.get((ticket.state, action)))
        and role in row.roles
        and not (actor and why_not(ticket, row, actor=actor, role=role))
        and not _comes_late(ticket, action, now)
    )


def why_not(ticket: Ticket, row: Transition, *, actor: str, role: str) -> dict[str, str]:
    """Return why this person may not take the step, in both languages; empty when they may."""
    if row.who is Who.HOLDER and role not in LEADERS and not same_person(actor, ticket.holder):
        return {
            "zh": f"只有{ticket.holder or '负责人'}或经理能做",
            "en": f"only {ticket.holder or 'its holder'} or a manager can do that",
        }
    if row.who is Who.ANOTHER and _had_a_hand_in(ticket, actor):
        return {
            "zh": f"活是 {actor} 干的，要由别人核查",
            "en": f"{actor} did the work; another person has to check it",
        }
    return {}


def _comes_late(ticket: Ticket, action: TicketAction, now: float | None) -> bool:
    return action is A.REOPEN and now is not None and not may_reopen(ticket, now)


def may_reopen(ticket: Ticket, now: float) -> bool:
    """Tell whether people may still reopen a closed ticket."""
    return ticket.closed_at is not None and now <= ticket.closed_at + REOPEN_WITHIN


def same_person(left: str, right: str) -> bool:
    """Tell whether two logins are one person; a key `key:li` of Li is Li, and so is `LI`."""
    return bool(left) and bool(right) and _plain(left) == _plain(right)


def _had_a_hand_in(ticket: Ticket, actor: str) -> bool:
    return same_person(actor, ticket.completed_by) or same_person(actor, ticket.holder)


def _plain(login: str) -> str:
    name = login.rpartition(":")[2]
    return unicodedata.normalize("NFKC", name).casefold().strip()
