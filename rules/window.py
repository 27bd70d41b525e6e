"""Sliding windows over one point, at a cost that does not grow with their length.

A window of `span` seconds reaches from just after `now - before - span` to `now - before`. It is
unknown until it has been full once, counted from the first good reading that it was shown. Up to
an hour every reading is kept; a longer window keeps 240 sums, so its old end moves in steps of
1/240 of its length.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from hub.model.report import Value
from hub.ports import RollupRow
from rules.summary import Summary
from rules.weight import Weigh, take_change, take_one, take_value

HOUR = 3_600.0
_KEPT_RAW = HOUR
_BUCKETS = 240
_REFRESH = 1_000


class Entries(NamedTuple):
    """Instants, numbers, and of buckets how many readings each holds; empty for single readings."""

    ats: array[float]
    numbers: array[float]
    counts: array[int]


class Window:
    """The numbers of one point that lie in a window, with what has to be known about them.

    The first `_inside` entries lie in the window, those behind them wait until they are old
    enough. An entry is a place in arrays, not an object: there are many. What was said at
    `_asked` is said again to whoever asks before it can change. `reach` seconds back it begins, and
    `before` seconds back it ends.
    """

    __slots__ = (
        "_asked", "_ats", "_bucket", "_counts", "_evicted", "_inside", "_moved", "_numbers",
        "_said", "before", "first", "last", "reach", "summary", "weigh",
    )  # fmt: skip

    def __init__(self, summary: Summary, weigh: Weigh, *, span: float, before: float) -> None:
        self.summary = summary
        self.weigh = weigh
        self.before = before
        self.reach = before + span
        self._bucket = span / _BUCKETS if span > _KEPT_RAW else 0.0
        self._ats = self._numbers = _NO_NUMBERS
        self._counts = _NO_COUNTS
        self._inside = 0
        self.last: Value | None = None
        self._evicted = 0
        self._asked = inf
        self._moved = -inf
        self._said = _NOTHING_SAID
        self.first = inf

    def observe(self, at: float, value: Value) -> None:
        """Take a good reading in; one that comes out of order finds its place.

        A step needs its neighbours: windows of steps leave out what comes out of order.
        """
        self._asked = inf
        self._moved = -inf
        if at < self.first:  # noqa: PLR1730 - for each window at each reading, and min is a call
            self.first = at
        if self._ats and at < self._ats[-1]:
            if self.weigh in {take_value, take_one}:
                self._insert_late(at, self.weigh(None, value))
            return
        weigh = self.weigh
        weight = float(value) if weigh is take_value else weigh(self.last, value)
        self.last = value
        if self._bucket and self._merges(at, weight):
            return
        ats = self._ats
        if ats:
            ats.append(at)
            self._numbers.append(weight)
            if self._bucket:
                self._counts.append(1)
        else:
            self._insert(0, at, weight)
        if self._ats[0] + self.reach <= at:  # a rule that is false already may never ask
            self._move(at)

    def take_hour(self, hour: RollupRow) -> bool:
        """Take an hour of history in, before all readings; False if it does not tell what it was.

        A counter's hour is its first and its last reading: a reset between them is not seen.
        """
        if self.weigh is take_change or not self._bucket:
            return False
        if self.weigh in {take_value, take_one}:
            number = hour.count if self.weigh is take_one else self.summary.of_hour(hour)
            self.first = min(self.first, hour.at)
            self._insert(len(self._ats), hour.at + HOUR / 2, number, hour.count)
            return True
        self.observe(hour.at, hour.first)
        self.observe(hour.at + HOUR - 1.0, hour.last)
        return True

    def forget(self) -> float:
        """Have the window not been full yet; return the first instant that it knew of."""
        first, self.first, self._asked = self.first, inf, inf
        return first

    def observe_all(self, ats: Sequence[float], values: Sequence[Value]) -> None:
        """Take readings in, in their order and behind all others."""
        self.observe(ats[0], values[0])
        weigh, before, numbers = self.weigh, values[0], []
        for value in values[1:]:
            numbers.append(weigh(before, value))
            before = value
        self.last = before
        if self._bucket:
            self._fill_buckets(ats[1:], numbers)
        else:
            self._ats.extend(ats[1:])
            self._numbers.extend(numbers)
        if self._ats[0] + self.reach <= ats[-1]:
            self._move(ats[-1])

    def _fill_buckets(self, ats: Sequence[float], numbers: Sequence[float]) -> None:
        """Append readings, those of one bucket together."""
        for at, number in zip(ats, numbers, strict=True):
            if self._merges(at, number):
                continue
            self._ats.append(at)
            self._numbers.append(number)
            self._counts.append(1)

    def entries(self) -> Entries:
        """Return what is kept; not to be changed."""
        return Entries(self._ats, self._numbers, self._counts)

    def read(self, now: float) -> tuple[float | None, float]:
        """Return (value, next instant at which it may change by itself); None is unknown."""
        if not self._asked <= now < self._said[1]:
            self._said = self._look(now)
            self._asked = now
        return self._said

    def dump(self) -> list[float] | None:
        """Return the first instant; the readings come back from history."""
        return None if self.first == inf else [self.first]

    def load(self, state: list[float]) -> None:
        """Take back what `dump` gave."""
        self._asked = inf
        self.first = min(self.first, state[0])

    def _look(self, now: float) -> tuple[float | None, float]:
        if self._moved != now:
            self._move(now)
        ats, inside = self._ats, self._inside
        wake = ats[0] + self.reach if inside else inf
        if inside < len(ats):
            wake = min(wake, ats[inside] + self.before)
        full = self.first + self.reach
        if now < full:
            return None, min(wake, full)
        return self.summary.result(), wake

    def _move(self, now: float) -> None:
        ats, numbers, counts, summary = self._ats, self._numbers, self._counts, self.summary
        inside, size, self._moved = self._inside, len(ats), now
        while inside < size and ats[inside] + self.before <= now:
            summary.add(ats[inside], numbers[inside], counts[inside] if counts else 1)
            inside += 1
        self._inside = inside
        gone = 0
        while gone < inside and ats[gone] + self.reach <= now:
            summary.remove(ats[gone], numbers[gone], counts[gone] if counts else 1)
            gone += 1
        if gone:
            self._drop(gone)

    def _entry(self, place: int) -> tuple[float, float, int]:
        count = self._counts[place] if self._bucket else 1
        return self._ats[place], self._numbers[place], count

    def _drop(self, gone: int) -> None:
        del self._ats[:gone], self._numbers[:gone]
        if self._counts:
            del self._counts[:gone]
        self._inside -= gone
        self._evicted += gone
        if self._evicted > _REFRESH + len(self._ats):
            self._rebuild()

    def _merges(self, at: float, weight: float) -> bool:
        if not self._ats or self._ats[-1] // self._bucket != at // self._bucket:
            return False
        is_inside = self._inside == len(self._ats)
        if is_inside and self.before:
            return False
        if is_inside:
            self.summary.retract(*self._entry(-1))
        self._ats[-1] = at
        self._numbers[-1] = self.summary.join(self._numbers[-1], weight)
        self._counts[-1] += 1
        if is_inside:
            self.summary.add(*self._entry(-1))
        return True

    def _insert(self, place: int, at: float, weight: float, count: int = 1) -> None:
        if not self._ats:
            self._ats, self._numbers, self._counts = array("d"), array("d"), array("I")
        self._ats.insert(place, at)
        self._numbers.insert(place, weight)
        if self._bucket:
            self._counts.insert(place, count)

    def _insert_late(self, at: float, weight: float) -> None:
        edge = self._ats[self._inside - 1] if self._inside else -inf
        self._insert(bisect_right(self._ats, at), at, weight)
        self._inside += at <= edge
        self._rebuild()

    def _rebuild(self) -> None:
        self._evicted = 0
        self.summary.reset()
        for place in range(self._inside):
            self.summary.add(*self._entry(place))


_NO_NUMBERS, _NO_COUNTS = array("d"), array("I")
_NOTHING_SAID: tuple[float | None, float] = (None, -inf)
"""One for all windows that nothing has come into yet."""
