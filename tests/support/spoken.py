"""What devices say, in order of arrival, and the same as the broker delivers it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hub.ports import Envelope


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A message: `at` and `arrives` in seconds from the start."""

    at: float
    arrives: float
    device: str
    topic: str
    body: dict[str, Any]


def deliver(lines: Iterable[Line], start: float) -> Iterator[Envelope]:
    """Yield each line as the hub gets it, numbered by its device; `start` in epoch seconds."""
    numbers: dict[tuple[str, str], int] = {}
    for line in lines:
        stamp: dict[str, Any] = {"boot": "b1"}
        if line.topic != "avail":
            seq = numbers[line.device, line.topic] = numbers.get((line.device, line.topic), 0) + 1
            stamp |= {"seq": seq, "ts": start + line.at}
        yield Envelope(
            link="mqtt",
            address=f"ld/gs/{line.device}/{line.topic}",
            payload=msgspec.json.encode(stamp | line.body),
            received=start + line.arrives,
            token=object(),
        )
