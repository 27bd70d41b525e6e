"""Three-valued logic, comparison and arithmetic: unknown is None, and only what is known counts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from rules.language import certainty, outlook
from rules.language.node import Node, Run, Type, constant
from rules.state import DeviceState

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
}

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
}


def join_all(parts: Sequence[Node]) -> Node:
    """Make `and`; what it asks first is what its first part asks first."""
    return Node(
        type=Type.BOOL,
        run=both([part.run for part in parts]),
        head=parts[0].head,
        static=all(part.static for part in parts),
        fixed=outlook.find_fixed(parts),
        may=outlook.may_both(parts),
        sure=certainty.of_both(parts),
    )


def join_any(parts: Sequence[Node]) -> Node:
    """Make `or`."""
    return Node(
        type=Type.BOOL,
        run=either([part.run for part in parts]),
        static=all(part.static for part in parts),
        may=outlook.may_either(parts),
        sure=certainty.of_either(parts),
    )


def both(parts: Sequence[Run]) -> Run:
    """Strong Kleene `and`: false if one is false, else unknown if one is unknown."""
    if len(parts) == 2:  # noqa: PLR2004
        left, right = parts

        def run_pair(d: DeviceState) -> bool | None:
            first = left(d)
            if first is False:
                return False
            second = right(d)
            return second if first else (False if second is False else None)

        return run_pair

    def run(d: DeviceState) -> bool | None:
        result: bool | None = True
        for part in parts:
            value = part(d)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return run


def either(parts: Sequence[Run]) -> Run:
    """Strong Kleene `or`: true if one is true, else unknown if one is unknown."""

    def run(d: DeviceState) -> bool | None:
        result: bool | None = False
        for part in parts:
            value = part(d)
            if value is True:
                return True
            if value is None:
                result = None
        return result

    return run


def negate(part: Node) -> Node:
    """Kleene `not`: the negation of unknown is unknown."""
    inner = part.run

    def run(d: DeviceState) -> bool | None:
        value = inner(d)
        return None if value is None else not value

    return Node(
        type=Type.BOOL,
        run=run,
        static=part.static,
        may=outlook.may_not(part),
        sure=certainty.of_not(part),
    )


def compare_slot(name: str, slot: int, limit: Any) -> Run:  # noqa: ANN401
    """Compare a point that is sent on change with a constant: what most rules do."""
    if name == "Eq":

        def equal(d: DeviceState) -> bool | None:
            value = d.values[slot]
            return None if value is None else value == limit

        return equal
    test = COMPARISONS[name]

    def run(d: DeviceState) -> bool | None:
        value = d.values[slot]
        return None if value is None else test(value, limit)

    return run


def compare_constant(name: str, part: Run, limit: Any) -> Run:  # noqa: ANN401
    """Compare a part with a constant of its type; one that has no order yields unknown."""
    test = COMPARISONS[name]

    def run(d: DeviceState) -> bool | None:
        value = part(d)
        if value is None:
            return None
        try:
            return test(value, limit)  # type: ignore[no-any-return]
        except TypeError:
            return None

    return run


def compare(name: str, left: Run, right: Run) -> Run:
    """Compare two parts; values that have no order yield unknown."""
    test = COMPARISONS[name]

    def run(d: DeviceState) -> bool | None:
        a, b = left(d), right(d)
        if a is None or b is None:
            return None
        try:
            return bool(test(a, b))
        except TypeError:
            return None

    return run


def compare_elapsed(name: str, start: Run, limit: Run) -> Run:
    """Compare the time since `start` with a limit in seconds; the edge is on the later side."""
    later = name in {"Gt", "GtE"}

    def run(d: DeviceState) -> bool | None:
        since, seconds = start(d), limit(d)
        if since is None or seconds is None:
            return None
        due = since + seconds
        if d.now >= due:
            return later
        d.wake = min(d.wake, due)
        return not later

    return run


def calculate(name: str, left: Node, right: Node) -> Node:
    """Do arithmetic; what cannot be computed, or is no finite number, is unknown."""
    run = _calculate(name, left.run, right.run)
    if left.constant and right.constant:
        value = run(None)  # type: ignore[arg-type]
        if value is not None:
            return constant(value)
    return Node(
        type=Type.NUMBER,
        run=run,
        static=left.static and right.static,
        reach=outlook.reach_calculate(name, left, right),
    )


def _calculate(name: str, left: Run, right: Run) -> Run:
    work = ARITHMETIC[name]

    def run(d: DeviceState) -> float | None:
        a, b = left(d), right(d)
        if a is None or b is None:
            return None
        try:
            result = work(a, b)
        except (ArithmeticError, TypeError, ValueError):
            return None
        return result if isinstance(result, int) or isfinite(result) else None

    return run


def contained(part: Run, members: Sequence[Any], *, inside: bool) -> Run:
    """Test membership in a list of constants."""
    known = frozenset(members)

    def run(d: DeviceState) -> bool | None:
        value = part(d)
        return None if value is None else (value in known) is inside

    return run


def compare_count(name: str, left: Node, right: Node) -> Run:
    """Compare counts: one that is not complete yet can already be large enough."""
    sure = compare(name, left.run, right.run)
    early = {"Gt": left.partial, "GtE": left.partial, "Lt": right.partial, "LtE": right.partial}
    if early.get(name) is None:
        return sure
    guess = compare(name, left.partial or left.run, right.partial or right.run)

    def run(d: DeviceState) -> bool | None:
        verdict = sure(d)
        return True if verdict is None and guess(d) is True else verdict

    return run
