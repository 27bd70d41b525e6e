"""An incident (案件): what the grid platform sees of a ticket, as a CloudEvent made once.

Its `cases` say what each receiver has made of it: number and state, and no words.

No names of people and no free text leave the hub here: the platform needs the matter, the place
and the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hub.model.alarm import ReportWhen
from hub.model.case import Case
from hub.model.era import FIRST, stamp
from hub.model.instant import to_rfc3339
from hub.model.journal import Entry
from hub.model.place import Place
from hub.model.ticket import Ticket
from hub.ports import FeedRow, IncidentProjector
from hub.services.incidents.case_table import SAYS_OF_CASES

TYPE = "cn.lingdang.incident.{}.v1"
TICKETS, CASES = "ticket.", "incident."
ESCALATED, JOINED = "ticket.escalated", "ticket.joined"
REVISION = "revision"
COORDINATES = ("lon", "lat", "crs")

SAYS: dict[str, str] = {
    "opened": "opened",
    "dispatched": "dispatched",
    "transferred": "dispatched",
    "taken": "accepted",
    "accepted": "accepted",
    "returned": "returned",
    "rejected": "returned",
    "extension_asked": "extension_asked",
    "extension_decided": "extension_decided",
    "escalated": "escalated",
    "completed": "completed",
    "verified": "verified",
    "closed": "closed",
    "reopened": "reopened",
    "shelved": "shelved",
    "resumed": "resumed",
    "unshelved": "resumed",
    "urged": "urged",
    "supervised": "supervised",
    "merged": "merged",
    "voided": "voided",
    "commented": "commented",
}
"""What happened to the ticket → what the feed calls it; anything else is `updated`."""
TYPES = tuple(
    TYPE.format(word)
    for word in dict.fromkeys((*SAYS.values(), *SAYS_OF_CASES.values(), "updated"))
)
"""Every type that an item can have."""


def _no_cases(_incident: str) -> Sequence[Case]:
    return ()


def make_projector(
    community: str,
    places: Callable[[], Mapping[str, Place]],
    cases: Callable[[str], Sequence[Case]] = _no_cases,
    *,
    era: str = FIRST,
    test: bool = False,
) -> IncidentProjector:
    """Return the function that makes feed items; `places` and `cases` give theirs as of now.

    `era` is the journal's: numbers that a restore lets come again have other ids, and the
    incident says it beside its revision.
    """

    def project(entry: Entry, ticket: Ticket) -> FeedRow | None:
        if not is_reported(entry, ticket):
            return None
        kind = TYPE.format(_say(entry))
        data = describe_incident(ticket, places(), cases(ticket.number), at=entry.at, test=test)
        data |= {"era": era} if era else {}
        return FeedRow(
            seq=entry.seq,
            incident=ticket.number,
            place=ticket.place,
            type=kind,
            at=entry.at,
            body=_cloud_event(community, f"{stamp(era)}{entry.seq}", kind, entry, data),
        )

    return project


def is_reported(entry: Entry, ticket: Ticket) -> bool:
    """Tell whether the platform learns of this entry.

    A ticket that is reported on escalation counts from the entry of its escalation on; whoever
    escalates it sets its `report` to `at_once`. What is discreet is not told outside the house,
    nor one more who has reported what is known, where that changes nothing of the ticket.
    """
    if ticket.report is ReportWhen.NEVER or ticket.discreet:
        return False
    if not entry.type.startswith((TICKETS, CASES)):
        return False
    if entry.type == JOINED and REVISION not in entry.data:
        return False
    return ticket.report is ReportWhen.AT_ONCE or entry.type == ESCALATED


def describe_incident(
    ticket: Ticket,
    places: Mapping[str, Place],
    cases: Sequence[Case] = (),
    *,
    at: float,
    test: bool,
) -> dict[str, Any]:
    """Write the whole incident as it stands after a change at `at`.

    Its revision counts the changes of the ticket and of all cases.
    """
    return {
        "id": ticket.number,
        "number": ticket.number,
        "revision": ticket.revision + sum(case.revision for case in cases),
        "state": ticket.state,
        "flags": ticket.flags,
        "title": ticket.title,
        "source": ticket.source,
        "subject": ticket.subject,
        "fault": ticket.fault,
        "severity": ticket.severity,
        "urgency": ticket.urgency,
        "class": ticket.class_,
        **_instants(ticket),
        "updated_at": to_rfc3339(at),
        "closing_code": ticket.closing_code,
        "children": ticket.children,
        "folded_into": ticket.folded_into,
        **describe_place(ticket.place, places),
        "cases": [_describe_case(case) for case in cases],
        "test": test or ticket.test,
    }


def describe_place(path: str, places: Mapping[str, Place]) -> dict[str, Any]:
    """Write where it is: path, the names from the community down, grid code, coordinates.

    Grid code and coordinates are those of the nearest place that has some.
    """
    line = list(_line(path, places))
    grid_code = next((place.grid_code for place in line if place.grid_code), "")
    located = next((place for place in line if "lon" in place.attributes), None)
    names = [place.name for place in reversed(line)]
    found: dict[str, Any] = {"place": path, "place_names": names, "grid_code": grid_code}
    if located:
        known = located.attributes
        found["coordinates"] = {name: known[name] for name in COORDINATES if name in known}
    return found


def _describe_case(case: Case) -> dict[str, Any]:
    return {
        "receiver": case.receiver,
        "number": case.number,
        "state": case.state,
        "revision": case.revision,
        "updated_at": to_rfc3339(case.at),
        **({} if case.asked_until is None else {"asked_until": to_rfc3339(case.asked_until)}),
        **({"overdue": case.overdue} if case.overdue else {}),
    }


def _say(entry: Entry) -> str:
    if entry.type.startswith(CASES):
        return SAYS_OF_CASES.get(entry.type, "updated")
    return SAYS.get(entry.type.removeprefix(TICKETS), "updated")


def _line(path: str, places: Mapping[str, Place]) -> Iterator[Place]:
    """Yield the place and those above it, the nearest first."""
    while path:
        if place := places.get(path):
            yield place
        path = path.rpartition("/")[0]


def _instants(ticket: Ticket) -> dict[str, str | None]:
    names = ("opened_at", "take_by", "arrive_by", "finish_by", "closed_at")
    return {name: to_rfc3339(getattr(ticket, name)) for name in names}


def _cloud_event(
    community: str, number: str, kind: str, entry: Entry, data: dict[str, Any]
) -> bytes:
    receiver = entry.data.get("receiver") if entry.type.startswith(CASES) else None
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{community}-{number}",
            "source": f"/communities/{community}/hub",
            "type": kind,
            "subject": entry.subject,
            "time": to_rfc3339(entry.at),
            "datacontenttype": "application/json",
            **({"receiver": receiver} if receiver else {}),
            "data": data,
        }
    )
