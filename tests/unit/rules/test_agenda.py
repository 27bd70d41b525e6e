"""The heap of deadlines: what it gives does not depend on when it was tidied."""

from __future__ import annotations

import random
from math import inf

import pytest

from rules.agenda import Agenda
from rules.state import Watch
from tests.unit.rules.gate import GATE, OPEN, T0, start, write


def watches(count: int) -> list[Watch]:
    engine = start(*(write(OPEN, name=f"r{number}") for number in range(count)))
    return engine._world[GATE.uid].watches


@pytest.mark.parametrize("seed", range(20))
def test_sweeping_changes_nothing_of_what_comes_and_when(seed: int) -> None:
    chance = random.Random(seed)
    orders = []
    steps = [(chance.randrange(8), chance.choice([inf, *range(6)])) for _ in range(60)]
    for sweeping in (False, True):
        agenda, things = Agenda(), watches(8)
        for thing in things:
            thing.due = thing.ready = thing.queued = inf
        came = []
        for number, (which, after) in enumerate(steps):
            agenda.set(things[which], T0 + number + after)
            if sweeping and number % 7 == 0:
                agenda.sweep()
            while (thing := agenda.pop(T0 + number)) is not None:
                came.append((number, thing.program.rule.id))
                thing.due = thing.ready = inf
        orders.append((came, agenda.next_due()))
    assert orders[0] == orders[1]
    assert orders[0][0]


def test_sweeping_leaves_only_what_will_come() -> None:
    agenda, things = Agenda(), watches(3)
    for thing in things:
        thing.due = thing.ready = thing.queued = inf
        for due in (T0 + 9, T0 + 5, T0 + 1):
            agenda.set(thing, due)
    agenda.set(things[0], inf)
    agenda.sweep()
    assert len(agenda._heap) == 2
    assert things[0].queued == inf
