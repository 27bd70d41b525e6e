"""What the devices of a chaos run say, from one seed: faults that last, and others too short."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import msgspec

GATES, DOORS, CONTROLLERS = 60, 20, 30
"""Devices of each kind; the last third of gates and controllers only flickers."""
RATE = 500
"""Messages a second, where a test names no other pace."""
LEAD = 1.0
"""Seconds before the first fault."""
SPREAD = (5.0, 9.0)
"""Seconds that a lasting fault stays, at least and at most; every hold is shorter."""
FLICKER = (0.2, 0.8)
"""Seconds that a flicker stays; every hold is longer."""
AGAIN_AFTER = 14.0
"""Seconds from the end of a fault to its second episode: longer than its rule's release."""

HEALTHY: Mapping[str, Mapping[str, Any]] = {
    "gate": {
        "arm.position": "closed",
        "loop.occupied": False,
        "boom.broken": False,
        "mode": "auto",
        "fault.code": "none",
    },
    "door": {"door.open": False, "lock.locked": True, "contact.fault": False},
    "controller": {"supply.mains": True, "tamper": False, "reader.online": True},
}


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """A fault by the point that shows it, and what has to follow."""

    kind: str
    point: str
    value: Any
    rule: str
    fault: str


BROKEN = Flaw(
    kind="gate",
    point="boom.broken",
    value=True,
    rule="barrier-boom-broken",
    fault="gate.boom_broken",
)
TAMPERED = Flaw(
    kind="controller",
    point="tamper",
    value=True,
    rule="controller-tampered",
    fault="access.tamper",
)
STUCK = Flaw(
    kind="gate", point="fault.code", value="E03", rule="barrier-wont-open", fault="gate.wont_open"
)
FORCED = Flaw(kind="door", point="", value=None, rule="door-forced", fault="door.forced")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One message: who says what `at` seconds after the start."""

    at: float
    device: str
    topic: str
    body: dict[str, Any]


class Plan:
    """The messages of a run in order, and what a faultless hub makes of them."""

    def __init__(self, seed: int, seconds: float, rate: int = RATE) -> None:
        self.seed = seed
        self._rate = rate
        self.raises: dict[tuple[str, str], int] = {}
        """(device, rule) → how often its alarm is raised."""
        self.tickets: set[tuple[str, str]] = set()
        """(device, fault): each has exactly one ticket, however often the fault comes."""
        self.spared: set[str] = set()
        """Devices of which nothing is expected: a broker has lost what they said."""
        self._chance = Random(seed)
        self._seconds = seconds
        self._order = itertools.count()
        self._turns: list[tuple[float, int, str, str, Any]] = []
        self._points = {name: dict(HEALTHY[name.split("-")[0]]) for name in devices()}
        self._plan_lasting()
        self._plan_flickers()

    def lines(self) -> Iterator[Line]:
        """Yield every message; each device first says how it is."""
        for number, device in enumerate(self._points):
            yield self._state(0.001 * number, device)
        for number in range(int(0.2 * self._rate), int(self._seconds * self._rate)):
            at = number / self._rate
            yield from self._turned(at)
            yield self._chatter(at)
        yield from self._turned(self._seconds)

    def _plan_lasting(self) -> None:
        for device in _sound("gate", GATES):
            self._last(device, BROKEN, again=self._chance.random() < 0.5)
        for device in _sound("controller", CONTROLLERS):
            self._last(device, TAMPERED, again=False)
        for device in _sound("gate", GATES)[::2]:
            self._turn(self._instant(), device, STUCK)
            self._expect(device, STUCK)
        for device in devices("door"):
            self._turn(self._instant(), device, FORCED)
            self._expect(device, FORCED)

    def _plan_flickers(self) -> None:
        for kind, count, flaw in (("gate", GATES, BROKEN), ("controller", CONTROLLERS, TAMPERED)):
            for device in devices(kind)[count * 2 // 3 :]:
                at = LEAD + self._chance.random()
                while at < self._seconds - 1:
                    at = self._turn(at, device, flaw, stays=self._chance.uniform(*FLICKER))
                    at += self._chance.uniform(0.5, 3.0)

    def _last(self, device: str, flaw: Flaw, *, again: bool) -> None:
        end = self._turn(self._instant(), device, flaw, stays=self._chance.uniform(*SPREAD))
        self._expect(device, flaw)
        if again and end + AGAIN_AFTER + SPREAD[1] < self._seconds:
            self._turn(end + AGAIN_AFTER, device, flaw, stays=self._chance.uniform(*SPREAD))
            self._expect(device, flaw)

    def _instant(self) -> float:
        return self._chance.uniform(LEAD, self._seconds - SPREAD[1])

    def _turn(self, at: float, device: str, flaw: Flaw, *, stays: float = 0.0) -> float:
        """Let a flaw begin, and end where it `stays`; return when."""
        heapq.heappush(self._turns, (at, next(self._order), device, flaw.point, flaw.value))
        if stays:
            healthy = HEALTHY[flaw.kind][flaw.point]
            heapq.heappush(
                self._turns, (at + stays, next(self._order), device, flaw.point, healthy)
            )
        return at + stays

    def _expect(self, device: str, flaw: Flaw) -> None:
        key = (device, flaw.rule)
        self.raises[key] = self.raises.get(key, 0) + 1
        self.tickets.add((device, flaw.fault))

    def _turned(self, until: float) -> Iterator[Line]:
        while self._turns and self._turns[0][0] <= until:
            at, _, device, point, value = heapq.heappop(self._turns)
            if not point:
                body = {"name": "door.forced", "data": {}}
                yield Line(at=at, device=device, topic="event", body=body)
                continue
            self._points[device][point] = value
            yield self._state(at, device)

    def _state(self, at: float, device: str) -> Line:
        body = {"points": dict(self._points[device])}
        return Line(at=at, device=device, topic="state", body=body)

    def _chatter(self, at: float) -> Line:
        """Return one of the many messages that mean nothing."""
        device = self._chance.choice(list(self._points))
        kind = device.split("-")[0]
        draw = self._chance.random()
        if kind == "gate" and draw < 0.1:
            return Line(at=at, device=device, topic="event", body={"name": "vehicle.passed"})
        if draw < 0.4 or kind == "door":
            return self._state(at, device)
        warm = round(self._chance.uniform(20.0, 45.0), 2)
        point = ("motor.temperature", warm) if kind == "gate" else ("battery.voltage", 12.9)
        return Line(at=at, device=device, topic="telemetry", body={"points": dict([point])})


def devices(kind: str = "") -> list[str]:
    """Return the ids of all devices, or of those of a kind."""
    counts = {"gate": GATES, "door": DOORS, "controller": CONTROLLERS}
    return [
        f"{name}-{number:03}"
        for name, count in counts.items()
        if kind in {"", name}
        for number in range(1, count + 1)
    ]


def _sound(kind: str, count: int) -> list[str]:
    """Return the devices of a kind whose faults last."""
    return devices(kind)[: count * 2 // 3]
