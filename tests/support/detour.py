"""Tickets on their detours: what each step needs, and what its checks let through or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from hub.model.detour import CallBack, Extension, Rung, Shelf, Wait
from hub.model.instant import to_rfc3339
from hub.model.ticket import Ticket
from hub.services.tickets.step_table import Check

NOW = 1_764_000_000.0
DAY = 86400.0
LATER = to_rfc3339(NOW + 30 * DAY)

EXTRA: dict[str, dict[str, Any]] = {
    "call_back": {"satisfied": True},
    "extend": {"until": LATER},
    "grant": {"street": "Wu of the street office"},
    "refuse": {"street": "Wu of the street office"},
    "shelve": {
        "approved_by": "street",
        "approver": "Wu",
        "condition": "the road is rebuilt",
        "measure": "a guard opens by hand",
        "review": LATER,
    },
    "classify": {"class": "complex"},
    "split": {"part": "A0000000002"},
    "void": {"approver": "Wu"},
}
"""Action → an `extra` that it takes."""

WAIT = Wait(since=NOW, body="State Grid", reason="no current")
SHELF = Shelf(
    since=NOW,
    approved_by=Rung.STREET,
    approver="Wu",
    condition="the road is rebuilt",
    measure="a guard opens by hand",
    review_at=NOW + 30 * DAY,
)
ASKED = Extension(
    rung=Rung.COMMUNITY,
    asked_by="wang",
    asked_at=NOW,
    until=NOW + 30 * DAY,
    reason="a part is ordered",
)
CALL = CallBack(by="li", at=NOW, satisfied=True)

HOLDS: dict[Check, dict[str, Any]] = {
    Check.WAITING: {"waiting": WAIT},
    Check.SHELVED: {"shelf": SHELF},
    Check.EXTENSION_ASKED: {"extensions": (ASKED,)},
    Check.REPORTED: {"source": "resident"},
}
FAILS: dict[Check, dict[str, Any]] = {
    Check.RUNNING: {"waiting": WAIT},
    Check.WAITING: {"waiting": None},
    Check.NOT_WAITING: {"waiting": WAIT},
    Check.SHELVED: {"shelf": None},
    Check.IN_TIME: {"finish_by": NOW},
    Check.EXTENSION_LEFT: {"extensions": (replace(ASKED, ruling="refused"),) * 2},
    Check.EXTENSION_ASKED: {"extensions": ()},
    Check.NOTHING_ASKED: {"extensions": (ASKED,)},
    Check.REPORTED: {"source": "device"},
    Check.CALLED_BACK: {"source": "hotline", "call_back": None},
    Check.RECENT: {"closed_at": NOW - 8 * DAY},
}


def fit(ticket: Ticket, checks: Iterable[Check]) -> Ticket:
    """Give a ticket what the checks look for."""
    for check in checks:
        ticket = replace(ticket, **HOLDS.get(check, {}))
    return ticket


def unfit(ticket: Ticket, check: Check) -> Ticket:
    """Take away what one check looks for."""
    return replace(ticket, **FAILS[check])
