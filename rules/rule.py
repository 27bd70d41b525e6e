"""A rule as it stands after loading: checked, frozen, and free of the file that it came from."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from hub.model.alarm import Severity, TicketSpec
from hub.model.catalogue import PointSpec
from hub.model.device import Kind
from hub.model.report import Value


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of a schedule: weekdays (0 is Monday) and seconds of the local day.

    A stretch that ends before it starts runs past midnight.
    """

    days: frozenset[int]
    start: float
    end: float


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A worse degree of the same alarm; `hold` in seconds, counted while the alarm is raised."""

    when: str = "True"
    hold: float = 0.0
    severity: Severity | None = None
    ticket: TicketSpec | None = None
    tell: tuple[str, ...] = ()


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A story with what must come of it; `start` is epoch seconds of its `0s`.

    `name` is its title in English, `zh` in Chinese; one that is given plainly serves both.
    """

    name: str
    zh: str = ""
    story: tuple[str, ...]
    expect: tuple[str, ...]
    start: float
    model: str = ""
    device: dict[str, Value] = {}
    place: dict[str, Value] = {}
    line: int = 0


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """After this, that within so many seconds; a miss is the event `<rule id>.missed`."""

    after: str
    expect: str
    within: float


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Other values of a rule's parameters where device, place and model fit; empty fits all."""

    rule: str
    values: dict[str, Value]
    device: str = ""
    place: str = ""
    model: str = ""
    file: str = ""
    line: int = 0


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule; times in seconds. `when` is empty for a rule that only emits its missed event.

    `gap` None means two periods, or 60 s for points that are sent on change. `quiet` is the
    release of a rule about an instant.
    """

    id: str
    fault: str
    name: dict[str, str]
    kinds: tuple[Kind, ...]
    when: str = ""
    clear: str = ""
    hold: float = 0.0
    release: float = 0.0
    gap: float | None = None
    severity: Severity = Severity.MINOR
    params: dict[str, Value] = {}
    timed: dict[str, str] = {}
    """Field → the parameter that is its time: hold, release, gap, within, stage.0…"""
    overrides: tuple[Override, ...] = ()
    stages: tuple[Stage, ...] = ()
    expectation: Expectation | None = None
    tell: tuple[str, ...] = ()
    inhibit: tuple[str, ...] = ()
    ticket: TicketSpec | None = None
    discreet: bool = False
    explains: str = ""
    trial: bool = False
    examples: tuple[Example, ...] = ()
    schedules: dict[str, tuple[Span, ...]] = {}
    points: dict[str, PointSpec] = {}
    events: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    """What models of the kind have beside the core, for stories without a model."""
    file: str = ""
    line: int = 0


_JUDGES_BY = ("when", "clear", "hold", "release", "gap", "params", "expectation")


def fingerprint(rule: Rule) -> str:
    """Return what tells a rule from one that judges otherwise: 16 hex digits.

    Words, severities and who is told are not in it, nor what other devices have for parameters.
    """
    stages = [(stage.when, stage.hold) for stage in rule.stages]
    judged = [*(getattr(rule, field) for field in _JUDGES_BY), stages]
    return sha256(msgspec.json.encode(judged, order="deterministic")).hexdigest()[:16]
