"""What the feed's answers look like, for the OpenAPI document; `incident` writes them.

Instants are RFC 3339. Nothing is decoded by these: a struct here is a schema with a name.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.model.alarm import Class, Severity, Urgency
from hub.model.case import CaseAction, CaseState
from hub.model.ticket import TicketFlag, TicketState

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class CaseMark(Struct, forbid_unknown_fields=True):
    """What one receiver has made of an incident: its own number and state, and no words.

    `asked_until` is there while it waits for the decision on an extension, `overdue` where limits
    of a department have passed.
    """

    receiver: str
    number: str
    state: CaseState
    revision: int
    updated_at: Moment
    asked_until: Moment | UnsetType = UNSET
    overdue: list[Literal["sign", "arrive", "feed_back"]] | UnsetType = UNSET


class Incident(Struct, forbid_unknown_fields=True, rename={"class_": "class"}):
    """An incident as it stood after a change.

    `era` is there since the hub was restored from a backup: a later era (by text) is newer than
    any `revision` of an earlier one, and than one without.
    """

    id: str
    number: str
    revision: int
    state: TicketState
    flags: list[TicketFlag]
    title: dict[str, str]
    source: str
    subject: str
    fault: str
    severity: Severity
    urgency: Urgency
    class_: Class
    opened_at: Moment
    take_by: Moment | None
    arrive_by: Moment | None
    finish_by: Moment | None
    closed_at: Moment | None
    updated_at: Moment
    closing_code: str
    children: list[str]
    folded_into: str
    place: str
    place_names: list[str]
    grid_code: str
    cases: list[CaseMark]
    test: bool
    coordinates: dict[str, str | float] | UnsetType = UNSET
    era: str | UnsetType = UNSET


class OwnCase(Struct, forbid_unknown_fields=True):
    """The asker's own case of an incident; `possible` are the actions that it can take now."""

    receiver: str
    incident: str
    number: str
    state: CaseState
    revision: int
    updated_at: Moment | None
    to: str
    reason: str
    arrived_at: Moment | None
    asked_until: Moment | None
    extended_until: Moment | None
    urged: int
    supervised: int
    their_at: Moment | None
    their_revision: int | None
    possible: list[CaseAction]


class ActionAnswer(Struct, forbid_unknown_fields=True):
    """The case in force; `applied` is false for a step that was older than it."""

    applied: bool
    case: OwnCase


class HandedAnswer(Struct, forbid_unknown_fields=True):
    """The incident that work which was handed down has become.

    `joined` says that the community knew of it, `applied` is false where it was filed before.
    """

    incident: str
    joined: bool
    applied: bool
    case: OwnCase


class IncidentWithCase(Incident, forbid_unknown_fields=True, rename={"class_": "class"}):
    """An incident as it stands, with the asker's own case where a receiver asks."""

    case: OwnCase | UnsetType = UNSET


class FeedItem(Struct, forbid_unknown_fields=True):
    """A change of an incident, as a CloudEvent; `receiver` is whose case has changed, if one."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"]
    data: Incident
    receiver: str | UnsetType = UNSET


class FeedPage(Struct, forbid_unknown_fields=True):
    """Changes in order; `next` is where to go on, also when there are none."""

    items: list[FeedItem]
    next: str


class IncidentPage(Struct, forbid_unknown_fields=True):
    """Incidents as they stand; `next` is null at the end.

    `as_of` of the first page is the next round's `updated_since`. `era` is that of the hub, where
    it was restored from a backup: another one than in the round before asks for all of it.
    """

    items: list[Incident]
    next: str | None
    as_of: Moment
    era: str | UnsetType = UNSET


class DayAccount(Struct, forbid_unknown_fields=True):
    """What the feed told on a day, for two sides to compare.

    `last` is the id of its last item, `over` whether the day is, `complete` whether all of its
    items are still kept. `digest` is the SHA-256 of the lines, as hex.
    """

    day: str
    over: bool
    complete: bool
    items: int
    incidents: int
    opened: int
    states: dict[str, int]
    cases: dict[str, int]
    last: str | None
    digest: str
    lines: list[str] | UnsetType = UNSET


class SubscriptionCard(Struct, forbid_unknown_fields=True):
    """A subscription: `state` is unused, works, fails, or no_key where its receiver has none.

    `stuck` counts the items that wait, by incident; the journal has gone on by `behind`.
    """

    id: str
    receiver: str
    url: str
    types: list[str]
    place: str
    made_at: Moment
    state: Literal["unused", "works", "fails", "no_key"]
    since: Moment | None
    why: str
    sent: int
    sent_at: Moment | None
    stuck: dict[str, int]
    behind: int


class NewSubscription(SubscriptionCard, forbid_unknown_fields=True):
    """A new one, with the `secret` that signs what is sent; it is shown once."""

    secret: str | UnsetType = UNSET


class SubscriptionPage(Struct, forbid_unknown_fields=True):
    """Subscriptions, oldest first."""

    items: list[SubscriptionCard]
    next: None


class DeadItem(Struct, forbid_unknown_fields=True):
    """An item of the feed that was given up after all its tries; `id` is the item's."""

    id: str
    incident: str
    at: Moment
    tries: int
    why: str


class DeadPage(Struct, forbid_unknown_fields=True):
    """What was given up, the oldest item first."""

    items: list[DeadItem]
    next: None


class Replayed(Struct, forbid_unknown_fields=True):
    """How many items are tried again."""

    replayed: int
