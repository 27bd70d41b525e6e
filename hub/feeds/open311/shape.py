"""The fields of Open311's answers, as GeoReport v2 names them; `extended_attributes` are ours.

Source: wiki.open311.org/GeoReport_v2 (frozen). Instants are RFC 3339 with their offset.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.model.alarm import Class, Urgency
from hub.model.ticket import TicketFlag, TicketState

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Status = Literal["open", "closed"]


class Fault(Struct, forbid_unknown_fields=True):
    """One thing that is wrong."""

    code: int
    description: str


class Endpoint(Struct, forbid_unknown_fields=True):
    """Where an interface is, and in which forms it answers."""

    specification: str
    url: str
    changeset: str
    type: Literal["production", "test"]
    formats: list[str]


class Discovery(Struct, forbid_unknown_fields=True):
    """Which interfaces there are, and who gives keys to them."""

    changeset: str
    contact: str
    key_service: str
    endpoints: list[Endpoint]


class Service(Struct, forbid_unknown_fields=True):
    """One thing that can be reported."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: Literal["realtime"]
    keywords: str
    group: str


class ServiceDefinition(Struct, forbid_unknown_fields=True):
    """The questions that a service asks beside where and what: none."""

    service_code: str
    attributes: list[str]


class Extended(Struct, forbid_unknown_fields=True, rename={"class_": "class"}):
    """What GeoReport has no fields for; given where `extensions=true` asks for it."""

    state: TicketState
    flags: list[TicketFlag]
    urgency: Urgency
    class_: Class
    source: str
    grid_code: str
    merged_into: str | None
    test: bool


class ServiceRequest(Struct, forbid_unknown_fields=True):
    """A request as it stands; `service_request_id` is the ticket's number."""

    service_request_id: str
    status: Status
    status_notes: str
    service_name: str
    service_code: str
    description: str
    agency_responsible: str
    service_notice: str | None
    requested_datetime: Moment
    updated_datetime: Moment
    expected_datetime: Moment | None
    address: str
    address_id: str
    zipcode: str | None
    lat: Latitude | None
    long: Longitude | None
    media_url: str | None
    extended_attributes: Extended | UnsetType = UNSET


class Made(Struct, forbid_unknown_fields=True):
    """The request that a report has become."""

    service_request_id: str
    service_notice: str
    account_id: str | None


class TokenAnswer(Struct, forbid_unknown_fields=True):
    """The request of a token."""

    service_request_id: str
    token: str


class RequestForm(Struct, frozen=True, kw_only=True):
    """A report: `service_code` and where; what concerns the person is sealed, and leaves never.

    `address_id` is a place's path or a device's id, `address_string` names of places as people
    write them, `lat` and `long` are WGS-84. `email`, `device_id` and `account_id` are not kept.
    """

    service_code: Annotated[str, Meta(min_length=1, max_length=40)]
    jurisdiction_id: Annotated[str, Meta(max_length=200)] = ""
    api_key: Annotated[str, Meta(max_length=200)] = ""
    lat: Latitude | None = None
    long: Longitude | None = None
    address_id: Annotated[str, Meta(max_length=200)] = ""
    address_string: Annotated[str, Meta(max_length=400)] = ""
    description: Annotated[str, Meta(max_length=4000)] = ""
    first_name: Annotated[str, Meta(max_length=40)] = ""
    last_name: Annotated[str, Meta(max_length=40)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=200)] = ""
    device_id: Annotated[str, Meta(max_length=200)] = ""
    account_id: Annotated[str, Meta(max_length=200)] = ""
    media_url: Annotated[str, Meta(max_length=500)] = ""
