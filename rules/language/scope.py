"""What the words of one rule mean on one model, and what the rule turns out to depend on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.model.report import Value
from rules.language.node import Run
from rules.plan import Group, Plan
from rules.rule import Span


class Scope:
    """Collects, while a rule's expressions are compiled, the facts that can change their answer."""

    def __init__(
        self, plan: Plan, params: dict[str, Value], schedules: dict[str, tuple[Span, ...]]
    ) -> None:
        self.plan = plan
        self.params = params
        self.schedules = schedules
        self.slots: dict[int, None] = {}
        self.sampled: dict[int, None] = {}
        self.events: dict[str, None] = {}
        self.groups: dict[str, Group] = {}
        self.foreign: dict[tuple[str, str], None] = {}
        self.always: list[Callable[[Any], None]] = []
        self.silence = False
        self.on_change = False
        self.instant = False

    def use_point(self, name: str) -> int | None:
        """Return the point's slot and note the dependence; None for an unknown point."""
        slot = self.plan.slot_of(name)
        if slot is not None:
            self.slots[slot] = None
            self.on_change = self.on_change or not self.plan.lives[slot]
        return slot

    def observe(self, slot: int, key: str, make: Callable[[], Any]) -> int:
        """Return the index of a tracker that is shown every good reading of the slot."""
        index, new = self.plan.track(key, make)
        if new:
            self.plan.routes.observers[slot].append(index)
            self.plan.routes.observes = True
        self.sampled[slot] = None
        return index

    def count(self, events: tuple[str, ...], key: str, make: Callable[[], Any]) -> int:
        """Return the index of a tracker that is shown every event of these names."""
        index, new = self.plan.track(key, make)
        for name in events:
            self.events[name] = None
            if new:
                self.plan.routes.counters_by_event.setdefault(name, []).append(index)
        return index

    def settle(self, inner: Scope, condition: Run, key: str, make: Callable[[], Any]) -> int:
        """Return the index of a tracker that is asked at every reading that `condition` uses."""
        index, new = self.plan.track(key, make)
        routes = self.plan.routes
        for slot in inner.slots:
            self.sampled[slot] = None
            if new:
                routes.settlers[slot].append((index, condition))
                routes.settles = True
        for event in inner.events:
            if new:
                routes.settlers_by_event.setdefault(event, []).append((index, condition))
        self.take_in(inner)
        return index

    def inner(self) -> Scope:
        """Return an empty scope over the same plan, for the condition inside a function."""
        return Scope(self.plan, self.params, self.schedules)

    def take_in(self, inner: Scope) -> None:
        """Depend on everything that the inner condition depends on."""
        self.slots.update(inner.slots)
        self.sampled.update(inner.sampled)
        self.events.update(inner.events)
        self.foreign.update(inner.foreign)
        self.groups.update(inner.groups)
        self.always.extend(inner.always)
        self.silence = self.silence or inner.silence
        self.on_change = self.on_change or inner.on_change

    @property
    def gap(self) -> float:
        """Return the default gap: two periods, 60 s for points that are sent on change."""
        periods = [2 * self.plan.specs[slot].period for slot in self.slots]
        return max([*periods, 60.0 if self.on_change or not periods else 0.0])
