"""What the answer of a rule relies on, and so which news may still change it after a cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rules.agenda import Due
from rules.gauge import Lull
from rules.plan import Plan, Program
from rules.state import Contact, Watch
from rules.trust import is_behind

Pick = Callable[[Watch | Lull], bool]
"""Tells whether a deadline may come now."""


def relies_on_states(thing: Watch | Lull) -> bool:
    """Tell whether only states and events can change the answer of what has a deadline."""
    if thing.program.by_arrival:
        return False
    return all(plan.origin.comes_by_states(names) for plan, names in _reads(thing))


def relies_on_measures(thing: Watch | Lull) -> bool:
    """Tell whether neither states nor events can change the answer of what has a deadline."""
    return not needs_states(thing.program)


def relies_on_anything(_thing: Watch | Lull) -> bool:
    """Tell that a deadline may come whatever it relies on."""
    return True


def needs_states(program: Program) -> bool:
    """Tell whether a program reads points that are sent on change, or events."""
    return program.on_change or bool(program.events)


class Early:
    """Picks what may come while measurements of a cut wait; asks once for each rule of a model."""

    def __init__(self) -> None:
        self._known: dict[Program, bool] = {}

    def may_come(self, thing: Due) -> bool:
        """Tell whether nothing that waits can change it: silence is told once all is heard."""
        if isinstance(thing, Contact) or thing.program.by_arrival:
            return False
        program = thing.program
        if program.foreign or program.groups:
            return relies_on_states(thing)
        if not is_behind(thing.device):
            return True
        known = self._known.get(program)
        if known is None:
            known = self._known[program] = relies_on_states(thing)
        return known


def _reads(thing: Watch | Lull) -> Iterator[tuple[Plan, list[str]]]:
    """Yield the points that are read, on the device and on others: (plan, names)."""
    d, program = thing.device, thing.program
    yield d.plan, _names(d.plan, {*program.slots, *program.sampled})
    for relation, name in program.foreign:
        other = d.upstream if relation == "upstream" else d.peers.get(relation)
        if other is not None:
            yield other.plan, [name]
    for group in program.groups:
        for plan in {id(each.plan): each.plan for each in d.groups[group.relation]}.values():
            _, slots = plan.conditions.get(group.key, (None, ()))
            yield plan, _names(plan, slots)


def _names(plan: Plan, slots: Iterable[int]) -> list[str]:
    return [plan.specs[slot].name for slot in slots]
