"""The table of a ticket's steps: from which state, by whom, with which words, to which state."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.access import Role
from hub.model.ticket import TicketAction, TicketState


class Who(StrEnum):
    """Which person of a fitting role may take a step.

    Anybody, the holder (or a leader), somebody who had no hand in the work, somebody above whoever
    asked for an extension, or who may say that a closed one is not good: the grid, who has verified
    it, or a leader (its reporter does so by number and code).
    """

    ANYBODY = "anybody"
    HOLDER = "holder"
    ANOTHER = "another"
    ABOVE = "above"
    WITNESS = "witness"


class Check(StrEnum):
    """What must hold of the ticket, beside its state; `transition.CHECKS` says how each is seen."""

    RUNNING = "running"
    WAITING = "waiting"
    NOT_WAITING = "not_waiting"
    SHELVED = "shelved"
    IN_TIME = "in_time"
    EXTENSION_LEFT = "extension_left"
    EXTENSION_ASKED = "extension_asked"
    NOTHING_ASKED = "nothing_asked"
    REPORTED = "reported"
    CALLED_BACK = "called_back"
    RECENT = "recent"


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `to` None stays in the state, `needs` names fields that must not be empty."""

    to: TicketState | None
    roles: frozenset[Role]
    entry: str
    who: Who = Who.ANYBODY
    needs: tuple[str, ...] = ()
    only: tuple[Check, ...] = ()


S, A, C = TicketState, TicketAction, Check

UNFINISHED_STATES = (S.NEW, S.DISPATCHED, S.TAKEN, S.ARRIVED)
OPEN_STATES = (*UNFINISHED_STATES, S.COMPLETED, S.VERIFIED)
HELD_STATES = (S.TAKEN, S.ARRIVED)

LEADERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
WORKERS = LEADERS | {Role.CREW, Role.DEPARTMENT}
CREWS = LEADERS | {Role.CREW}
WITNESSES = LEADERS | {Role.GUARD, Role.CREW, Role.GRID_WORKER}
GRID = frozenset({Role.GRID, Role.GRID_WORKER})
REOPENERS = WITNESSES | GRID
PEOPLE = WITNESSES | {Role.DEPARTMENT}
EVERYBODY = frozenset(Role) - {Role.BUILDING_HEAD}


def _row(
    to: TicketState | None,
    roles: frozenset[Role],
    entry: str,
    *only: Check,
    who: Who = Who.ANYBODY,
    needs: tuple[str, ...] = (),
) -> Transition:
    return Transition(to=to, roles=roles, entry=f"ticket.{entry}", who=who, needs=needs, only=only)


_HOLDER, _ANOTHER, _ABOVE = Who.HOLDER, Who.ANOTHER, Who.ABOVE
_WHY = ("reason",)

_ROWS: tuple[tuple[tuple[TicketState, ...], TicketAction, Transition], ...] = (
    (OPEN_STATES, A.ACKNOWLEDGE, _row(None, PEOPLE, "acknowledged")),
    (
        (S.NEW, S.DISPATCHED),
        A.DISPATCH,
        _row(S.DISPATCHED, LEADERS, "dispatched", C.RUNNING),
    ),
    ((S.NEW,), A.TAKE, _row(S.TAKEN, CREWS, "taken", C.RUNNING)),
    ((S.DISPATCHED,), A.TAKE, _row(S.TAKEN, WORKERS, "taken", C.RUNNING)),
    ((S.DISPATCHED,), A.RETURN, _row(S.NEW, WORKERS, "returned", C.RUNNING, needs=_WHY)),
    (
        HELD_STATES,
        A.RETURN,
        _row(S.NEW, WORKERS, "returned", C.RUNNING, who=_HOLDER, needs=_WHY),
    ),
    ((S.TAKEN,), A.ARRIVE, _row(S.ARRIVED, WORKERS, "arrived", C.RUNNING, who=_HOLDER)),
    (
        HELD_STATES,
        A.TRANSFER,
        _row(S.DISPATCHED, WORKERS, "transferred", C.RUNNING, who=_HOLDER, needs=("to",)),
    ),
    ((S.ARRIVED,), A.COMPLETE, _row(S.COMPLETED, WORKERS, "completed", C.RUNNING, who=_HOLDER)),
    ((S.COMPLETED,), A.VERIFY, _row(S.VERIFIED, WITNESSES, "verified", who=_ANOTHER)),
    ((S.COMPLETED,), A.REJECT, _row(S.TAKEN, WITNESSES, "rejected", who=_ANOTHER, needs=_WHY)),
    (
        (S.COMPLETED, S.VERIFIED),
        A.CALL_BACK,
        _row(None, WITNESSES, "called_back", C.REPORTED, who=_ANOTHER),
    ),
    ((S.VERIFIED,), A.CLOSE, _row(S.CLOSED, LEADERS, "closed", C.CALLED_BACK)),
    (
        (S.CLOSED,),
        A.REOPEN,
        _row(S.DISPATCHED, REOPENERS, "reopened", C.RECENT, who=Who.WITNESS, needs=_WHY),
    ),
    (
        HELD_STATES,
        A.SUSPEND,
        _row(None, WORKERS, "suspended", C.RUNNING, who=_HOLDER, needs=("to", "reason")),
    ),
    (HELD_STATES, A.RESUME, _row(None, WORKERS, "resumed", C.WAITING, who=_HOLDER)),
    (
        HELD_STATES,
        A.EXTEND,
        _row(
            None,
            WORKERS,
            "extension_asked",
            C.RUNNING,
            C.NOTHING_ASKED,
            C.EXTENSION_LEFT,
            C.IN_TIME,
            who=_HOLDER,
            needs=_WHY,
        ),
    ),
    (
        UNFINISHED_STATES,
        A.GRANT,
        _row(None, LEADERS, "extension_decided", C.EXTENSION_ASKED, who=_ABOVE),
    ),
    (
        UNFINISHED_STATES,
        A.REFUSE,
        _row(None, LEADERS, "extension_decided", C.EXTENSION_ASKED, who=_ABOVE, needs=_WHY),
    ),
    (UNFINISHED_STATES, A.SHELVE, _row(None, LEADERS, "shelved", C.NOT_WAITING)),
    (UNFINISHED_STATES, A.UNSHELVE, _row(None, LEADERS, "unshelved", C.SHELVED)),
    (UNFINISHED_STATES, A.CLASSIFY, _row(None, LEADERS, "classified", needs=_WHY)),
    (UNFINISHED_STATES, A.MERGE, _row(S.CLOSED, LEADERS, "merged", needs=("to",))),
    (UNFINISHED_STATES, A.SPLIT, _row(None, LEADERS, "split", needs=_WHY)),
    (OPEN_STATES, A.VOID, _row(S.VOIDED, LEADERS, "voided", needs=_WHY)),
    ((*OPEN_STATES, S.CLOSED), A.COMMENT, _row(None, EVERYBODY, "commented", needs=("text",))),
)

TRANSITIONS: dict[tuple[TicketState, TicketAction], Transition] = {
    (state, action): transition for states, action, transition in _ROWS for state in states
}
