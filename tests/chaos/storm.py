"""A storm by a seed: who falls silent when, in which order it is noticed, and who comes back."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from random import Random
from typing import Any

import msgspec

from hub.model.device import Kind
from hub.ports import Envelope
from tests.chaos.storm_scene import HEALTHY, POWERED, Root, Scene
from tests.support.spoken import Line, deliver

START = 1_764_000_000.0
BEAT = (30.0, 45.0)
"""Seconds from one sign of life to the next; three heartbeats are 180 s."""
STRIKES = 4.0
"""Seconds from the first device that falls silent to the last; noticed are they by their beats."""
RETURN = (0.0, 75.0)
"""Seconds in which devices are back, in any order; the grace is 120 s."""
WILL = (0.0, 90.0)
"""Seconds after which a broker gives a dead client up, and tells its will."""
DELAY = 5.0
"""Seconds, at most, that a message is under way; a device's own keep their order."""
WILL_SHARE, WHISPER_SHARE = 0.4, 0.5
MOST_LEFT = 2
"""Devices, at most, that stay down when the root is back; three would be a common fault."""


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """When things happen, in seconds from the start.

    By `over` everybody was noticed and is told, and the roots are repaired; by `repaired`, when who
    had stayed down is back as well, the grace is over.
    """

    struck: float = 60.0
    over: float = 640.0
    repaired: float = 1_060.0
    end: float = 1_300.0


AT_LEISURE = Times()


class Storm:
    """What a seed makes of a scene: every message in order of arrival, and who stays down.

    `wide` lets a broker tell of some dead clients by their wills, so that the first and the last
    are noticed over two minutes apart; otherwise all are within the settling time.
    """

    def __init__(self, scene: Scene, seed: int, *, wide: bool, times: Times = AT_LEISURE) -> None:
        self.scene = scene
        self.times = times
        self._chance = Random(f"{seed} {scene.name}")
        self._wide = wide
        self.left = self._choose_left()
        """Who stays down once the root is back, and all below it."""
        struck = scene.struck()
        spoken = [
            line
            for each in scene.devices
            for line in self._speak(each.id, each.kind, struck.get(each.id, []))
        ]
        self.lines = sorted(spoken, key=lambda line: line.arrives)

    def expected_left(self) -> set[str]:
        """Return whose own tickets come after the grace: the topmost of those still down."""
        return self.left - {low for name in self.left for low in self.scene.below(name)}

    def envelopes(self) -> Iterator[Envelope]:
        """Return every message as the broker delivers it."""
        return deliver(self.lines, START)

    def _choose_left(self) -> set[str]:
        below = {name for root in self.scene.roots for name in self.scene.below(root.device)}
        names = sorted(below) or [each.id for each in self.scene.devices]
        chosen = self._chance.sample(names, self._chance.randint(0, MOST_LEFT))
        return {*chosen, *(low for name in chosen for low in self.scene.below(name))}

    def _speak(self, name: str, kind: Kind, roots: list[Root]) -> Iterator[Line]:
        away, back = self._absence(name, roots)
        at, arrives = self._chance.uniform(0, 30), 0.0
        points = dict(HEALTHY[kind])
        while at < self.times.end:
            if away <= at < back:
                yield from self._last_words(name, kind, roots, away)
                at = back
                continue
            arrives = max(arrives, at + self._chance.uniform(0, DELAY))
            yield Line(at=at, arrives=arrives, device=name, topic="state", body={"points": points})
            at += self._chance.uniform(*BEAT)

    def _absence(self, name: str, roots: list[Root]) -> tuple[float, float]:
        if not roots and name not in self.left:
            return inf, inf
        back = self.times.repaired if name in self.left else self.times.over
        away = self.times.struck + self._chance.uniform(0, STRIKES)
        return away, back + self._chance.uniform(*RETURN)

    def _last_words(self, name: str, kind: Kind, roots: list[Root], away: float) -> Iterator[Line]:
        words: dict[str, Any] = {}
        for root in roots:
            if kind in POWERED:
                words |= root.last_words
            if name != root.device and self._chance.random() < WHISPER_SHARE:
                words |= root.whispers.get(kind, {})
        last = away + DELAY
        if words:
            yield Line(at=away, arrives=last, device=name, topic="state", body={"points": words})
        if self._wide and self._chance.random() < WILL_SHARE:
            last += self._chance.uniform(*WILL)
            yield Line(at=last, arrives=last, device=name, topic="avail", body={"state": "offline"})
