"""What a small community says in days: faults that last, flickers, and signs of life, by a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import msgspec

from hub.model.device import Kind
from tests.chaos.plan import BROKEN, HEALTHY, TAMPERED, Flaw
from tests.unit.intake import stage
from tests.unit.intake.stage import device

HELD = Flaw(kind="door", point="door.open", value=True, rule="door-held", fault="door.held")
FLAWS: Mapping[str, tuple[Flaw, ...]] = {
    "gate": (BROKEN,),
    "door": (HELD,),
    "controller": (TAMPERED,),
}
LASTING: Mapping[str, tuple[float, float]] = {
    "barrier-boom-broken": (60.0, 7200.0),
    "controller-tampered": (60.0, 7200.0),
    "door-held": (2000.0, 7200.0),
}
"""Seconds that a fault stays at least and at most; every hold is shorter."""
BRIEF: Mapping[str, tuple[float, float]] = {
    "barrier-boom-broken": (0.2, 1.5),
    "controller-tampered": (0.2, 1.5),
    "door-held": (10.0, 110.0),
}
"""Seconds of what is no fault: every hold is longer."""
QUIET = (100.0, 590.0)
"""Seconds between two signs of life; a device is silent after three heartbeats of ten minutes."""
SHARE = {"gate": 0.5, "door": 0.9, "controller": 0.5}
"""Of what happens to a device, that is no fault."""
CALM = {"gate": (900.0, 9000.0), "door": (200.0, 1800.0), "controller": (900.0, 9000.0)}
"""Seconds from one such thing to the next; each fault's release is shorter."""
MODELS = {
    name: msgspec.structs.replace(model, heartbeat=600.0) for name, model in stage.MODELS.items()
}
DEVICES = (
    *(device(f"gate-{number}") for number in range(10)),
    *(device(f"door-{number}", Kind.UNIT_DOOR) for number in range(6)),
    *(device(f"controller-{number}", Kind.ACCESS_CONTROLLER) for number in range(4)),
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One message: what a device says `at` seconds after the start; `number` counts all lines.

    `bad` tells that something begins with it, a fault or what only looks like one.
    """

    number: int
    at: float
    topic: str
    payload: bytes
    bad: bool


class Community:
    """All lines of a run in order, and how often each alarm has to be raised."""

    def __init__(self, seed: int, seconds: float, start: float) -> None:
        self.raises: Counter[tuple[str, str]] = Counter()
        self._seconds = seconds
        self._start = start
        chance = Random(seed)
        spoken = [
            turn for each in DEVICES for turn in self._speak(each.id, Random(chance.random()))
        ]
        spoken.sort(key=lambda turn: turn[0])
        self.lines = [
            Line(number=number, at=at, topic=topic, payload=payload, bad=bad)
            for number, (at, topic, payload, bad) in enumerate(spoken)
        ]

    def _speak(self, name: str, chance: Random) -> Iterator[tuple[float, str, bytes, bool]]:
        turns = sorted([*self._faults(name, chance), *self._signs_of_life(chance)], key=_instant)
        healthy = HEALTHY[name.split("-", maxsplit=1)[0]]
        points = dict(healthy)
        for seq, (at, change) in enumerate(turns):
            points |= change
            body = {"boot": "b1", "seq": seq, "ts": self._start + at, "points": points}
            bad = any(healthy[point] != value for point, value in change.items())
            yield at, f"ld/gs/{name}/state", msgspec.json.encode(body), bad

    def _signs_of_life(self, chance: Random) -> Iterator[tuple[float, dict[str, Any]]]:
        at = chance.random()
        while at < self._seconds:
            yield at, {}
            at += chance.uniform(*QUIET)

    def _faults(self, name: str, chance: Random) -> Iterator[tuple[float, dict[str, Any]]]:
        kind = name.split("-", maxsplit=1)[0]
        at = chance.uniform(*CALM[kind])
        while True:
            flaw, is_brief = chance.choice(FLAWS[kind]), chance.random() < SHARE[kind]
            lasts = chance.uniform(*(BRIEF if is_brief else LASTING)[flaw.rule])
            if at + lasts + 600 > self._seconds:
                return
            yield at, {flaw.point: flaw.value}
            yield at + lasts, {flaw.point: HEALTHY[kind][flaw.point]}
            if not is_brief:
                self.raises[name, flaw.rule] += 1
            at += lasts + chance.uniform(*CALM[kind])


def _instant(turn: tuple[float, dict[str, Any]]) -> float:
    return turn[0]
