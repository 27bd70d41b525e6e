"""The compiled form of a part of an expression."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from math import inf
from typing import Any

import msgspec

from hub.model.report import Value
from rules.state import DeviceState

Run = Callable[[DeviceState], Any]
"""Computes a value in a device's context; None is unknown."""


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


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an expression, ready to run.

    `constant` parts have their `value` beforehand; `choices` are the values of an enum;
    `instant` parts are true only while a fact is being handed in. `slot` is that of a point
    that is sent on change, -1 for everything else. For an elapsed time `run` returns the
    instant from which it counts. `partial`, where given, is a count that can only have been
    larger, for windows that are not full yet. `source` names what is read, where it is a number
    of the device itself; `head` is what a condition asks first, where that is known.
    """

    type: Type
    run: Run
    constant: bool = False
    value: Value | None = None
    choices: tuple[str, ...] = ()
    instant: bool = False
    slot: int = -1
    partial: Run | None = None
    source: str = ""
    head: Head | None = None


def constant(value: Value) -> Node:
    """Make a node that always yields the same."""
    kind = Type.BOOL if isinstance(value, bool) else Type.NUMBER
    if isinstance(value, str):
        kind = Type.TEXT
    return Node(type=kind, run=lambda _: value, constant=True, value=value)
