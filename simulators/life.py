"""Everyday life: cars at the gates and people at the doors, by lot, more by day than by night."""

from __future__ import annotations

from random import Random

from simulators.agenda import Agenda
from simulators.camera import PlateCamera
from simulators.door import Controller, Door
from simulators.gate import Gate

CAR_EVERY, PERSON_EVERY = 75.0, 240.0
"""Mean seconds between two by day."""
NIGHT = 3.0
"""How many times quieter the small hours are."""
NIGHT_BEGINS, NIGHT_ENDS = 23, 6
COMMUNITY_OFFSET = 8 * 3600
SMALLEST_GAP = 15.0
JUDGING = 0.4
"""Seconds from reading a plate to the controller's answer."""


class Lane:
    """A car lane: the camera reads, the gate opens by its own list of plates."""

    def __init__(self, gate: Gate, camera: PlateCamera) -> None:
        self._gate = gate
        self._camera = camera

    def live(self, agenda: Agenda, chance: Random) -> None:
        """Send cars for ever."""
        agenda.after(_pause(CAR_EVERY, agenda.now, chance), lambda: self._car(agenda, chance))

    def _car(self, agenda: Agenda, chance: Random) -> None:
        self.live(agenda, chance)
        if not self._camera.silent:
            self._camera.read_plate()
            agenda.after(JUDGING, self._judge)

    def _judge(self) -> None:
        if not self._gate.silent and not self._gate.let_through():
            self._camera.turn_back()


class Staircase:
    """A door with or without a reader: people come in by the reader, and go out by the button."""

    def __init__(self, door: Door, controller: Controller | None) -> None:
        self._door = door
        self._controller = controller

    def live(self, agenda: Agenda, chance: Random) -> None:
        """Send people for ever."""
        agenda.after(_pause(PERSON_EVERY, agenda.now, chance), lambda: self._person(agenda, chance))

    def _person(self, agenda: Agenda, chance: Random) -> None:
        self.live(agenda, chance)
        if self._controller is None or chance.random() < 0.5:
            self._door.leave()
        elif not self._controller.silent and self._controller.read_credential():
            self._door.swing()


def _pause(mean: float, now: float, chance: Random) -> float:
    hour = (now + COMMUNITY_OFFSET) % 86400 // 3600
    if hour >= NIGHT_BEGINS or hour < NIGHT_ENDS:
        mean *= NIGHT
    return SMALLEST_GAP + chance.expovariate(1 / mean)
