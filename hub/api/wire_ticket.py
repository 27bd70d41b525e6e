"""A ticket as programs see it, with its detours, and what may be published of a shelved one."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.api.wire import evidence
from hub.model.instant import to_rfc3339
from hub.model.ticket import Ticket

INSTANTS = ("opened_at", "take_by", "arrive_by", "finish_by", "sign_by", "handle_by", "closed_at")
DETOUR_INSTANTS = ("since", "review_at", "asked_at", "until", "decided_at", "at")


def ticket(ticket: Ticket) -> dict[str, Any]:
    """Write a ticket."""
    return {
        "number": ticket.number,
        "state": ticket.state,
        "flags": ticket.flags,
        "title": ticket.title,
        "source": ticket.source,
        "subject": ticket.subject,
        "place": ticket.place,
        "rule": ticket.rule,
        "fault": ticket.fault,
        "severity": ticket.severity,
        "urgency": ticket.urgency,
        "planned": ticket.planned,
        "class": ticket.class_,
        "class_raises": ticket.class_raises,
        "trade": ticket.trade,
        "holder": ticket.holder,
        "team": ticket.team,
        **{name: to_rfc3339(getattr(ticket, name)) for name in INSTANTS},
        "first_finish_by": to_rfc3339(ticket.first_finish_by),
        "overdue": ticket.overdue,
        "acknowledged_by": ticket.acknowledged_by,
        "acknowledged_at": to_rfc3339(ticket.acknowledged_at),
        "waiting": _detour(ticket.waiting),
        "shelf": _detour(ticket.shelf),
        "extensions": [_detour(each) for each in ticket.extensions],
        "call_back": _detour(ticket.call_back),
        **_end(ticket),
        "children": ticket.children,
        "folded_into": ticket.folded_into,
        "folded": ticket.folded,
        "split_from": ticket.split_from,
        "split_off": ticket.split_off,
        "evidence": evidence(ticket.evidence),
        "revision": ticket.revision,
        "reopened": ticket.reopened,
        "test": ticket.test,
    }


def shelved(ticket: Ticket) -> dict[str, Any] | None:
    """Write what may be published of a shelved ticket: no names of people; None of another one."""
    shelf = ticket.shelf
    if shelf is None:
        return None
    return {
        "number": ticket.number,
        "place": ticket.place,
        "title": ticket.title,
        "approved_by": shelf.approved_by,
        "condition": shelf.condition,
        "measure": shelf.measure,
        "since": to_rfc3339(shelf.since),
        "review_at": to_rfc3339(shelf.review_at),
    }


def _end(ticket: Ticket) -> dict[str, Any]:
    names = ("closing_code", "closing_note", "approver", "parts", "minutes")
    return {name: getattr(ticket, name) for name in names}


def _detour(part: msgspec.Struct | None) -> dict[str, Any] | None:
    """Write every field, its instants as text."""
    if part is None:
        return None
    return {
        name: to_rfc3339(value) if name in DETOUR_INSTANTS else value
        for name, value in msgspec.structs.asdict(part).items()
    }
