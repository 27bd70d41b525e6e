"""Stories that nobody wrote, of devices of eleven kinds, for the rules that ship."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Kind
from hub.model.report import Value
from tests.support.spoken import Line
from tests.unit.intake import stage
from tests.unit.intake.stage import device

START = 1_764_000_000.0
BEAT = 50.0
"""Seconds from one word of a device to the next; no point is known for less than 90 s."""
AFTER = 700.0
"""Seconds from the last thing that happens to the end."""

MODELS: Mapping[str, DeviceModel] = {
    name: msgspec.structs.replace(
        model,
        points={
            point: msgspec.structs.replace(spec, period=60.0 if spec.period else 0.0)
            for point, spec in model.points.items()
        },
    )
    for name, model in stage.MODELS.items()
}
"""Meters are read once a minute: every ten seconds would be most of what is said."""
SITE: tuple[Device, ...] = (
    device("ups", Kind.POWER_SUPPLY),
    device("sw", Kind.SWITCH, power="ups"),
    device("gate", Kind.BARRIER_GATE, lane="one", upstream="sw", power="ups"),
    device("lpr", Kind.LPR_CAMERA, lane="one", upstream="sw"),
    device("door", Kind.UNIT_DOOR, upstream="sw"),
    device("ctl", Kind.ACCESS_CONTROLLER, upstream="sw", power="ups"),
    device("nvr", Kind.RECORDER, upstream="sw"),
    *(device(f"cam{number}", Kind.CAMERA, upstream="nvr") for number in range(3)),
    device("pump", Kind.PUMP_SET, place="gs/a"),
    device("lift", Kind.LIFT_ALARM, place="gs/a"),
    device("power", Kind.ELECTRICITY_METER, model="eastron-sdm630", place="gs/a"),
    device("water", Kind.WATER_METER, model="kaifeng-xintai-water", place="gs/a"),
)
BY_ID = {each.id: each for each in SITE}
FLAG = (True, False)
VALUES: Mapping[str, Sequence[Value]] = {
    "arm.position": ("closed", "open", "moving"),
    "arm.limit_open": FLAG,
    "arm.limit_closed": FLAG,
    "loop.occupied": FLAG,
    "boom.broken": FLAG,
    "mode": ("auto", "hold_open", "manual"),
    "motor.temperature": (20, 95),
    "plate.confidence": (95, 40),
    "plate.rate": (98, 30),
    "supply.mains": FLAG,
    "battery.voltage": (13.6, 11.2),
    "battery.charge": (100, 20),
    "load": (20, 120),
    "tamper": FLAG,
    "reader.online": FLAG,
    "buffer.level": (10, 95),
    "fire.input": FLAG,
    "door.open": FLAG,
    "lock.locked": FLAG,
    "exit_button.pressed": FLAG,
    "contact.fault": FLAG,
    "online": FLAG,
    "stream.ok": FLAG,
    "picture.ok": FLAG,
    "recording": FLAG,
    "disk.ok": FLAG,
    "running": FLAG,
    "pressure.out": (4.0, 0.5),
    "trapped": FLAG,
    "voltage.a": (230, 190, 245, 20),
    "current.a": (5, 95, 115),
    "flow.rate": (0.0, 0.5, 150.0),
    "pipe.empty": FLAG,
    "valve.position": ("open", "fault"),
    "battery.ok": FLAG,
}
"""Point → what it may be: on both sides of every limit that the library has."""
BAD = {
    "loop.occupied", "boom.broken", "tamper", "fire.input", "door.open", "arm.limit_open",
    "exit_button.pressed", "contact.fault", "trapped", "pipe.empty",
}  # fmt: skip
"""Flags that say something bad where they are true."""
EVENTS: Mapping[str, Sequence[str]] = {
    "gate": ("vehicle.passed", "opened.locally"),
    "door": ("door.forced", "door.held", "exit.requested"),
    "ctl": ("duress", "access.granted"),
    "cam0": ("video.lost", "video.restored"),
    "power": ("cover.opened",),
}
QUIET, LOUD, GOODBYE = "quiet", "loud", "goodbye"

Turn = tuple[float, str, str, Any]
"""(seconds since the turn before, device, what: a point, `event`, quiet, loud; its value)."""


def _points(name: str) -> Iterable[str]:
    return [point for point in MODELS[BY_ID[name].model].points if point in VALUES]


_CHANGES = [
    *((name, point, value) for name in BY_ID for point in _points(name) for value in VALUES[point]),
    *((name, "event", event) for name, events in EVENTS.items() for event in events),
]
_HUSHES = [(name, what, None) for name in BY_ID for what in (QUIET, LOUD)]
gaps = st.sampled_from([0.5, 1.5, 4.0, 12.0, 33.0, 70.0, 200.0, 700.0])


FLICKER = 1.0
"""Seconds after which a point may be as it was: shorter than any hold."""


def _turns(changes: Sequence[tuple[str, str, Any]], most: int) -> st.SearchStrategy[list[Turn]]:
    """Return lists of changes, some of which are taken back at once."""
    turn = st.tuples(gaps, st.sampled_from(changes), st.booleans()).map(_flicker)
    return st.lists(turn, min_size=8, max_size=most).map(_flatten)


def _flatten(parts: list[list[Turn]]) -> list[Turn]:
    return [turn for part in parts for turn in part]


def _flicker(drawn: tuple[float, tuple[str, str, Any], bool]) -> list[Turn]:
    gap, (name, what, value), is_brief = drawn
    first: list[Turn] = [(gap, name, what, value)]
    return [*first, (FLICKER, name, what, _healthy(what))] if is_brief and what in VALUES else first


stories = _turns(_CHANGES, 20)
"""Everybody is heard all the time."""
silent_stories = _turns([*_CHANGES, *_HUSHES * 3], 20)
"""Some fall silent, and come back."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A story as it is said: every message by its own time, and when all is over (seconds)."""

    lines: list[Line]
    end: float


def tell(turns: Sequence[Turn], delays: Mapping[str, float] | None = None) -> Told:
    """Let the devices speak; each message of a device arrives so many seconds late."""
    lags = delays or {}
    end = sum(gap for gap, *_ in turns) + AFTER
    lines = [line for each in SITE for line in _speak(each, turns, end, lags.get(each.id, 0.0))]
    return Told(lines=sorted(lines, key=lambda line: (line.arrives, line.at)), end=end)


def _speak(who: Device, turns: Sequence[Turn], end: float, lag: float) -> Iterator[Line]:
    """Say the whole state and all measurements with each beat, and at once what has changed."""
    periods = {name: spec.period for name, spec in MODELS[who.model].points.items()}
    points = {point: _healthy(point) for point in _points(who.id)}
    shift = 0.001 * list(BY_ID).index(who.id)
    own = [(at, what, value) for at, name, what, value in _by_time(turns) if name == who.id]
    beats = [(BEAT * number, "", None) for number in range(int(end / BEAT) + 1)]
    is_quiet = False
    for at, what, value in sorted([*own, *beats], key=lambda each: each[0]):
        is_quiet = what == QUIET or (is_quiet and what != LOUD)
        if what in points:
            points[what] = value
        if is_quiet:
            continue
        when = at + shift
        if what == "event":
            yield _line(who, when, lag, "event", {"name": value, "data": {}})
            continue
        chosen = points if not what or what == LOUD else {what: points[what]}
        if chosen is points and who.kind is Kind.ELECTRICITY_METER:
            points["voltage.b"] = 230 + at // BEAT % 2
        for topic, is_measured in (("state", False), ("telemetry", True)):
            said = {
                name: each for name, each in chosen.items() if bool(periods[name]) is is_measured
            }
            if said:
                yield _line(who, when, lag, topic, {"points": said})


def _by_time(turns: Sequence[Turn]) -> Iterator[Turn]:
    at = 0.2
    for gap, *rest in turns:
        at += gap
        yield (at, *rest)  # type: ignore[misc]


def _line(who: Device, at: float, lag: float, topic: str, body: dict[str, Any]) -> Line:
    return Line(at=at, arrives=at + lag, device=who.id, topic=topic, body=body)


def _healthy(point: str) -> Value:
    return VALUES[point][-1 if point in BAD else 0]
