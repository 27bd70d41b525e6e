"""What answers about rules, windows and what is kept look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Both, Moment, Shape
from hub.model.alarm import Severity
from hub.model.device import Kind
from hub.model.rule_version import RuleMode
from hub.model.window import WindowKind


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


class Schedule(Shape):
    """A schedule of rules; `version` is 0 where nobody has changed it here."""

    name: str
    days: list[str]
    times: list[str]
    source: str
    version: int
    rules: list[str]
    versions: list[RuleVersion]


class Setting(Shape):
    """Other values of parameters; without device, place and model everywhere."""

    set: dict[str, bool | int | float | str]
    device: str
    place: str
    model: str
    source: str


class InForce(Shape):
    """A parameter's value on a device, and what says so: device, place …, model, all or rule."""

    value: bool | int | float | str
    by: str
    source: str


class DeviceParameters(Shape):
    """What counts on one device."""

    device: str
    values: dict[str, InForce]


class Parameters(Shape):
    """A rule's parameters; `version` is 0 where nobody has set any here."""

    rule: str
    params: dict[str, bool | int | float | str]
    settings: list[Setting]
    version: int
    devices: list[DeviceParameters]
    left_out: int
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
