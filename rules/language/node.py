"""The compiled form of a part of an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from math import inf
from typing import Any

import msgspec

from hub.model.report import Value
from rules.hour import ANYTHING, Hour, Range
from rules.state import DeviceState

Run = Callable[[DeviceState], Any]
"""Computes a value in a device's context; None is unknown."""
Reach = Callable[[DeviceState, Hour], Range]
"""Tells between which numbers a value lies, whenever it is known in an hour."""
May = Callable[[DeviceState, Hour, bool], bool]
"""Tells whether a condition may be so at some instant of an hour; unknown is neither."""


class Type(StrEnum):
    """What a part yields. An elapsed time may only be compared; any fits everywhere."""

    BOOL = "yes or no"
    NUMBER = "number"
    TEXT = "text"
    ELAPSED = "elapsed time"
    ANY = "anything"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a condition asks first: it is false while `low` <= what `read` gives <= `high`.

    Those of one `key` read the same thing, and are true in the same direction from it.
    """

    key: str
    read: Run
    low: float = -inf
    high: float = inf


Gives = Callable[[Sequence[Any], bool], bool]


class Certainty(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """When a condition's answer follows from point values alone.

    `slots` are the points that are asked, `counters` the trackers of events, taken to be empty.
    `gives` tells, from the values of all slots, whether the answer is surely the one wanted.
    """

    slots: tuple[int, ...] = ()
    counters: tuple[int, ...] = ()
    gives: Gives


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an expression, ready to run.

    `constant` parts have their `value` beforehand; `choices` are the values of an enum;
    `instant` parts are true only while a fact is being handed in. `slot` is that of a point
    that is sent on change, `seen` that of any, -1 for everything else. For an elapsed time `run`
    returns the instant from which it counts. `partial`, where given, is a count
    that can only have been larger, for windows that are not full yet.
    `source` names what is read, where it is a number
    of the device itself; `head` is what a condition asks first, where that is known.
    `static` parts never change on a device, and `fixed` are those that must be true for this one
    to be. `reach` and `may` say what a number or a condition can be in an hour, `sure` what values
    alone make of it, as far as that is known. `counter` is the tracker of a count of events.
    """

    type: Type
    run: Run
    constant: bool = False
    value: Value | None = None
    choices: tuple[str, ...] = ()
    instant: bool = False
    slot: int = -1
    seen: int = -1
    partial: Run | None = None
    source: str = ""
    head: Head | None = None
    static: bool = False
    fixed: tuple[Run, ...] = ()
    reach: Reach | None = None
    may: May | None = None
    sure: Certainty | None = None
    counter: int = -1


def constant(value: Value) -> Node:
    """Make a node that always yields the same."""
    kind = Type.BOOL if isinstance(value, bool) else Type.NUMBER
    if isinstance(value, str):
        kind = Type.TEXT
    reach: Reach | None = None
    if kind is Type.NUMBER:
        ends = float(value), float(value)
        reach = lambda _d, _hour: ends  # noqa: E731
    return Node(
        type=kind,
        run=lambda _: value,
        constant=True,
        value=value,
        static=True,
        reach=reach,
    )


def reach_of(part: Node) -> Reach:
    """Return between which numbers a part lies; any, where it does not tell."""
    return part.reach or (lambda _d, _hour: ANYTHING)


def may_of(part: Node) -> May:
    """Return what a condition may be in an hour; both, where it does not tell."""
    run = part.run
    if part.static:
        return lambda d, _hour, wanted: truth(run(d)) is wanted
    return part.may or (lambda _d, _hour, _wanted: True)


def truth(value: Any) -> bool | None:  # noqa: ANN401
    """Read an attribute as yes or no; spreadsheets write it as text."""
    if isinstance(value, str):
        return value.strip().lower() in _YES
    return None if value is None else bool(value)


_YES = frozenset({"true", "yes", "1", "是"})
