"""What a ticket leaves behind: reopened, sent back, or no longer waiting and shelved."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hub.model.detour import Pause
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.tickets.deadline import ALWAYS, Timing, renew_limits

_PAUSED = frozenset({TicketFlag.SUSPENDED, TicketFlag.SHELVED})


def reopen(ticket: Ticket, now: float, timing: Timing = ALWAYS) -> Ticket:
    """Return a closed ticket to work: nobody's yet, nothing of its old end left, limits anew."""
    again = ticket.folded_into == ""
    return renew_limits(
        replace(
            ticket,
            state=TicketState.DISPATCHED,
            flags=(TicketFlag.REOPENED,) if again or TicketFlag.REOPENED in ticket.flags else (),
            reopened=ticket.reopened + again,
            reopened_at=now,
            **_ANEW,
        ),
        timing,
    )


def end_pause(ticket: Ticket, now: float) -> Ticket:
    """End what a ticket waits for or is shelved for; its limits are another matter."""
    pause = ticket.waiting or ticket.shelf
    if pause is None:
        return ticket
    return replace(
        ticket,
        pauses=(*ticket.pauses, Pause(since=pause.since, until=now)),
        waiting=None,
        shelf=None,
        flags=tuple(flag for flag in ticket.flags if flag not in _PAUSED),
        overdue=tuple(name for name in ticket.overdue if name != "review"),
    )


NOT_COMPLETED: dict[str, Any] = {
    "completed_by": "",
    "closing_code": "",
    "closing_note": "",
    "parts": (),
    "minutes": None,
    "call_back": None,
}
"""What a repair that was sent back has no longer."""
_ANEW: dict[str, Any] = {
    **NOT_COMPLETED,
    "overdue": (),
    "planned": "",
    "sign_by": None,
    "folded_into": "",
    "closed_at": None,
    "holder": "",
    "team": "",
    "workers": (),
    "verified_by": "",
    "approver": "",
    "pauses": (),
    "waiting": None,
    "shelf": None,
    "extensions": (),
    "acknowledged_by": "",
    "acknowledged_at": None,
    "classified_by": "",
}
"""What a reopened ticket begins with."""
