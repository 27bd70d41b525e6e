"""What a device says in a stretch of history, for judging it as a whole before it is told."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from rules.state import DeviceState

Range = tuple[float, float]
ANYTHING: Range = (-inf, inf)
NOTHING: Range = (inf, -inf)
"""Of what is not known at all."""

Series = tuple[Sequence[float], Sequence[Any]]
"""(when, what) of the readings of one point, in order."""


class Hour:
    """Readings by slot, and which of them are known from `start` to `end`.

    `parts` has the first and the last place, the latter not included; a slot that has said nothing
    by `start` has also what was known before.
    """

    __slots__ = ("_halves", "_reaches", "_seen", "end", "parts", "series", "start")

    def __init__(
        self,
        start: float,
        end: float,
        series: Mapping[int, Series],
        parts: Mapping[int, tuple[int, int]],
    ) -> None:
        self.start = start
        self.end = end
        self.series = series
        self.parts = parts
        self._halves: tuple[Hour, ...] | None = None
        self._reaches: dict[int, Range] = {}
        self._seen: dict[int, frozenset[Any]] = {}

    def halves(self) -> tuple[Hour, ...]:
        """Return the stretch cut in two where a message was said; none where there is but one."""
        if self._halves is None:
            self._halves = self._cut()
        return self._halves

    def _cut(self) -> tuple[Hour, ...]:
        ats, first, last = max(
            ((self.series[slot][0], *part) for slot, part in self.parts.items()),
            key=lambda each: each[2] - each[1],
        )
        if last - first < 2:  # noqa: PLR2004 - one message cannot be cut
            return ()
        cut = ats[(first + last) // 2]
        before, after = {}, {}
        for slot, (i, j) in self.parts.items():
            times = self.series[slot][0]
            before[slot] = i, bisect_left(times, cut, i, j)
            after[slot] = max(i, bisect_right(times, cut, i, j) - 1), j
        return (
            Hour(self.start, cut, self.series, before),
            Hour(cut, self.end, self.series, after),
        )

    def known(self, d: DeviceState, slot: int) -> Sequence[Any]:
        """Return the values of a slot; None where it is not known."""
        if slot not in self.parts:
            return (d.raw[slot],)
        (ats, values), (i, j) = self.series[slot], self.parts[slot]
        return values[i:j] if i < j and ats[i] <= self.start else (d.raw[slot], *values[i:j])

    def reach(self, d: DeviceState, slot: int) -> Range:
        """Return the smallest and the largest number of a slot."""
        found = self._reaches.get(slot)
        if found is None:
            numbers = [each for each in self.known(d, slot) if each is not None]
            found = self._reaches[slot] = (min(numbers), max(numbers)) if numbers else NOTHING
        return found

    def seen(self, d: DeviceState, slot: int) -> frozenset[Any]:
        """Return the values of a slot that are known at some instant."""
        found = self._seen.get(slot)
        if found is None:
            found = self._seen[slot] = frozenset(self.known(d, slot)) - _UNKNOWN
        return found

    def before(self, slot: int) -> tuple[Sequence[Any], bool]:
        """Return (the readings just before those of a slot, whether it has one before all)."""
        i, j = self.parts.get(slot, (0, 0))
        return (self.series[slot][1][max(i - 1, 0) : j - 1] if j else ()), i == 0

    def stays(self, d: DeviceState, slot: int) -> bool:
        """Tell whether a slot says nothing but what was known before."""
        values, raw = self.series[slot][1], d.raw[slot]
        return all(value == raw for value in values)


def take_hour(start: float, end: float, series: Mapping[int, Series]) -> Hour:
    """Return a whole stretch."""
    return Hour(start, end, series, {slot: (0, len(ats)) for slot, (ats, _) in series.items()})


_UNKNOWN = frozenset({None})
