"""Deadlines that may fire at one time fire in the order of their instants, whoever they are of."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from rules.agenda import Agenda
from rules.state import NEVER, DeviceState, Watch
from tests.unit.rules.gate import GATE, OPEN, T0, start, write

COUNT = 6
moments = st.integers(0, 40)
deadlines = st.lists(st.tuples(moments, st.integers(0, 20)), min_size=COUNT, max_size=COUNT)
"""For each device: its deadline, and how far its messages lie back."""
cuts = st.lists(st.one_of(st.none(), moments), min_size=COUNT, max_size=COUNT)
"""For each device: until when its deadlines wait."""
moves = st.lists(st.tuples(moments, st.integers(0, COUNT - 1), st.one_of(st.none(), moments)))
"""What is put off while others fire: after which deadline, which one, until when."""


def things() -> list[Watch]:
    """Return a watch on each of some devices."""
    (watch,) = start(write(OPEN))._world[GATE.uid].watches
    found = []
    for _ in range(COUNT):
        d = DeviceState(GATE, watch.device.plan, ())
        d.watches = [Watch(d, watch.program)]
        found.append(d.watches[0])
    return found


Move = tuple[int, int, int | None]


def fire(
    agenda: Agenda,
    watches: Sequence[Watch],
    now: float,
    moves: Sequence[Move],
) -> list[float]:
    """Let all come by an instant, some be put off meanwhile, and return whose deadline came."""
    fired = []
    left = list(moves)
    while (thing := agenda.pop(now)) is not None:
        fired.append(thing.due)
        thing.due = thing.ready = inf
        for move in [each for each in left if T0 + each[0] <= fired[-1]]:
            left.remove(move)
            _, which, until = move
            # Nothing that fires sets a deadline before its own instant.
            due = inf if until is None else max(T0 + until, fired[-1])
            agenda.set(watches[which], due)
    return fired


@given(deadlines, cuts, moves, st.lists(moments, min_size=1, max_size=4).map(sorted))
def test_what_may_fire_at_one_time_fires_in_the_order_of_its_instants(
    deadlines: list[tuple[int, int]],
    cuts: list[int | None],
    moves: list[Move],
    looks: list[int],
) -> None:
    agenda, watches = Agenda(), things()
    for watch, (due, lag), until in zip(watches, deadlines, cuts, strict=True):
        watch.device.contact.listens = NEVER if until is None else T0 + until
        agenda.set(watch, T0 + due, lag=lag)
    for look in [*looks, 99]:
        fired = fire(agenda, watches, T0 + look, moves)
        assert fired == sorted(fired)
        assert not [each for each in watches if each.ready <= T0 + look], "all that may fire has"
    assert agenda.next_due() is None
