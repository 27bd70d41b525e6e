"""Passages of history in which no rule can have anything to say: they are taken as a whole.

A passage is judged when all that lies before it has come, and reaches as far behind its last
message as a silence is noticed by nobody: what comes then by time alone has a deadline there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.model.repeats import Passage
from rules.gauge import has_something_open
from rules.hour import Hour, Series, take_hour
from rules.language.node import May
from rules.plan import Plan
from rules.runner import Runner
from rules.state import NEVER, DeviceState, Watch
from rules.tracker import Previous
from rules.window import Window

_ON_THE_WAY = 2.0
"""Seconds by which messages may be nearer together than they arrive."""


def may_pass(d: DeviceState, passage: Passage) -> bool:
    """Tell whether no rule, here or elsewhere, can notice what the passage says."""
    contact, pause = d.contact, d.plan.noticed
    if d.lag or d.drift[0] or d.values is not d.raw or contact.listens != NEVER:
        return False
    if contact.doubted or passage.heard + _ON_THE_WAY > contact.heard_at + pause:
        return False
    series = dict(_series(d.plan, passage))
    types = d.plan.routes.types
    if not all(set(map(type, said)).issubset(types[slot]) for slot, (_, said) in series.items()):
        return False
    hour = take_hour(passage.at, passage.until + pause, series)
    moving = {slot for slot in series if d.plan.lives[slot] or not hour.stays(d, slot)}
    if d.dependents and not moving.isdisjoint(d.dependents):
        return False
    if any(watch.pending for watch in d.watches):
        return False
    chosen = d.plan.concerned_by(frozenset(series))
    return all(_is_indifferent(d.watches[index], hour, moving) for index in chosen)


def _series(plan: Plan, passage: Passage) -> Iterator[tuple[int, Series]]:
    for stretch in passage.stretches:
        for point, values in zip(stretch.points, stretch.values, strict=True):
            slot = plan.slot_by_point.get(point)
            if slot is not None:
                yield slot, (stretch.ats, values)


def _is_indifferent(watch: Watch, hour: Hour, moving: set[int]) -> bool:
    """Tell whether the rule is not true in the hour, and has nothing open that could end."""
    d, program = watch.device, watch.program
    if _is_untouched(watch, hour, moving):
        return True
    if program.after is None and not program.lives(d):
        return True
    if program.prepares or program.foreign or program.groups or has_something_open(watch):
        return False
    return not _may_be_true(program.may, d, hour)


def _is_untouched(watch: Watch, hour: Hour, moving: set[int]) -> bool:
    program = watch.program
    return moving.isdisjoint(program.slots) and hour.series.keys().isdisjoint(program.sampled)


def _may_be_true(may: May, d: DeviceState, hour: Hour) -> bool:
    """Look at ever shorter stretches: what may be in the hour may be in none of its minutes."""
    if not may(d, hour, True):
        return False
    halves = hour.halves()
    return not halves or any(_may_be_true(may, d, half) for half in halves)


def pass_by(runner: Runner, d: DeviceState, passage: Passage) -> None:
    """Know what was said last, show all of it to the windows, and set one deadline for the rest."""
    observers = d.plan.routes.observers
    for stretch in passage.stretches:
        note_repeats(d, stretch.points, stretch.ats, passage.until)
        d.newest = max(d.newest, stretch.ats[-1])
    series = dict(_series(d.plan, passage))
    for slot, (ats, values) in series.items():
        d.raw[slot], d.ats[slot] = values[-1], ats[-1]
        for index in observers[slot]:
            tracker: Window | Previous = d.trackers[index]
            tracker.observe_all(ats, values)
    edge = passage.until + d.plan.noticed
    for index in d.plan.concerned_by(frozenset(series)):
        watch = d.watches[index]
        thing = watch.lull or watch
        if thing.due != edge and watch.program.lives(d):
            runner.agenda.set(thing, edge)


def note_repeats(d: DeviceState, points: Sequence[str], ats: Sequence[float], until: float) -> None:
    """Note that a device says these points at these instants, and is heard without a pause."""
    d.contact.heard_at = max(d.contact.heard_at, until)
    slots = d.plan.slot_by_point
    d.repeats = {**d.repeats, **{slots[point]: ats for point in points if point in slots}}
