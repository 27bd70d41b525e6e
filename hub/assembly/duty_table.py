"""The tables of the file of duty as people write them, and what each becomes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub.model.alarm import Class, Severity, Urgency
from hub.model.roster import Shift, SpecialDay, Turn
from hub.model.rung import DepartmentLimits, Dispatch, Quiet, Rung, Trigger
from rules.duration import parse_duration

EPOCH = date(1970, 1, 1)
DAY = 86_400

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$",
        description="1 to 32 of a-z 0-9 _ -, the first a letter or digit",
    ),
]
Clock = Annotated[
    str,
    Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", description='write "08:30"'),
]
Length = Annotated[
    str,
    Meta(
        pattern=r"^(?=.)(\d{1,2}d)?(\d{1,3}h)?(\d{1,4}m)?(\d{1,5}s)?$",
        description='write "90s", "10m", "4h" or "1d"',
    ),
]
Kind = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
Both = Annotated[dict[str, str], Meta(description='{ zh = "…", en = "…" }')]
Some = Annotated[tuple[str, ...], Meta(min_length=1, description="name at least one")]
Severities = Annotated[tuple[Severity, ...], Meta(description=f"of {', '.join(Severity)}")]
Classes = Annotated[tuple[Class, ...], Meta(description=f"of {', '.join(Class)}")]
Triggers = Annotated[
    tuple[Trigger, ...], Meta(min_length=1, description=f"of {', '.join(Trigger)}")
]


class ShiftTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[roster.shift]]`: an `end` that is not behind `start` is on the next day."""

    start: Clock = "00:00"
    end: Clock = "24:00"
    people: Some
    days: tuple[Kind, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    turn: Literal["all", "day", "week"] = "all"
    each: Annotated[int, Meta(ge=1, le=52)] = 1
    first: date | None = None

    def shift(self) -> Shift:
        """Return what it says."""
        start, end = seconds(self.start), seconds(self.end)
        return Shift(
            start=start,
            end=end if end > start else end + DAY,
            people=self.people,
            days=self.days,
            turn=Turn(self.turn),
            each=self.each,
            first=day_of(self.first) if self.first else 0,
        )


class RosterTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[roster]]`."""

    name: Name
    title: Both
    shift: list[dict[str, Any]]


class DayTable(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """`[[day]]`: holidays, or days that count like another one."""

    first: date
    last: date | None = None
    like: Kind = "holiday"
    name: str = ""

    def special(self) -> SpecialDay:
        """Return what it says."""
        last = self.last or self.first
        return SpecialDay(
            first=day_of(self.first), last=day_of(last), like=self.like, name=self.name
        )


class RungTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[plan.rung]]`."""

    id: Name
    name: Both
    responsible: Some
    on: Triggers
    informed: tuple[str, ...] = ()
    channels: Some = ("console",)
    wait: Length = "5m"
    after: Length = "0s"
    confirm: bool = False
    automatic_for: tuple[str, ...] = ()
    silence: Annotated[int, Meta(ge=0, le=100)] = 0
    silence_for: tuple[str, ...] = ()
    dispatch: Annotated[Dispatch, Meta(description=f"of {', '.join(Dispatch)}")] = Dispatch.LEADER

    def rung(self) -> Rung:
        """Return what it says; ValueError where a length of time is none."""
        fields = msgspec.structs.asdict(self)
        lengths = {key: parse_duration(fields[key]) for key in ("wait", "after")}
        return Rung(**(fields | lengths))


class PlanTable(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """`[[plan]]`."""

    name: Name
    rung: list[dict[str, Any]]
    place: str = ""
    severity: Severities = ()
    class_: Classes = ()
    trade: tuple[str, ...] = ()
    discreet: bool = False


class QuietTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[quiet]`: hours of quiet of every day."""

    start: Clock = "00:00"
    end: Clock = "00:00"

    def quiet(self) -> Quiet:
        """Return what it says."""
        return Quiet(start=seconds(self.start), end=seconds(self.end))


class LimitsTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[limits]]`: how long departments have, from when work was handed to them."""

    department: tuple[str, ...] = ()
    urgency: Annotated[tuple[Urgency, ...], Meta(description=f"of {', '.join(Urgency)}")] = ()
    sign: Length = ""
    arrive: Length = ""
    feed_back: Length = ""

    def limits(self) -> DepartmentLimits:
        """Return what it says; ValueError where a length of time is none."""
        lengths = {name: getattr(self, name) for name in ("sign", "arrive", "feed_back")}
        return DepartmentLimits(
            departments=self.department,
            urgencies=self.urgency,
            **{name: parse_duration(text) for name, text in lengths.items() if text},
        )


def seconds(clock: str) -> int:
    """Return the seconds after midnight of `08:30`."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 3600 + int(minutes) * 60


def day_of(day: date) -> int:
    """Return a day, counted from 1970-01-01."""
    return (day - EPOCH).days
