"""A report: what one message of a device, or one polled block, said; its points change together."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from hub.model.device import DeviceUid

Value = bool | int | float | str
"""What a point can hold; "no value" is a sample of bad quality, never a None or a 0."""


class Quality(StrEnum):
    """Whether a value can be believed; rules know only what is good."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


class Topic(StrEnum):
    """What sort of message it was; sequence numbers count per (device, boot, topic)."""

    STATE = "state"
    TELEMETRY = "telemetry"
    EVENT = "event"
    AVAIL = "avail"
    ACK = "ack"


class Sample(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One point's value in a report; `value` is None exactly when `quality` is bad."""

    point: str
    value: Value | None
    quality: Quality = Quality.GOOD


class Report(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One message, translated.

    A driver fills everything, `uid` from the device that it is given. `at` is event time
    and `received` arrival time, both epoch seconds; `at` equals `received` where the device sent
    none. Exactly one of the bodies is filled: `samples` (state, telemetry), `event` with `data`,
    `online` (avail), or `ack` (command id) with `result` and `why`.
    """

    address: str
    topic: Topic
    at: float
    received: float
    uid: DeviceUid = DeviceUid("")
    boot: str = ""
    seq: int | None = None
    late: bool = False
    retained: bool = False
    samples: tuple[Sample, ...] = ()
    event: str = ""
    data: dict[str, Any] = {}
    online: bool | None = None
    ack: str = ""
    result: str = ""
    why: str = ""
    digest: str = ""
    """Content hash; identifies the message where `seq` is missing."""
    after_gap: bool = False
    """Set by the intake: messages of this topic are missing before this one."""
    grace: float = 0.0
    """Of a will that names no boot: within so many seconds of a sign of life it is doubted."""


def replaces(report: Report, at: float) -> bool:
    """Tell whether what a report says is newer than what was said of a point at an instant.

    After a cut each session tells in its own order; an instant ahead of the report's arrival is of
    a clock that was set back.
    """
    return at <= report.at or at > report.received
