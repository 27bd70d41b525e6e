"""What a reading counts for in a window: its value, one, a step, a change, what was used."""

from __future__ import annotations

from collections.abc import Callable

from hub.model.report import Value

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
