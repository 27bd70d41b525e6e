"""What a rule has to remember beyond the last readings: counts of events, streaks, slots, steps.

Every tracker belongs to one device. `dump` gives what a restart must keep and history cannot give
back; None is nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf
from typing import Any

from hub.model.report import Value

_MOST_EVENTS = 10_000
_NO_EVENTS: list[tuple[float, Any]] = []
_NO_GROUPS: dict[Any, int] = {}


class Previous:
    """The reading before the last one."""

    __slots__ = ("last", "value")

    def __init__(self) -> None:
        self.last: Value | None = None
        self.value: Value | None = None

    def observe(self, _at: float, value: Value) -> None:
        """Take a good reading in."""
        self.value, self.last = self.last, value

    def observe_all(self, _ats: Sequence[float], values: Sequence[Value]) -> None:
        """Take readings in, in their order."""
        for value in values[-2:]:
            self.value, self.last = self.last, value

    def dump(self) -> list[Any] | None:
        """Return both readings."""
        return None if self.last is None else [self.last, self.value]

    def load(self, state: list[Any]) -> None:
        """Take back what `dump` gave."""
        self.last, self.value = state


class Streak:
    """How many readings in a row have met a condition; unknown ones neither count nor break."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def settle(self, _now: float, verdict: bool | None) -> None:
        """Take the condition's answer at a reading."""
        if verdict is not None:
            self.count = self.count + 1 if verdict else 0

    def dump(self) -> list[Any] | None:
        """Return the count."""
        return [self.count] if self.count else None

    def load(self, state: list[Any]) -> None:
        """Take back what `dump` gave."""
        (self.count,) = state


class Slots:
    """In which of the last slots of the clock a condition has been met at least once.

    `size` and `span` in seconds; slots are aligned to local midnight. Either the last slots with
    the present one are counted or the last ones that are over, whichever are more: what three
    nights have shown is still so on the morning after.
    """

    __slots__ = ("_number", "_offset", "_size", "first", "met")

    def __init__(self, size: float, span: float, offset: float) -> None:
        self._size = size
        self._offset = offset
        self._number = max(1, round(span / size))
        self.met: list[int] = []
        self.first = inf

    def settle(self, now: float, verdict: bool | None) -> None:
        """Take the condition's answer at a reading."""
        if verdict is None:
            return
        slot = self._slot(now)
        self.first = min(self.first, slot)
        if verdict and (not self.met or self.met[-1] < slot):
            self.met.append(slot)

    def read(self, now: float) -> tuple[int, bool, float]:
        """Return (slots met, whether all slots have been watched, the next slot's start)."""
        slot = self._slot(now)
        while self.met and self.met[0] < slot - self._number:
            del self.met[0]
        both = bool(self.met) and self.met[0] == slot - self._number and self.met[-1] == slot
        full = slot - self._number + 1 >= self.first
        return len(self.met) - both, full, (slot + 1) * self._size - self._offset

    def _slot(self, now: float) -> int:
        return int((now + self._offset) // self._size)

    def dump(self) -> list[Any] | None:
        """Return the first slot and those that were met."""
        return None if self.first == inf else [self.first, list(self.met)]

    def load(self, state: list[Any]) -> None:
        """Take back what `dump` gave."""
        self.first, self.met = state[0], list(state[1])


class Duration:
    """Since when a condition is true without a break; unknown up to `gap` is no break."""

    __slots__ = ("_gap", "since", "unknown")

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self.since: float | None = None
        self.unknown: float | None = None

    def settle(self, now: float, verdict: bool | None) -> None:
        """Take the condition's answer at an instant."""
        if verdict is None:
            self.unknown = now if self.unknown is None else self.unknown
            return
        broken = self.unknown is not None and now - self.unknown > self._gap
        self.unknown = None
        if not verdict:
            self.since = None
        elif self.since is None or broken:
            self.since = now

    def dump(self) -> list[Any] | None:
        """Return both instants."""
        return None if self.since is None else [self.since, self.unknown]

    def load(self, state: list[Any]) -> None:
        """Take back what `dump` gave."""
        self.since, self.unknown = state


class EventCount:
    """The events of one name within `span` seconds, grouped by a field of their data.

    `mode` is "all" (their number), "same" (the largest group) or "distinct" (the number of
    groups). An event named `since` starts the count again.
    """

    __slots__ = ("_groups", "_key", "_mode", "_since", "_span", "events")

    def __init__(self, span: float, *, mode: str = "all", key: str = "", since: str = "") -> None:
        self._span = span
        self._mode = mode
        self._key = key
        self._since = since
        self.events = _NO_EVENTS
        self._groups = _NO_GROUPS

    def happen(self, name: str, at: float, data: dict[str, Any]) -> None:
        """Take an event in; one that comes late is sorted in."""
        if name == self._since:
            self._forget(at)
            return
        if self._key and self._key not in data:
            return
        group = str(data[self._key]) if self._key else ""
        if not self.events:
            self.events, self._groups = [], {}
        elif len(self.events) >= _MOST_EVENTS:
            self._drop()
        self.events.append((at, group))
        self._groups[group] = self._groups.get(group, 0) + 1
        if len(self.events) > 1 and self.events[-2][0] > at:
            self.events.sort(key=lambda each: each[0])

    def read(self, now: float) -> tuple[int, float]:
        """Return (answer, the instant at which the oldest event leaves)."""
        while self.events and self.events[0][0] + self._span <= now:
            self._drop()
        wake = self.events[0][0] + self._span if self.events else inf
        if self._mode == "all":
            return len(self.events), wake
        if self._mode == "distinct":
            return len(self._groups), wake
        return max(self._groups.values(), default=0), wake

    def _forget(self, at: float) -> None:
        while self.events and self.events[0][0] <= at:
            self._drop()

    def _drop(self) -> None:
        _, group = self.events.pop(0)
        self._groups[group] -= 1
        if not self._groups[group]:
            del self._groups[group]

    @property
    def is_grouped(self) -> bool:
        """Tell whether the events are grouped by a field of theirs."""
        return bool(self._key)

    def dump(self) -> list[Any] | None:
        """Return the events; they are few, and history may be shorter than the window."""
        return list(self.events) if self.events else None

    def load(self, state: list[Any]) -> None:
        """Take back what `dump` gave."""
        self.events = [(at, group) for at, group in state]
        self._groups = dict(Counter(group for _, group in self.events))


def is_grouped(tracker: object) -> bool:
    """Tell whether a tracker keeps a field of events: whose it was."""
    return isinstance(tracker, EventCount) and tracker.is_grouped


class LastEvent:
    """When an event last happened."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: float | None = None

    def happen(self, _name: str, at: float, _data: dict[str, Any]) -> None:
        """Take an event in."""
        self.at = at if self.at is None else max(self.at, at)

    def dump(self) -> list[Any] | None:
        """Return the instant."""
        return None if self.at is None else [self.at]

    def load(self, state: list[Any]) -> None:
        """Take back what `dump` gave."""
        (self.at,) = state
