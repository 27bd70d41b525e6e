"""Sliding windows over one point, at a cost that does not grow with their length.

A window of `span` seconds reaches from just after `now - before - span` to `now - before`. It is
unknown until it has been full once, counted from the first good reading that it was shown. Up to
an hour every reading is kept; a longer window keeps 240 sums, so its old end moves in steps of
1/240 of its length.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from math import inf

from hub.model.report import Value
from hub.ports import RollupRow
from rules.summary import Summary

HOUR = 3_600.0
_KEPT_RAW = HOUR
_BUCKETS = 240
_REFRESH = 1_000

Weigh = Callable[["Value | None", "Value"], float]
"""Turns (reading before, reading) into the number that the window adds up."""


def take_value(_before: Value | None, value: Value) -> float:
    """Weigh a reading by its own value; true is 1."""
    return float(value)


def take_one(_before: Value | None, _value: Value) -> float:
    """Weigh every reading the same."""
    return 1.0


def take_step(before: Value | None, value: Value) -> float:
    """Weigh a reading by its distance from the one before."""
    return 0.0 if before is None else float(value) - float(before)


def take_change(before: Value | None, value: Value) -> float:
    """Weigh a reading by whether it differs from the one before."""
    return 0.0 if before is None or before == value else 1.0


class CounterStep:
    """Weighs a counter's reading by what was used since; never negative.

    A drop adds nothing: when the next reading is back above the old one it was a slip of the
    meter, otherwise the counter was reset and counts on from there. With `maximum`, a drop from
    the last tenth to the first tenth of the range is the counter's roll-over.
    """

    def __init__(self, maximum: float | None = None) -> None:
        self._maximum = maximum
        self._high: float | None = None

    def __call__(self, before: Value | None, value: Value) -> float:
        """Return what was used between two readings."""
        if before is None:
            return 0.0
        new, old = float(value), float(before)
        if self._high is not None:
            old, self._high = (self._high if new >= self._high else old), None
        if new >= old:
            return new - old
        top = self._maximum
        if top is not None and old >= 0.9 * top and new <= 0.1 * top:
            return top - old + new
        self._high = old
        return 0.0


class Window:
    """The numbers of one point that lie in a window, with what has to be known about them.

    The first `_inside` entries lie in the window, those behind them wait until they are old
    enough. An entry is a place in arrays, not an object: there are many. What was said at
    `_asked` is said again to whoever asks before it can change.
    """

    __slots__ = (
        "_asked", "_ats", "_before", "_bucket", "_counts", "_evicted", "_inside", "_last",
        "_numbers", "_said", "_summary", "_weigh", "first", "reach",
    )  # fmt: skip

    def __init__(self, summary: Summary, weigh: Weigh, *, span: float, before: float) -> None:
        self._summary = summary
        self._weigh = weigh
        self._before = before
        self.reach = before + span
        self._bucket = span / _BUCKETS if span > _KEPT_RAW else 0.0
        self._ats = self._numbers = _NO_NUMBERS
        self._counts = _NO_COUNTS
        self._inside = 0
        self._last: Value | None = None
        self._evicted = 0
        self._asked = inf
        self._said = _NOTHING_SAID
        self.first = inf

    def observe(self, at: float, value: Value) -> None:
        """Take a good reading in; one that comes out of order finds its place.

        A step needs its neighbours: windows of steps leave out what comes out of order.
        """
        self._asked = inf
        self.first = min(self.first, at)
        if self._ats and at < self._ats[-1]:
            if self._weigh in {take_value, take_one}:
                self._insert_late(at, self._weigh(None, value))
            return
        weight = self._weigh(self._last, value)
        self._last = value
        if not self._bucket or not self._merges(at, weight):
            self._insert(len(self._ats), at, weight)
        if self._ats[0] + self.reach <= at:  # a rule that is false already may never ask
            self._move(at)

    def take_hour(self, hour: RollupRow) -> bool:
        """Take an hour of history in, before all readings; False if it does not tell what it was.

        A counter's hour is its first and its last reading: a reset between them is not seen.
        """
        if self._weigh is take_change or not self._bucket:
            return False
        if self._weigh in {take_value, take_one}:
            number = hour.count if self._weigh is take_one else self._summary.of_hour(hour)
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

    @property
    def kept(self) -> int:
        """Return how many entries are kept."""
        return len(self._ats)

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
        self._move(now)
        wake = inf
        if self._inside:
            wake = self._ats[0] + self.reach
        if self._inside < len(self._ats):
            wake = min(wake, self._ats[self._inside] + self._before)
        full = self.first + self.reach
        if now < full:
            return None, min(wake, full)
        return self._summary.result(), wake

    def _move(self, now: float) -> None:
        ats, summary = self._ats, self._summary
        while self._inside < len(ats) and ats[self._inside] + self._before <= now:
            summary.add(*self._entry(self._inside))
            self._inside += 1
        gone = 0
        while gone < self._inside and ats[gone] + self.reach <= now:
            summary.remove(*self._entry(gone))
            gone += 1
        if gone:
            self._drop(gone)

    def _entry(self, place: int) -> tuple[float, float, int]:
        count = self._counts[place] if self._bucket else 1
        return self._ats[place], self._numbers[place], count

    def _drop(self, gone: int) -> None:
        for column in (self._ats, self._numbers, self._counts):
            del column[:gone]
        self._inside -= gone
        self._evicted += gone
        if self._evicted > _REFRESH + len(self._ats):
            self._rebuild()

    def _merges(self, at: float, weight: float) -> bool:
        if not self._ats or self._ats[-1] // self._bucket != at // self._bucket:
            return False
        is_inside = self._inside == len(self._ats)
        if is_inside and self._before:
            return False
        if is_inside:
            self._summary.retract(*self._entry(-1))
        self._ats[-1] = at
        self._numbers[-1] = self._summary.join(self._numbers[-1], weight)
        self._counts[-1] += 1
        if is_inside:
            self._summary.add(*self._entry(-1))
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
        self._summary.reset()
        for place in range(self._inside):
            self._summary.add(*self._entry(place))


_NO_NUMBERS, _NO_COUNTS = array("d"), array("I")
_NOTHING_SAID: tuple[float | None, float] = (None, -inf)
"""One for all windows that nothing has come into yet."""
