"""What becomes of a decision about silence, with a reason that a person can read."""

from __future__ import annotations

import msgspec

from hub.model.alarm import Decision

SETTLING = {
    "zh": "刚失联，先等一等，看上级设备或供电是否也有故障",
    "en": "Just fallen silent: waiting to see whether what carries or feeds it is faulty too",
}
BACK_ITSELF = {
    "zh": "刚又收到它的消息，再等一等，看是否稳定",
    "en": "It is heard again: waiting to see whether it stays",
}
BACK_BEFORE = {
    "zh": "上级刚恢复，给下级设备留出恢复时间",
    "en": "What carries it is back already: given time to come back too",
}
CARRIER_BACK = {
    "zh": "上级故障已恢复，给下级设备留出恢复时间",
    "en": "The fault that explained it is over: given time to come back",
}
CIRCLE_BACK = {
    "zh": "成片失联已结束",
    "en": "Too few are silent together by now",
}


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """The decision goes on to the gates; `decision.children` are subjects that it explains."""

    decision: Decision


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The decision waits until an instant (epoch seconds); an alarm that exists stays as it is."""

    decision: Decision
    until: float
    reason: dict[str, str]


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """The decision is a child of the alarm `into` (subject, rule); a ticket it had is folded in."""

    decision: Decision
    into: tuple[str, str]
    reason: dict[str, str]


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """A new alarm at a common ancestor, with the subjects that it explains as its children."""

    decision: Decision


Outcome = Pass | Held | Folded | Root
