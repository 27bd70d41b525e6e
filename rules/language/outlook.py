"""What a part of an expression can be in an hour, made from what its own parts can be.

Too much is harmless: what may be is looked at message by message. Too little would hide an alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import inf
from typing import Any

from rules.hour import ANYTHING, NOTHING, Hour, Range
from rules.language.node import May, Node, Reach, Run, may_of, reach_of, truth
from rules.state import DeviceState

_Test = Callable[[Range, Range], bool]


def _is_either(a: Range, b: Range) -> bool:
    return not a[0] == a[1] == b[0] == b[1]


_TESTS: dict[str, tuple[_Test, _Test]] = {
    "Gt": (lambda a, b: a[1] > b[0], lambda a, b: a[0] <= b[1]),
    "GtE": (lambda a, b: a[1] >= b[0], lambda a, b: a[0] < b[1]),
    "Lt": (lambda a, b: a[0] < b[1], lambda a, b: a[1] >= b[0]),
    "LtE": (lambda a, b: a[0] <= b[1], lambda a, b: a[1] > b[0]),
    "Eq": (lambda a, b: a[0] <= b[1] and b[0] <= a[1], _is_either),
    "NotEq": (_is_either, lambda a, b: a[0] <= b[1] and b[0] <= a[1]),
}
"""Comparison → (can it be true, can it be false) of what lies between two pairs of numbers."""


def find_fixed(parts: Sequence[Node]) -> tuple[Run, ...]:
    """Return what of an `and` never changes on a device."""
    own = tuple(part.run for part in parts if part.static)
    return own + tuple(run for part in parts if not part.static for run in part.fixed)


def find_lives(when: Node) -> Callable[[Any], bool]:
    """Return what tells whether a condition can ever be true on a device."""
    fixed = (when.run,) if when.static else when.fixed
    return lambda d: all(truth(run(d)) is True for run in fixed)


def may_both(parts: Sequence[Node]) -> May:
    """Say what `and` may be."""
    mays = [may_of(part) for part in parts]

    def may(d: DeviceState, hour: Hour, wanted: bool) -> bool:
        if wanted:
            return all(each(d, hour, True) for each in mays)
        return any(each(d, hour, False) for each in mays)

    return may


def may_either(parts: Sequence[Node]) -> May:
    """Say what `or` may be."""
    mays = [may_of(part) for part in parts]

    def may(d: DeviceState, hour: Hour, wanted: bool) -> bool:
        if wanted:
            return any(each(d, hour, True) for each in mays)
        return all(each(d, hour, False) for each in mays)

    return may


def may_not(part: Node) -> May:
    """Say what `not` may be."""
    inner = may_of(part)
    return lambda d, hour, wanted: inner(d, hour, not wanted)


def may_compare(name: str, left: Node, right: Node) -> May | None:
    """Say what a comparison may be: of numbers, or of a point's words with a fixed one."""
    if left.reach or right.reach:
        a, b = reach_of(left), reach_of(right)
        true, false = _TESTS[name]

        def may(d: DeviceState, hour: Hour, wanted: bool) -> bool:
            one, other = a(d, hour), b(d, hour)
            if one[0] > one[1] or other[0] > other[1]:
                return False
            return true(one, other) if wanted else false(one, other)

        return may
    if left.seen >= 0 and right.constant and name in {"Eq", "NotEq"}:
        return may_be_in(left.seen, (right.value,), inside=name == "Eq")
    return None


def may_be_in(slot: int, members: Collection[Any], *, inside: bool) -> May:
    """Say what the membership of a point's value in a list may be."""
    known = frozenset(members)

    def may(d: DeviceState, hour: Hour, wanted: bool) -> bool:
        return any(((value in known) is inside) is wanted for value in hour.seen(d, slot))

    return may


def reach_all(parts: Sequence[Node], choose: Callable[..., float]) -> Reach:
    """Say between what the least or the greatest of several parts lies."""
    reaches = [reach_of(part) for part in parts]

    def reach(d: DeviceState, hour: Hour) -> Range:
        found = [each(d, hour) for each in reaches]
        if NOTHING in found:
            return NOTHING
        return choose(low for low, _ in found), choose(high for _, high in found)

    return reach


def reach_abs(part: Node) -> Reach:
    """Say between what an absolute value lies."""
    inner = reach_of(part)

    def reach(d: DeviceState, hour: Hour) -> Range:
        low, high = inner(d, hour)
        if low > high:
            return NOTHING
        return 0.0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high))

    return reach


def reach_calculate(name: str, left: Node, right: Node) -> Reach | None:
    """Say between what a sum, a difference or a product lies; a rounding is within it."""
    a, b = reach_of(left), reach_of(right)

    def add(d: DeviceState, hour: Hour) -> Range:
        (low, high), (least, most) = a(d, hour), b(d, hour)
        return NOTHING if low > high or least > most else (low + least, high + most)

    def subtract(d: DeviceState, hour: Hour) -> Range:
        (low, high), (least, most) = a(d, hour), b(d, hour)
        return NOTHING if low > high or least > most else (low - most, high - least)

    def multiply(d: DeviceState, hour: Hour) -> Range:
        (low, high), (least, most) = a(d, hour), b(d, hour)
        if low > high or least > most:
            return NOTHING
        if not (high - low < inf and most - least < inf):
            return ANYTHING
        ends = low * least, low * most, high * least, high * most
        return min(ends), max(ends)

    return {"Add": add, "Sub": subtract, "Mult": multiply}.get(name)
