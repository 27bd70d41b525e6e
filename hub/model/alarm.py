"""An alarm: an abnormal condition of a subject under a rule, and what a rule decides about it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.report import Quality, Value


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"


class Urgency(StrEnum):
    """急修 / 普通 / 计划: sets the limits to take and to arrive."""

    URGENT = "urgent"
    NORMAL = "normal"
    PLANNED = "planned"


class Class(StrEnum):
    """一般 24 h / 较难 48 h / 复杂 72 h: sets the limit to finish."""

    GENERAL = "general"
    DIFFICULT = "difficult"
    COMPLEX = "complex"


class ReportWhen(StrEnum):
    """When a ticket becomes an incident of the grid platform."""

    AT_ONCE = "at_once"
    ON_ESCALATION = "on_escalation"
    NEVER = "never"


class TicketSpec(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """What a rule says about the ticket that its alarm opens."""

    urgency: Urgency = Urgency.NORMAL
    class_: Class = Class.GENERAL
    trade: str = ""
    report: ReportWhen = ReportWhen.AT_ONCE


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One reading (or event, then `point` is `event:NAME`) that made a rule decide."""

    point: str
    value: Value | None
    quality: Quality = Quality.GOOD
    at: float


class Action(StrEnum):
    """What a rule decides."""

    RAISE = "raise"
    CHANGE = "change"
    CLEAR = "clear"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's decision about one subject (a device uid, or a place path) at one instant.

    `reason` is a sentence for people in `zh` and `en`; `ticket` is None for alarms without one.
    """

    action: Action
    subject: str
    rule: str
    fault: str
    name: dict[str, str]
    severity: Severity
    at: float
    reason: dict[str, str]
    evidence: tuple[Evidence, ...] = ()
    ticket: TicketSpec | None = None
    tell: tuple[str, ...] = ()
    inhibit: tuple[str, ...] = ()
    discreet: bool = False
    explains: str = ""
    trial: bool = False
    children: tuple[str, ...] = ()
    """Subjects that this alarm explains (root fault of a storm)."""
    by: str = ""
    """Who has decided it by hand; empty for a rule's own decision."""


class AlarmState(StrEnum):
    """`suppressed` is raised but inhibited: recorded, nobody told."""

    RAISED = "raised"
    SUPPRESSED = "suppressed"
    CLEARED = "cleared"


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm; its identity is (subject, rule) while it is not cleared, `id` for ever."""

    id: str
    subject: str
    """Device id as people read it (or place path); `uid` is the identity."""
    uid: str
    place: str
    rule: str
    fault: str
    name: dict[str, str]
    severity: Severity
    state: AlarmState
    raised_at: float
    cleared_at: float | None = None
    reason: dict[str, str] = {}
    evidence: tuple[Evidence, ...] = ()
    children: tuple[str, ...] = ()
    explained_by: str = ""
    held_by: str = ""
    """The gate that has closed behind a told alarm: in_service, fire, maintenance, notice."""
    discreet: bool = False
    ticket: str = ""
