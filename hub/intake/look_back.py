"""What a start reads of history, so that windows of rules go on as if nothing had been."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from hub.model.report import Report

NEAR = 3600.0
"""Seconds that are read of all devices that are looked back on, and of the events of all."""
FAR = 26 * 3600.0
"""Seconds that are read at most; a longer window is unknown after a start until it is full."""


class Recall(Protocol):
    """Gives readings of `uids` and events of all, each device's in event time."""

    def __call__(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        """Yield what was said from `start` to `end`, which is not included."""
        ...


def look_back(recall: Recall, spans: Mapping[str, float], now: float) -> Iterator[Report]:
    """Yield what windows need: `spans` are devices by uid, and how many seconds theirs are long."""
    longer = {uid: span for uid, span in spans.items() if span > NEAR}
    if longer:
        span = min(max(longer.values()), FAR)
        yield from recall(start=now - span, end=now - NEAR, uids=longer)
    yield from recall(start=now - NEAR, end=now, uids=spans)
