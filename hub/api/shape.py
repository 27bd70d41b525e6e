"""What answers look like, for the OpenAPI document; `wire` writes them, and a test compares.

Instants are RFC 3339. Nothing is decoded by these: a struct here is a schema with a name.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

from hub.model.alarm import AlarmState, Class, Severity, Urgency
from hub.model.command import CommandState
from hub.model.device import Kind, Lifecycle, LinkState
from hub.model.report import Quality
from hub.model.rule_version import RuleMode
from hub.model.ticket import TicketAction, TicketFlag, TicketState
from hub.model.window import WindowKind

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
    ticket: str


class Ticket(Shape, rename={"class_": "class"}):
    """A ticket."""

    number: str
    state: TicketState
    flags: list[TicketFlag]
    title: Both
    source: str
    subject: str
    place: str
    rule: str
    fault: str
    severity: Severity
    urgency: Urgency
    class_: Class
    trade: str
    holder: str
    opened_at: Moment
    take_by: Moment | None
    arrive_by: Moment | None
    finish_by: Moment | None
    closed_at: Moment | None
    closing_code: str
    closing_note: str
    children: list[str]
    folded_into: str
    evidence: list[Evidence]
    revision: int
    reopened: int
    test: bool


class TicketWithSteps(Ticket):
    """A ticket with the steps that the asker can take now."""

    possible: list[TicketAction]


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


class Quarantined(Shape):
    """A message that was not understood, without its bytes."""

    id: int
    link: str
    address: str
    reason: str
    at: Moment
    length: int


class QuarantinedBytes(Quarantined):
    """A message that was not understood; `payload` in base64, `text` as far as it is UTF-8."""

    payload: str
    text: str


class Newcomer(Shape):
    """Who sends and is not in the books, without what it sent."""

    link: str
    address: str
    first_seen: Moment
    last_seen: Moment
    count: int
    guess: str


class NewcomerBytes(Newcomer):
    """A newcomer with the beginning of its last message: `payload` in base64, and as `text`."""

    payload: str
    text: str


class Holding(Shape):
    """A kind of data; `keep_days` null is for ever."""

    kind: str
    keep_days: float | None
    oldest: Moment | None
    complete_since: Moment | None
    deleted: int
    deleted_at: Moment | None


class Rule(Shape):
    """A rule at a glance; `version` is 0 where nobody has changed it here."""

    id: str
    fault: str
    name: Both
    kinds: list[Kind]
    severity: Severity
    source: str
    mode: RuleMode
    version: int
    closings: dict[str, int]
    false_alarm_share: float | None


class RuleVersion(Shape):
    """A version of a rule; `text` is empty where the rule of the files counts."""

    rule: str
    number: int
    at: Moment
    actor: str
    why: str
    mode: RuleMode
    text: str


class RuleWithText(Rule):
    """A rule with its text as it counts, and its versions, oldest first."""

    text: str
    versions: list[RuleVersion]


class RuleFault(Shape):
    """What is wrong with a text; line and column count from 1, 0 is unknown."""

    line: int
    column: int
    message: str
    hint: str


class RuleProof(Shape):
    """What a text is: its rules by id, and every fault."""

    rules: list[str]
    faults: list[RuleFault]


class Window(Shape):
    """A maintenance window or notice."""

    id: str
    kind: WindowKind
    text: Both
    start: Moment
    end: Moment
    device: str
    place: str
    kinds: list[Kind]
    actor: str
    ended_at: Moment | None
    ended_by: str
