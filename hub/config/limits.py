"""Settings of limits, `[limits]`: which of them run in working time, and when people work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.config.toml_reader import TomlReader
from hub.model.alarm import Class, Urgency
from hub.model.calendar import Pace

Stretch = Annotated[
    str,
    Meta(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$",
        description="write 08:30-12:00",
    ),
]
PACES = f"one of: {', '.join(Pace)}"


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """`urgency` says how the limits to take and arrive run, `class` the one to finish.

    `trade` counts before both. `hours` are the stretches of a working day, `calendar` is the site's
    table of holidays, over the shipped one.
    """

    calendar: Path | None = None
    hours: Annotated[tuple[Stretch, ...], Meta(min_length=1, description="write 08:30-12:00")] = (
        "08:30-12:00",
        "14:00-17:30",
    )
    urgency: Annotated[
        dict[Urgency, Pace], Meta(description=f"{', '.join(Urgency)}, each {PACES}")
    ] = {}
    class_: Annotated[dict[Class, Pace], Meta(description=f"{', '.join(Class)}, each {PACES}")] = {}
    trade: Annotated[dict[str, Pace], Meta(description=f"trades, each {PACES}")] = {}


def read_limits(reader: TomlReader) -> LimitSettings:
    """Read the section; hours that go backwards or overlap are a problem and are left out."""
    found = reader.read(LimitSettings, reader.tables.get("limits", {}), "limits")
    limits = found or LimitSettings()
    spans = spans_of(limits)
    ends = [0.0, *(end for _, end in spans)]
    if all(end > begin >= last for (begin, end), last in zip(spans, ends, strict=False)):
        return limits
    reader.add("the stretches overlap or go backwards", "limits", "hours", hint="put them in order")
    return msgspec.structs.replace(limits, hours=LimitSettings().hours)


def spans_of(limits: LimitSettings) -> tuple[tuple[float, float], ...]:
    """Return the stretches of a working day in seconds since midnight."""
    halves = (stretch.split("-") for stretch in limits.hours)
    return tuple((_seconds(begin), _seconds(end)) for begin, end in halves)


def _seconds(clock_face: str) -> float:
    hours, minutes = clock_face.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0
