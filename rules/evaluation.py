"""Which rules a message is about, and what else of the device is asked with them."""

from __future__ import annotations

from collections.abc import Iterable

from rules.language.node import Run
from rules.plan import Plan, Routes
from rules.reliance import needs_states
from rules.runner import Runner
from rules.sieve import Sieve
from rules.state import DeviceState

MOST_KINDS = 1000
"""Kinds of messages of one model (which points, which of them new) whose rules are remembered."""


def evaluate(
    runner: Runner, d: DeviceState, seen: list[int], changed: list[int], *, ahead: bool
) -> None:
    """Run the rules that a message is about: `seen` slots were said, `changed` ones are others now.

    What depends on states is left for later where the message is `ahead` of those.
    """
    routes = d.plan.routes
    if not (changed or routes.on_reading):
        return
    if seen and (routes.observes or routes.settles):
        runner.dirty_devices.add(d)
        if routes.settles:
            _settle(d, seen)
    run, watches = runner.run, d.watches
    sieve = _sieve(d.plan, seen, changed)
    indices: Iterable[int] = sieve.indices if ahead else sieve.pick(d)
    if d.lulls:
        indices = _add_awake(runner, d, seen, changed, indices, ahead=ahead)
    for index in indices:
        watch = watches[index]
        if ahead and needs_states(watch.program):
            runner.put_off(watch, d.now)
        else:
            run(watch)
    for slot in changed if d.dependents else ():
        runner.run_dependents(d, slot, ahead=ahead)


def _sieve(plan: Plan, seen: list[int], changed: list[int]) -> Sieve:
    sieves = plan.routes.sieves
    if len(seen) == 1:
        key: int | tuple[int, ...] = seen[0] if changed else ~seen[0]
    else:
        key = (*seen, -1, *changed)
    found = sieves.get(key)
    if found is None:
        if len(sieves) == MOST_KINDS:
            sieves.clear()
        indices = tuple(_find_affected(plan.routes, seen, changed))
        found = sieves[key] = Sieve(plan.programs, indices)
    return found


def _find_affected(routes: Routes, seen: list[int], changed: list[int]) -> Iterable[int]:
    indices: dict[int, None] = {}
    for slot in seen:
        if programs := routes.on_sample[slot]:
            indices.update(dict.fromkeys(programs))
    if len(changed) == 1 and not indices:
        return routes.on_change[changed[0]]
    for slot in changed:
        indices.update(dict.fromkeys(routes.on_change[slot]))
    return indices


def _add_awake(
    runner: Runner,
    d: DeviceState,
    seen: list[int],
    changed: list[int],
    indices: Iterable[int],
    *,
    ahead: bool,
) -> Iterable[int]:
    """Return these watches and those of gauges that are not quiet, in the rules' order."""
    awake: list[int] = []
    for place in _asked(d.plan.routes, seen, changed):
        lull = d.lulls[place]
        is_late = ahead and needs_states(lull.program)
        awake += lull.gauge.members if is_late else lull.pick(runner.agenda)
    return sorted({*indices, *awake}) if awake else indices


def _asked(routes: Routes, seen: list[int], changed: list[int]) -> Iterable[int]:
    """Return the places of the gauges that a message is about."""
    if len(seen) == 1:
        return (routes.gauges_on_change if changed else routes.gauges_on_sample)[seen[0]]
    asked = {place for slot in seen for place in routes.gauges_on_sample[slot]}
    asked.update(place for slot in changed for place in routes.gauges_on_change[slot])
    return asked


def _settle(d: DeviceState, seen: list[int]) -> None:
    asked: dict[int, Run] = {}
    settlers = d.plan.routes.settlers
    for slot in seen:
        if settlers[slot]:
            asked.update(settlers[slot])
    for tracker, condition in asked.items():
        d.trackers[tracker].settle(d.now, condition(d))
