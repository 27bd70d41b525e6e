"""The course of a ticket and the length of an alarm, as the journal tells them."""

from __future__ import annotations

import msgspec


class Course(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """A ticket's way; instants are None where it has not come so far.

    `taken_at` and `arrived_at` are the first ones, `completed_at` the last: a repair that was
    rejected or did not last is none. `first_finish_by` is the limit without extensions, where
    one was granted. `missed` are the limits that were told as passed, and `satisfied` what the
    reporter said last, of this repair.
    """

    number: str
    source: str = "device"
    subject: str = ""
    place: str = ""
    rule: str = ""
    fault: str = ""
    class_: str = ""
    urgency: str = ""
    trade: str = ""
    team: str = ""
    title: dict[str, str] = {}
    opened_at: float
    taken_at: float | None = None
    arrived_at: float | None = None
    completed_at: float | None = None
    verified_at: float | None = None
    closed_at: float | None = None
    finish_by: float | None = None
    first_finish_by: float | None = None
    closing_code: str = ""
    folded_into: str = ""
    flags: tuple[str, ...] = ()
    reopened: int = 0
    class_raises: int = 0
    missed: tuple[str, ...] = ()
    satisfied: bool | None = None
    state: str = "new"
    test: bool = False
    discreet: bool = False


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """How long an alarm lasted on a device; `end` None is: still."""

    alarm: str
    subject: str
    severity: str
    start: float
    end: float | None = None
