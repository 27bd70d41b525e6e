"""What point values alone make of a condition, while none of the events that it counts is there.

Only points of few values that are sent on change are asked: what they say is a key under which the
answer is remembered for all devices of a model. Too little is harmless: then the rule is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.language.node import Certainty, Node, Type, truth

_TYPES = frozenset({Type.BOOL, Type.TEXT})


def of_point(slot: int, kind: Type, choices: Sequence[str]) -> Certainty | None:
    """Say what a point's value makes of it as a condition; None for one of many values."""
    if kind is Type.BOOL:
        return Certainty(slots=(slot,), gives=lambda values, wanted: values[slot] is wanted)
    return Certainty(slots=(slot,), gives=_never) if choices else None


def of_comparison(test: Any, left: Node, right: Node) -> Certainty | None:  # noqa: ANN401
    """Say what is made of a comparison of a point, or of a count that is 0, with a fixed value."""
    if not right.constant:
        return None
    limit = right.value
    if left.counter >= 0:
        empty = bool(test(0, limit))
        return Certainty(counters=(left.counter,), gives=lambda _values, wanted: empty is wanted)
    if left.sure is None or left.slot < 0 or left.type not in _TYPES:
        return None
    slot = left.slot

    def gives(values: Sequence[Any], wanted: bool) -> bool:
        value = values[slot]
        return value is not None and bool(test(value, limit)) is wanted

    return Certainty(slots=(slot,), gives=gives)


def of_members(part: Node, members: Sequence[Any], *, inside: bool) -> Certainty | None:
    """Say what is made of the membership of a point's value in a list."""
    if part.sure is None or part.slot < 0:
        return None
    slot, known = part.slot, frozenset(members)

    def gives(values: Sequence[Any], wanted: bool) -> bool:
        value = values[slot]
        return value is not None and ((value in known) is inside) is wanted

    return Certainty(slots=(slot,), gives=gives)


def of_instant() -> Certainty:
    """Say that nothing happens just now."""
    return Certainty(gives=lambda _values, wanted: not wanted)


def of_both(parts: Sequence[Node]) -> Certainty:
    """Say what is made of `and`."""
    return _join([certainty_of(part) for part in parts], enough=False)


def of_either(parts: Sequence[Node]) -> Certainty:
    """Say what is made of `or`."""
    return _join([certainty_of(part) for part in parts], enough=True)


def of_not(part: Node) -> Certainty:
    """Say what is made of `not`."""
    inner = certainty_of(part)
    return Certainty(
        slots=inner.slots,
        counters=inner.counters,
        gives=lambda values, wanted: inner.gives(values, not wanted),
    )


def certainty_of(part: Node) -> Certainty:
    """Return what is known of any part; nothing, where it does not tell."""
    if part.constant:
        answer = truth(part.value)
        return Certainty(gives=lambda _values, wanted: answer is wanted)
    return part.sure or Certainty(gives=_never)


def find_rest(parts: Sequence[Node]) -> Certainty | None:
    """Return when all of these conditions are false; None where that can never be said."""
    sures = [certainty_of(part) for part in parts]
    slots, counters = _reads(sures)
    rest = Certainty(
        slots=slots,
        counters=counters,
        gives=lambda values, _wanted: all(sure.gives(values, False) for sure in sures),
    )
    return rest if slots or rest.gives((), False) else None


def _join(sures: Sequence[Certainty], *, enough: bool) -> Certainty:
    """Join parts of which a single one gives the answer `enough`, and only all the other."""

    def gives(values: Sequence[Any], wanted: bool) -> bool:
        found = (sure.gives(values, wanted) for sure in sures)
        return any(found) if wanted is enough else all(found)

    slots, counters = _reads(sures)
    return Certainty(slots=slots, counters=counters, gives=gives)


def _reads(sures: Sequence[Certainty]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    slots = {slot: None for sure in sures for slot in sure.slots}
    counters = {counter: None for sure in sures for counter in sure.counters}
    return tuple(slots), tuple(counters)


def _never(_values: Sequence[Any], _wanted: bool) -> bool:
    return False
