"""What a back-test need not be told one by one: who asks for what, and what changed nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from hub.model.device import DeviceUid


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What rules need to know of a device's history.

    Of other `points` than those in `each`, a reading that says what the one before said changes
    nothing but that the device is heard; a `pause` of fewer seconds no rule can notice. Where one
    of those in `told` changes, each message of the hour has to be told.
    """

    points: frozenset[str]
    each: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    pause: float = 0.0


class Repeats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A device said the same again, `count` times: this stands for those messages.

    `at` is when the first message of these `points` was said, `ats` when each was, in order;
    `until` when the device was heard last, without a pause that a rule could notice. Epoch seconds.
    """

    uid: DeviceUid
    at: float
    points: tuple[str, ...]
    ats: Sequence[float]
    until: float
    count: int


class Stretch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Messages of one shape: `ats` is when each was said, `values` has a row for each point."""

    points: tuple[str, ...]
    ats: Sequence[float]
    values: tuple[Sequence[Any], ...]


class Passage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All that a device said in a stretch of time, `count` messages, each value good and in time.

    `at` is when it was said first, `heard` when that arrived, `until` when the device was heard
    last; epoch seconds. No pause between them was long enough for a rule to notice.
    """

    uid: DeviceUid
    at: float
    heard: float
    until: float
    stretches: tuple[Stretch, ...]
    count: int


Passes = Callable[[Passage], bool]
"""Tells whether nothing of a passage can have any rule say something."""
