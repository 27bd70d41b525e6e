"""A service request: what Open311 sees of an incident, made of the incident's last item."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.feeds.open311.location import is_wgs84
from hub.feeds.open311.service import service_name, service_of
from hub.feeds.open311.shape import Extended, ServiceRequest
from hub.model.alarm import Class, Urgency
from hub.model.ticket import TicketFlag, TicketState

ENDED = frozenset({TicketState.CLOSED, TicketState.VOIDED})
NOTES: dict[TicketState, str] = {
    TicketState.NEW: "待派单 new",
    TicketState.DISPATCHED: "待接单 sent to the crew",
    TicketState.TAKEN: "已接单 taken",
    TicketState.ARRIVED: "已到场 somebody is there",
    TicketState.COMPLETED: "已完工 repaired, to be checked",
    TicketState.VERIFIED: "已核查 checked",
    TicketState.CLOSED: "已办结 closed",
    TicketState.VOIDED: "作废 voided",
}
"""What `status_notes` say, since Open311's own status knows open and closed alone."""
FLAG_NOTES: dict[TicketFlag, str] = {
    TicketFlag.SUSPENDED: "挂起 waits for somebody",
    TicketFlag.SHELVED: "挂账 put off",
    TicketFlag.REOPENED: "重办 reopened",
    TicketFlag.RECOVERED: "已恢复 gone by itself",
}


class Incident(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """What is read of an incident; the rest of it stays behind."""

    number: str
    state: TicketState
    flags: tuple[TicketFlag, ...]
    title: dict[str, str]
    source: str
    fault: str
    urgency: Urgency
    class_: Class
    opened_at: str
    finish_by: str | None
    closed_at: str | None
    updated_at: str
    folded_into: str
    place: str
    place_names: tuple[str, ...]
    grid_code: str
    test: bool
    coordinates: dict[str, Any] = {}


def describe_request(body: bytes, agency: str, *, extensions: bool) -> ServiceRequest:
    """Describe an incident, given as JSON; `agency` is who is responsible for it."""
    seen = msgspec.json.decode(body, type=Incident)
    code, is_over = service_of(seen.fault), is_closed(seen.state, seen.folded_into)
    on_earth = seen.coordinates if is_wgs84(seen.coordinates) else {}
    made = ServiceRequest(
        service_request_id=seen.number,
        status="closed" if is_over else "open",
        status_notes=_notes(seen),
        service_name=service_name(code),
        service_code=code,
        description=seen.title.get("zh", ""),
        agency_responsible=agency,
        service_notice=None,
        requested_datetime=_w3(seen.opened_at),
        updated_datetime=_w3((is_over and seen.closed_at) or seen.updated_at),
        expected_datetime=None if is_over or not seen.finish_by else _w3(seen.finish_by),
        address=" ".join(reversed(seen.place_names)),
        address_id=seen.place,
        zipcode=None,
        lat=on_earth.get("lat"),
        long=on_earth.get("lon"),
        media_url=None,
    )
    return msgspec.structs.replace(made, extended_attributes=_extend(seen)) if extensions else made


def is_closed(state: str, folded_into: str = "") -> bool:
    """Tell whether a request is closed: its ticket has ended, or is part of another one."""
    return state in ENDED or bool(folded_into)


def _notes(seen: Incident) -> str:
    if seen.folded_into:
        return f"并入 merged into {seen.folded_into}"
    said = [NOTES[seen.state], *(FLAG_NOTES[flag] for flag in seen.flags)]
    return "；".join([*(["演练 drill"] if seen.test else []), *said])


def _extend(seen: Incident) -> Extended:
    return Extended(
        state=seen.state,
        flags=list(seen.flags),
        urgency=seen.urgency,
        class_=seen.class_,
        source=seen.source,
        grid_code=seen.grid_code,
        merged_into=seen.folded_into or None,
        test=seen.test,
    )


def _w3(moment: str) -> str:
    """Write an instant without parts of a second: some clients' patterns know none."""
    return f"{moment[:19]}{moment[-6:]}"
