"""What answers about acceptance look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Both, Evidence, Moment, Shape
from hub.model.acceptance import Progress
from hub.model.alarm import Severity


class Attempt(Shape):
    """One time that a fault was tried; `cleared_at` is null while it is there."""

    raised_at: Moment
    cleared_at: Moment | None
    severity: Severity
    reason: Both
    evidence: list[Evidence]


class Excuse(Shape):
    """Why a fault is left out."""

    why: str
    actor: str
    at: Moment


class Line(Shape):
    """A rule that watches the device, and what was seen of it."""

    rule: str
    fault: str
    name: Both
    severity: Severity
    progress: Progress
    attempts: list[Attempt]
    excuse: Excuse | None


class Signature(Shape):
    """Who has accepted the device, and who was there with them."""

    actor: str
    accompanied: str
    at: Moment
    note: str


class Acceptance(Shape):
    """A sheet; `missing` counts the lines that keep it from being signed."""

    device: str
    place: str
    number: int
    numbers: list[int]
    begun_at: Moment
    begun_by: str
    ended_at: Moment | None
    missing: int
    lines: list[Line]
    signature: Signature | None
