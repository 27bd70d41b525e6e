"""Puts other rules in force on a world that goes on: only what the change touches is built anew.

A rule that did not change keeps its hold, its answer and its deadline; one that did is evaluated at
once. Rules that ask other devices, or whose misses others count, are woven through the whole world:
for those `exchange` says no, and everything is built anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from hub.model.catalogue import DeviceModel
from rules.gauge import set_watches
from rules.memory import drop_row, move_readings
from rules.override import variant_of
from rules.plan import Plan
from rules.rule import Rule
from rules.runner import Runner
from rules.state import DeviceState, Watch
from rules.world import Key, World, bind, compile_plans, weave


def find_changed(old: Iterable[Rule], new: Iterable[Rule]) -> list[Rule]:
    """Return the rules that came, went, or are others now, each as it was and as it is."""
    before, after = ({rule.id: rule for rule in rules} for rules in (old, new))
    both = (*before.values(), *after.values())
    return [rule for rule in both if before.get(rule.id) != after.get(rule.id)]


def exchange(
    world: World,
    runner: Runner,
    rules: Sequence[Rule],
    changed: Sequence[Rule],
    models: Mapping[str, DeviceModel],
    *,
    now: float,
) -> bool:
    """Have `rules` count on the devices that `changed` ones are for; tell whether that could be."""
    kinds = {kind for rule in changed for kind in rule.kinds}
    ids = {rule.id for rule in changed}
    touched = [d for d in world.values() if d.device.kind in kinds]
    others = {id(d.plan): d.plan for d in world.values() if d.device.kind not in kinds}
    own = [rule for rule in rules if rule.overrides]
    keys = [_key(d, own) for d in touched]
    plans = compile_plans(rules, keys, models)
    if _are_woven(changed, ids, [*plans.values(), *(d.plan for d in touched)]):
        return False
    weave(list(plans.values()), list(others.values()))
    for d, key in zip(touched, keys, strict=True):
        _replant(runner, d, plans[key], ids, now)
    bind(world)
    return True


def _key(d: DeviceState, own: Sequence[Rule]) -> Key:
    return d.device.kind, d.device.model, variant_of(own, d.device)


def _are_woven(changed: Iterable[Rule], ids: set[str], plans: Iterable[Plan]) -> bool:
    unique = {id(plan): plan for plan in plans}.values()
    tied = (plan.programs[index] for plan in unique for index in plan.ties)
    return any(rule.expectation for rule in changed) or any(p.rule.id in ids for p in tied)


def _replant(runner: Runner, d: DeviceState, plan: Plan, ids: set[str], now: float) -> None:
    """Give a device, which others know, another plan; its watches go on under the new programs."""
    for lull in d.lulls:
        lull.let_go(runner.agenda)
    new = DeviceState(d.device, plan, d.place)
    move_readings(d, new)
    for field in ("plan", "raw", "values", "ats", "trackers"):
        setattr(d, field, getattr(new, field))
    old = {watch.program.rule.id: watch for watch in d.watches}
    watches = [
        old.pop(each.rule.id) if each.rule.id in old else Watch(d, each) for each in plan.programs
    ]
    for watch, program in zip(watches, plan.programs, strict=True):
        watch.program = program
        if program.rule.id in ids:
            watch.last = None
            runner.wake(watch, now)
    set_watches(d, watches)
    for watch in old.values():
        _retire(runner, watch)
    runner.dirty_devices.add(d)


def _retire(runner: Runner, watch: Watch) -> None:
    """Have nothing come due of a watch whose rule is gone, and nothing of it be stored."""
    runner.agenda.set(watch, inf)
    runner.dirty.discard(watch)
    if watch.stored:
        runner.dropped.append(drop_row(watch))
