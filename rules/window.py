"""Sliding windows over one point, at a cost that does not grow with their length.

A window of `span` seconds reaches from just after `now - before - span` to `now - before`. It is
unknown until it has been full once, counted from the first good reading that it was shown. Up to
an hour every reading is kept; a longer window keeps 240 sums, so its old end moves in steps of
1/240 of its length.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from math import inf

from hub.model.report import Value
from rules.summary import Entry, Summary

_KEPT_RAW = 3_600.0
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
    enough. A list, not a deque: an empty deque takes ten times the room, and there are many.
    """

    __slots__ = (
        "_before", "_bucket", "_entries", "_evicted", "_inside", "_last", "_reach", "_summary",
        "_weigh", "first",
    )  # fmt: skip

    def __init__(self, summary: Summary, weigh: Weigh, *, span: float, before: float) -> None:
        self._summary = summary
        self._weigh = weigh
        self._before = before
        self._reach = before + span
        self._bucket = span / _BUCKETS if span > _KEPT_RAW else 0.0
        self._entries: list[Entry] = []
        self._inside = 0
        self._last: Value | None = None
        self._evicted = 0
        self.first = inf

    def observe(self, at: float, value: Value) -> None:
        """Take a good reading in; one that comes out of order finds its place.

        A step needs its neighbours: windows of steps leave out what comes out of order.
        """
        self.first = min(self.first, at)
        if self._entries and at < self._entries[-1].at:
            if self._weigh in {take_value, take_one}:
                self._insert_late(Entry(at, self._weigh(None, value)))
            return
        weight = self._weigh(self._last, value)
        self._last = value
        if not self._merges(at, weight):
            self._entries.append(Entry(at, weight))

    def read(self, now: float) -> tuple[float | None, float]:
        """Return (value, next instant at which it may change by itself); None is unknown."""
        self._move(now)
        wake = inf
        if self._inside:
            wake = self._entries[0].at + self._reach
        if self._inside < len(self._entries):
            wake = min(wake, self._entries[self._inside].at + self._before)
        full = self.first + self._reach
        if now < full:
            return None, min(wake, full)
        return self._summary.result(), wake

    def dump(self) -> list[float] | None:
        """Return the first instant; the readings come back from history."""
        return None if self.first == inf else [self.first]

    def load(self, state: list[float]) -> None:
        """Take back what `dump` gave."""
        self.first = min(self.first, state[0])

    def _move(self, now: float) -> None:
        entries = self._entries
        while self._inside < len(entries) and entries[self._inside].at + self._before <= now:
            self._summary.add(entries[self._inside])
            self._inside += 1
        gone = 0
        while gone < self._inside and entries[gone].at + self._reach <= now:
            self._summary.remove(entries[gone])
            gone += 1
        if gone:
            del entries[:gone]
            self._inside -= gone
            self._evicted += gone
        if self._evicted > _REFRESH + len(entries):
            self._rebuild()

    def _merges(self, at: float, weight: float) -> bool:
        if not self._bucket or not self._entries:
            return False
        last = self._entries[-1]
        is_inside = self._inside == len(self._entries)
        if last.at // self._bucket != at // self._bucket or (is_inside and self._before):
            return False
        if is_inside:
            self._summary.retract(last)
        last.merge(at, weight)
        if is_inside:
            self._summary.add(last)
        return True

    def _insert_late(self, entry: Entry) -> None:
        edge = self._entries[self._inside - 1].at if self._inside else -inf
        insort(self._entries, entry, key=lambda each: each.at)
        self._inside += entry.at <= edge
        self._rebuild()

    def _rebuild(self) -> None:
        self._evicted = 0
        self._summary.reset()
        for entry in self._entries[: self._inside]:
            self._summary.add(entry)
