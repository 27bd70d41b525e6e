"""Folds journal entries into the courses of tickets and the lengths of alarms.

Pure: what was known and an entry go in, what is known then comes out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.model.course import Course, Fault
from hub.model.journal import Entry

REACHED = {
    "ticket.taken": "taken_at",
    "ticket.arrived": "arrived_at",
    "ticket.completed": "completed_at",
    "ticket.verified": "verified_at",
    "ticket.closed": "closed_at",
    "ticket.voided": "closed_at",
}
FIRST = frozenset({"taken_at", "arrived_at"})
"""Instants of which the first one counts; of the others it is the last."""
UNDOING = frozenset({"ticket.rejected", "ticket.reopened"})
"""Entries by which an earlier completion has turned out to be none."""
UNDONE: dict[str, Any] = {
    "completed_at": None,
    "verified_at": None,
    "closed_at": None,
    "satisfied": None,
}

_OWN = {*REACHED.values(), "number", "missed", "satisfied"}
_COPIED = frozenset(Course.__struct_encode_fields__) - _OWN


def follow(course: Course | None, entry: Entry) -> Course | None:
    """Return the course after an entry about its ticket; None where its opening was not seen."""
    if course is None and entry.type != "ticket.opened":
        return None
    told = {name: value for name, value in entry.data.items() if name in _COPIED}
    base = {} if course is None else msgspec.to_builtins(course)
    fields: dict[str, Any] = {"opened_at": entry.at, **base, "number": entry.subject, **told}
    fields |= _reached(fields, entry)
    return msgspec.convert(fields, Course)


def begin(entry: Entry) -> Fault | None:
    """Return the fault that an `alarm.raised` begins; None for what is explained by another."""
    if entry.data.get("explained_by"):
        return None
    return Fault(
        alarm=str(entry.data["id"]),
        subject=entry.subject,
        severity=str(entry.data.get("severity", "")),
        start=float(entry.data.get("raised_at", entry.at)),
    )


def end(fault: Fault, entry: Entry) -> Fault:
    """Return the fault with its end, of an `alarm.cleared`."""
    return msgspec.structs.replace(fault, end=float(entry.data.get("cleared_at") or entry.at))


def _reached(known: dict[str, Any], entry: Entry) -> dict[str, Any]:
    if entry.type in UNDOING:
        return UNDONE
    if entry.type == "ticket.overdue":
        limit = str(entry.data.get("limit", ""))
        return {"missed": tuple({**dict.fromkeys(known.get("missed", ())), limit: None})}
    if entry.type == "ticket.called_back":
        return {"satisfied": bool(entry.data["call_back"]["satisfied"])}
    name = REACHED.get(entry.type, "")
    if not name or (name in FIRST and known.get(name) is not None):
        return {}
    return {name: entry.at}
