"""What waits for the time-series store: readings as the outbox holds them, numbered on arrival."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from hub.model.report import Quality, Report, Value
from hub.ports import Document

OUTBOX = "outbox.influx"
SETTING = "setting"
CURSOR = "sink.influx"
LEFT_OUT = "sink.influx.left_out"

_DIGITS = 16


class Saying(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What one device said at one instant; `doubts` names the points whose quality is not good."""

    uid: str
    at: float
    values: dict[str, Value | None]
    doubts: dict[str, Quality] = {}


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far the sink has come: `after` is the number of the last reading that is settled.

    Of all readings up to there, `sent` were taken, `refused` by the store as wrong, and
    `withheld` never offered: the device is gone or has become a household's, or a line cannot
    carry the value. `last_refused` is an example of a line, `why` what the store said to it.
    """

    after: int = 0
    sent: int = 0
    refused: int = 0
    withheld: int = 0
    last_refused: str = ""
    why: str = ""


def pack(reports: Sequence[Report], public: AbstractSet[str]) -> list[Saying]:
    """Return what `reports` say of the devices in `public`, in order of arrival."""
    return [_say(report) for report in reports if report.uid in public]


def _say(report: Report) -> Saying:
    doubtful = (sample for sample in report.samples if sample.quality is not Quality.GOOD)
    doubts = {sample.point: sample.quality for sample in doubtful}
    values = {sample.point: sample.value for sample in report.samples}
    return Saying(report.uid, report.at, values, doubts)


def count(sayings: Sequence[Saying]) -> int:
    """Return how many readings the sayings hold."""
    return sum(len(saying.values) for saying in sayings)


def to_parcel(sayings: Sequence[Saying], number: int, at: float) -> Document:
    """Return the document whose key is the number of its last reading."""
    body = msgspec.json.encode(sayings)
    return Document(collection=OUTBOX, key=write_key(number), body=body, at=at)


def write_key(number: int) -> str:
    """Return the key of the parcel that ends with reading `number`; keys sort as numbers do."""
    return f"{number:0{_DIGITS}}"


def settled(key: str) -> Document:
    """Return what deletes a parcel that is settled."""
    return Document(collection=OUTBOX, key=key, body=None)


def keep(key: str, content: Any, at: float) -> Document:  # noqa: ANN401 - whatever has a JSON form
    """Return the setting that keeps `content` under `key`."""
    return Document(collection=SETTING, key=key, body=msgspec.json.encode(content), at=at)
