"""Between what a window's answer lies while a stretch of readings comes in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import inf

from hub.model.report import Value
from rules.hour import ANYTHING, Range, Series
from rules.summary import Extreme
from rules.weight import take_change, take_one, take_value
from rules.window import Entries, Window

_ROUNDING = 1e-9
"""What adding up and taking away again can be off by, as a share of the numbers."""


def reach_of_window(window: Window, start: float, end: float, series: Series) -> Range:
    """Return the smallest and the largest answer from `start` to `end`, when it is known."""
    entries, (ats, values) = window.entries(), series
    if window.weigh is take_one:
        return 0.0, float(sum(entries.counts or ()) or len(entries.ats)) + len(values)
    if window.weigh is take_change:
        return _least_changes(window, entries, end, ats, values), inf
    if window.weigh is not take_value or not window.summary.is_within:
        return ANYTHING
    if isinstance(window.summary, Extreme):
        staying = entries.numbers[slice(*_places(window, entries, start, end))]
        return _reach_of_extreme(window.summary.sign, entries.numbers, staying, values)
    numbers: Sequence[float] = entries.numbers
    if entries.counts:
        numbers = [n / count for n, count in zip(numbers, entries.counts, strict=True)]
    low, high = min((*numbers, *values), default=inf), max((*numbers, *values), default=-inf)
    slack = _ROUNDING * max(abs(low), abs(high))
    return low - slack, high + slack


def _places(window: Window, entries: Entries, start: float, end: float) -> tuple[int, int]:
    """Return from where to where entries are that lie in the window all the time."""
    first = bisect_right(entries.ats, end - window.reach)
    return first, bisect_right(entries.ats, start - window.before)


def _reach_of_extreme(
    sign: int, numbers: Sequence[float], staying: Sequence[float], values: Sequence[float]
) -> Range:
    """What is in the window all the time leads, or is outdone."""
    low, high = min((*numbers, *values), default=inf), max((*numbers, *values), default=-inf)
    if staying and sign > 0:
        return max(staying), high
    return low, min(staying) if staying else high


def _least_changes(
    window: Window, entries: Entries, end: float, ats: Sequence[float], values: Sequence[Value]
) -> float:
    """Return 1 where the point never stands still for as long as the window is, otherwise 0."""
    if window.before or entries.counts:
        return 0.0
    moved = [at for at, n in zip(entries.ats, entries.numbers, strict=True) if n][-1:]
    before = window.last
    for at, value in zip(ats, values, strict=True):
        if value != before:
            moved.append(at)
        before = value
    pauses = (b - a for a, b in zip(moved, [*moved[1:], end], strict=True))
    return float(bool(moved) and moved[0] <= ats[0] and max(pauses) < window.reach)
