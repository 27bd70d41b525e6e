"""When faults come by themselves: a script for a first visit, chance for a long one, or never."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from enum import StrEnum
from random import Random

from hub.errors import InvalidRequestError
from simulators.agenda import Agenda
from simulators.fault import BROKER_RESTART, FAULTS
from simulators.mishap import Mishaps

SCRIPT = (
    (4.0, "boom-broken", "15m"),
    (150.0, "door-held", "6m"),
    (300.0, "camera-lost", "8m"),
    (480.0, "meter-dead", "10m"),
    (660.0, "gate-wont-move", "5m"),
    (840.0, "switch-down", "6m"),
    (1200.0, "replay", "1m"),
    (1320.0, "slave-silent", "10m"),
    (1500.0, "power-cut", "8m"),
    (2100.0, "frozen-values", "30m"),
    (2400.0, "gate-stuck-open", "6m"),
)
"""Seconds after the beginning, what happens, and for how long; chance takes over at the end."""
EVERY, LASTS = (60.0, 240.0), (120, 600)
"""Seconds between two faults by chance, and how long each lasts."""
AT_ONCE = 3
"""More faults than this do not come by chance: the crew has enough to do."""


class Faults(StrEnum):
    """The choices of `--faults`."""

    NONE = "none"
    SCRIPT = "script"
    RANDOM = "random"


def play(faults: Faults, mishaps: Mishaps, agenda: Agenda, chance: Random) -> None:
    """Write what will go wrong into the agenda, from now on."""
    if faults is Faults.NONE:
        return
    start = 0.0
    if faults is Faults.SCRIPT:
        for start, name, duration in SCRIPT:
            agenda.after(start, _happening(mishaps, name, duration))
    agenda.after(start + chance.uniform(*EVERY), lambda: _by_chance(mishaps, agenda, chance))


def _happening(mishaps: Mishaps, name: str, duration: str) -> Callable[[], None]:
    def happen() -> None:
        # A small site may have no device left to break: the show goes on without this scene.
        with contextlib.suppress(InvalidRequestError):
            mishaps.begin(name, duration=duration)

    return happen


def _by_chance(mishaps: Mishaps, agenda: Agenda, chance: Random) -> None:
    agenda.after(chance.uniform(*EVERY), lambda: _by_chance(mishaps, agenda, chance))
    if len(mishaps.active()) < AT_ONCE:
        name = chance.choice([each for each in FAULTS if each != BROKER_RESTART])
        _happening(mishaps, name, f"{chance.randint(*LASTS)}s")()
