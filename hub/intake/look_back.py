"""What a start reads of history, so that windows of rules go on as if nothing had been."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from hub.model.report import Report
from hub.ports import HourOfPoint
from rules.recall import FAR

HOUR = 3600.0
NEAR = HOUR
"""Seconds that are read of all devices that are looked back on, and of the events of all."""


class Recall(Protocol):
    """Gives what was said from `start` to `end`, which is not included; see `hub.ports.Archive`."""

    def recall(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        """Yield readings of `uids` and events of all, each device's in event time."""
        ...

    def recall_hours(
        self, *, start: float, end: float, points: Mapping[str, Collection[str]]
    ) -> Iterator[HourOfPoint]:
        """Yield what points of devices were in each hour."""
        ...


def look_back(
    archive: Recall,
    spans: Mapping[str, float],
    far: Mapping[str, Collection[str]],
    now: float,
) -> Iterator[Report | HourOfPoint]:
    """Yield what windows need: `spans` are devices by uid, and how many seconds theirs are long.

    `far` are the points on which windows look back further than readings are read.
    """
    longer = {uid: span for uid, span in spans.items() if span > NEAR}
    begin = now - min(max(longer.values(), default=0.0), FAR)
    if far:
        begin = begin // HOUR * HOUR  # where the hours end
        reach = max(spans[uid] for uid in far)
        yield from archive.recall_hours(start=now - reach - HOUR, end=begin, points=far)
    if longer:
        yield from archive.recall(start=begin, end=now - NEAR, uids=longer)
    yield from archive.recall(start=now - NEAR, end=now, uids=spans)
