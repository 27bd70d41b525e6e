"""What a back-test need not be told again: who asks for what, and what was only said again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.model.device import DeviceUid


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What rules need to know of a device's history.

    Of other `points` than those in `each`, a reading that says what the one before said changes
    nothing but that the device is heard; a `pause` of fewer seconds no rule can notice.
    """

    points: frozenset[str]
    each: frozenset[str] = frozenset()
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
