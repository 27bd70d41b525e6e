"""What answers look like, for the OpenAPI document; `wire` writes them, and a test compares.

Instants are RFC 3339. Nothing is decoded by these: a struct here is a schema with a name.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

from hub.model.alarm import AlarmState, Severity
from hub.model.command import CommandState
from hub.model.device import Kind, Lifecycle, LinkState
from hub.model.report import Quality

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Both = dict[str, str]
"""The same in `zh` and `en`."""
Item = TypeVar("Item")


class Shape(Struct, forbid_unknown_fields=True):
    """An answer with these fields and no others."""


class Page(Shape, Generic[Item]):
    """A page of a list; `next` is null at the end."""

    items: list[Item]
    next: str | None


class Health(Shape):
    """That the process lives."""

    status: str


class Readiness(Shape):
    """Which parts are ready."""

    status: str
    parts: dict[str, str]


class Point(Shape):
    """A point as of the last commit; `stale` is true past three of its periods."""

    value: bool | float | str | None
    unit: str
    quality: Quality
    at: Moment
    stale: bool


class Device(Shape):
    """A device with its points as of the last commit."""

    id: str
    uid: str
    address: str
    name: str
    formerly: list[str]
    kind: Kind
    model: str
    place: str
    lane: str
    upstream: str
    power: str
    state: Lifecycle
    maintenance_until: Moment | None
    link: LinkState
    heard_at: Moment | None
    points: dict[str, Point]


class Reading(Shape):
    """A reading of history."""

    at: Moment
    value: bool | float | str | None
    quality: Quality
    boot: str
    seq: int | None


class Hour(Shape):
    """An hour of a point, of its good readings alone."""

    at: Moment
    count: int
    min: float
    max: float
    mean: float
    first: float
    last: float


class Event(Shape):
    """Something that happened at a device."""

    at: Moment
    name: str
    data: dict[str, Any]
    boot: str
    seq: int | None


class Why(Shape):
    """What a gate or a rule answers now; `gate` is empty for a rule."""

    gate: str
    rule: str
    name: Both | None
    answer: str
    since: Moment | None
    reason: Both


class Evidence(Shape):
    """A reading that caused something."""

    point: str
    value: bool | float | str | None
    quality: Quality
    at: Moment


class Alarm(Shape):
    """An alarm."""

    id: str
    subject: str
    place: str
    rule: str
    fault: str
    name: Both
    severity: Severity
    state: AlarmState
    raised_at: Moment
    cleared_at: Moment | None
    reason: Both
    evidence: list[Evidence]
    children: list[str]
    explained_by: str
    held_by: str
    ticket: str


class CommandStep(Shape):
    """A state that an order went through."""

    state: CommandState
    at: Moment
    why: str


class Command(Shape):
    """An order and what became of it."""

    id: str
    device: str
    do: str
    actor: str
    reason: str
    state: CommandState
    issued: Moment
    expires: Moment
    history: list[CommandStep]


class Entry(Shape):
    """An entry of the journal; its `data` holds instants as epoch seconds."""

    seq: int
    at: Moment
    type: str
    subject: str
    place: str
    actor: str
    data: dict[str, Any]
