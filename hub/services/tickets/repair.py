"""Somebody is at the device: what else it says while it is worked on is part of the work.

The fault of the ticket itself goes on being told: whether the repair has helped is seen by it.
"""

from __future__ import annotations

from hub.model.ticket import Ticket, plain_fault
from hub.model.window import Window, WindowKind
from hub.services.tickets.desk_index import DeskIndex

SHIFT = 8 * 3600.0
"""Seconds for which an arrival counts where the ticket has no limit to finish."""


def repairs_on(index: DeskIndex, uid: str, fault: str) -> list[Window]:
    """Return a window for each ticket of the device, but for this fault, whose holder is there."""
    return [
        _window(ticket) for ticket in index.at_work_on(uid) if plain_fault(ticket.fault) != fault
    ]


def _window(ticket: Ticket) -> Window:
    begun = ticket.reopened_at or ticket.opened_at
    return Window(
        id=ticket.number,
        kind=WindowKind.MAINTENANCE,
        text={
            "zh": f"{ticket.holder} 正在处理工单 {ticket.number}",
            "en": f"{ticket.holder} works on ticket {ticket.number}",
        },
        start=begun,
        end=ticket.finish_by or begun + SHIFT,
        device=ticket.subject,
        place=ticket.place,
    )
