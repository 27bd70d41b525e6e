"""An incident (案件): what the grid platform sees of a ticket, as a CloudEvent made once.

No names of people and no free text leave the hub here: the platform needs the matter, the place
and the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from hub.model.alarm import ReportWhen
from hub.model.instant import to_rfc3339
from hub.model.journal import Entry
from hub.model.place import Place
from hub.model.ticket import Ticket
from hub.ports import FeedRow, IncidentProjector

TYPE = "cn.lingdang.incident.{}.v1"
TICKETS = "ticket."
ESCALATED = "ticket.escalated"
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


def make_projector(
    community: str, places: Callable[[], Mapping[str, Place]], *, test: bool = False
) -> IncidentProjector:
    """Return the function that makes feed items; `places` gives the site's places as of now."""

    def project(entry: Entry, ticket: Ticket) -> FeedRow | None:
        if not is_reported(entry, ticket):
            return None
        kind = TYPE.format(SAYS.get(entry.type.removeprefix(TICKETS), "updated"))
        data = describe_incident(ticket, places(), at=entry.at, test=test)
        return FeedRow(
            seq=entry.seq,
            incident=ticket.number,
            place=ticket.place,
            type=kind,
            at=entry.at,
            body=_cloud_event(community, entry, kind, data),
        )

    return project


def is_reported(entry: Entry, ticket: Ticket) -> bool:
    """Tell whether the platform learns of this entry.

    A ticket that is reported on escalation counts from the entry of its escalation on; whoever
    escalates it sets its `report` to `at_once`. What is discreet is not told outside the house.
    """
    if not entry.type.startswith(TICKETS) or ticket.report is ReportWhen.NEVER or ticket.discreet:
        return False
    return ticket.report is ReportWhen.AT_ONCE or entry.type == ESCALATED


def describe_incident(
    ticket: Ticket, places: Mapping[str, Place], *, at: float, test: bool
) -> dict[str, Any]:
    """Write the whole incident as it stands after a change at `at`."""
    return {
        "id": ticket.number,
        "number": ticket.number,
        "revision": ticket.revision,
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


def _line(path: str, places: Mapping[str, Place]) -> Iterator[Place]:
    """Yield the place and those above it, the nearest first."""
    while path:
        if place := places.get(path):
            yield place
        path = path.rpartition("/")[0]


def _instants(ticket: Ticket) -> dict[str, str | None]:
    names = ("opened_at", "take_by", "arrive_by", "finish_by", "closed_at")
    return {name: to_rfc3339(getattr(ticket, name)) for name in names}


def _cloud_event(community: str, entry: Entry, kind: str, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{community}-{entry.seq}",
            "source": f"/communities/{community}/hub",
            "type": kind,
            "subject": entry.subject,
            "time": to_rfc3339(entry.at),
            "datacontenttype": "application/json",
            "data": data,
        }
    )
