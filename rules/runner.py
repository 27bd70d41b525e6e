"""Runs watches: asks a rule's expressions about a device and collects what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

from hub.model.alarm import Decision
from hub.model.device import Device
from hub.ports import StateRow
from rules.agenda import Agenda
from rules.decide import write_decision
from rules.gauge import Lull, has_something_open
from rules.machine import Move, expect, next_edge, step
from rules.state import DeviceState, Watch, is_worked_on

Works = Callable[[Device, float], bool]
"""Tells whether people work on a device at an instant, by what has been said since the sheet."""
_NEXT = 0.001
"""A deadline that rounding has left where it was is asked again after so many seconds."""


def nobody(_device: Device, _at: float) -> bool:
    """Say that nobody works on anything."""
    return False


class Runner:
    """Evaluates, keeps the deadlines, and notes what must be stored; `out` gathers decisions.

    `held_until` is the instant until which deadlines of some device may wait after a cut.
    """

    def __init__(self, works: Works) -> None:
        self._works = works
        self.agenda = Agenda()
        self.out: list[Decision] = []
        self.dirty: set[Watch] = set()
        self.dirty_devices: set[DeviceState] = set()
        self.dropped: list[StateRow] = []
        self.held_until = -inf
        self._missed: list[tuple[DeviceState, str, float]] = []

    def take(self) -> list[Decision]:
        """Return the decisions made since the last call, after what their events have caused."""
        while self._missed:
            d, name, at = self._missed.pop(0)
            d.now = at
            self.happen(d, name, {})
        if not self.out:
            return []
        out, self.out = self.out, []
        return out

    def run(self, watch: Watch, *, timed: bool = False) -> None:
        """Evaluate a watch at its device's `now` and set its next deadline."""
        d, program = watch.device, watch.program
        d.wake = inf
        if program.prepares:
            self._prepare(watch, timed=timed)
        answer = program.when(d)
        if answer is False and watch.since is None and watch.episode is None:
            watch.last = False
            if watch.lock is not None:
                watch.lock = None
                self.dirty.add(watch)
            if program.rest is not None:
                _note_rest(watch)
        else:
            d.awake |= watch.bit
            self._step(watch, answer, timed=timed)
        if d.wake != watch.due:
            self.agenda.set(watch, d.wake, lag=0.0 if program.by_arrival else d.lag)

    def _prepare(self, watch: Watch, *, timed: bool) -> None:
        program, d = watch.program, watch.device
        if program.always:
            for keep in program.always:
                keep(d)
            self.dirty_devices.add(d)
        if program.after is None:
            return
        if not watch.pending and (after := program.after(d)) is not True:
            watch.after = after
        else:
            self._expect(watch, timed=timed)

    def _step(self, watch: Watch, answer: bool | None, *, timed: bool) -> None:
        since, unknown, episode = watch.since, watch.unknown, watch.episode
        if watch.lull is not None:
            watch.lull.loose = True
        move = step(watch, answer, timed=timed)
        if episode is not None or watch.since != since or watch.unknown != unknown:
            self.dirty.add(watch)
        if move is Move.STAY:
            return
        self.dirty.add(watch)
        kept = watch.episode or episode
        self.out.append(write_decision(watch, move, stage=kept.stage if kept else -1))
        watch.lock = None

    def _expect(self, watch: Watch, *, timed: bool) -> None:
        before = watch.pending
        for _ in range(expect(watch, timed=timed)):
            name = f"{watch.program.rule.id}.missed"
            self._missed.append((watch.device, name, watch.device.now))
        if watch.pending != before:
            self.dirty.add(watch)

    def run_all(self, d: DeviceState, indices: Iterable[int]) -> None:
        """Evaluate some of a device's watches at its `now`."""
        for index in indices:
            self.run(d.watches[index])

    def happen(self, d: DeviceState, name: str, data: dict[str, Any]) -> None:
        """Let an event happen at the device's `now`: true at this instant, over at once.

        What happens while people work on the device is counted by nobody.
        """
        routes = d.plan.routes
        if is_worked_on(d) or self._works(d.device, d.now):
            d.worked_on = d.now
            self.dirty_devices.add(d)
        else:
            for index in routes.counters_by_event.get(name, ()):
                d.trackers[index].happen(name, d.now, data)
        indices = routes.programs_by_event.get(name)
        if not indices:
            return
        self.dirty_devices.add(d)
        d.event, d.data = name, data
        for index, condition in routes.settlers_by_event.get(name, ()):
            d.trackers[index].settle(d.now, condition(d))
        self.run_all(d, indices)
        d.event, d.data = "", {}
        self.run_all(d, indices)

    def fire(self, watch: Watch, due: float) -> None:
        """Let a watch's deadline come."""
        watch.due = watch.ready = inf
        watch.device.now = due
        self.run(watch, timed=True)
        if watch.due <= due:
            self.agenda.set(watch, due + _NEXT)

    def fire_lull(self, lull: Lull, due: float) -> None:
        """Let the deadline come that stands for those of a device's quiet watches.

        A watch that has something open has a deadline of its own, which may wait longer.
        """
        lull.due = lull.ready = inf
        lull.device.now = due
        for index in lull.pick(self.agenda):
            watch = lull.device.watches[index]
            if not has_something_open(watch):
                self.run(watch, timed=True)
        if lull.due <= due:
            self.agenda.set(lull, due + _NEXT)

    def wake(self, watch: Watch, now: float) -> None:
        """Have a watch evaluated at once on what is known, and what runs end at its own instant.

        Of a device that delivers a backlog no more is known than what it has told by then.
        """
        lag = 0.0 if watch.program.by_arrival else watch.device.lag
        self.agenda.set(watch, min(next_edge(watch), now - lag), lag=lag)

    def put_off(self, watch: Watch, at: float) -> None:
        """Have a watch evaluated as of an instant once its device's deadlines come.

        It is not before the last state of its device: that is what is known of states.
        """
        self.agenda.set(watch, min(watch.due, max(at, watch.device.newest)))

    def run_dependents(self, d: DeviceState, slot: int, *, ahead: bool = False) -> None:
        """Evaluate the watches of other devices that read this slot, or put it off."""
        for watch in (d.dependents or {}).get(slot, ()):
            if ahead:
                self.put_off(watch, d.now)
                continue
            watch.device.now = max(watch.device.now, d.now)
            self.run(watch)


def _note_rest(watch: Watch) -> None:
    """Note whether a watch that is false, and has nothing open, rests until values wake it."""
    d, rest = watch.device, watch.program.rest
    waits = watch.pending or watch.after
    if waits or (rest is not None and any(d.trackers[i].events for i in rest.counters)):
        d.awake |= watch.bit
    elif d.awake & watch.bit:
        d.awake ^= watch.bit
