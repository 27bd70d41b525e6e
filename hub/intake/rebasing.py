"""History as if a counter had never been another one: what it showed before a swap is moved.

With a closing and an opening reading the old counter is moved by their difference, so that a step
over the swap is what was used. Without them it is forgotten, and windows fill anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from hub.intake.look_back import Recall
from hub.model.report import Quality, Report, Sample
from hub.model.swap import Swap
from hub.ports import HourOfPoint, RollupRow

HOUR = 3600.0


class RebasedHistory:
    """Gives what another history gives, with the counters of swapped devices moved."""

    def __init__(
        self,
        history: Recall,
        swaps: Mapping[str, Sequence[Swap]],
        counters: Mapping[str, Collection[str]],
    ) -> None:
        """Take swaps by uid, and the points that are counters, by uid."""
        self._history = history
        self._swaps = {uid: some for uid, some in swaps.items() if counters.get(uid)}
        self._counters = counters

    def recall(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        """Yield readings of `uids` and events of all, each device's in event time."""
        for report in self._history.recall(start=start, end=end, uids=uids):
            yield self._move_report(report) if report.uid in self._swaps else report

    def recall_hours(
        self, *, start: float, end: float, points: Mapping[str, Collection[str]]
    ) -> Iterator[HourOfPoint]:
        """Yield what points of devices were in each hour, without hours of what is forgotten."""
        for hour in self._history.recall_hours(start=start, end=end, points=points):
            if hour.uid not in self._swaps or hour.point not in self._counters[hour.uid]:
                yield hour
            elif (moved := self._move_hour(hour)) is not None:
                yield moved

    def _move_report(self, report: Report) -> Report:
        if report.at >= self._swaps[report.uid][-1].at:
            return report
        samples = tuple(self._move_sample(report, sample) for sample in report.samples)
        return msgspec.structs.replace(report, samples=samples)

    def _move_sample(self, report: Report, sample: Sample) -> Sample:
        if sample.point not in self._counters[report.uid] or sample.value is None:
            return sample
        by = self._distance(report.uid, sample.point, report.at)
        if by is None or not isinstance(sample.value, int | float):
            return Sample(sample.point, None, Quality.BAD)
        return Sample(sample.point, sample.value + by, sample.quality)

    def _move_hour(self, hour: HourOfPoint) -> HourOfPoint | None:
        row, uid, point = hour.row, hour.uid, hour.point
        first = self._distance(uid, point, row.at)
        last = self._distance(uid, point, row.at + HOUR - 1)
        if first is None or last is None:
            return None
        moved = RollupRow(
            at=row.at,
            count=row.count,
            minimum=row.first + first,
            maximum=row.last + last,
            mean=row.mean + last,
            first=row.first + first,
            last=row.last + last,
        )
        return HourOfPoint(uid, point, moved)

    def _distance(self, uid: str, point: str, at: float) -> float | None:
        """Return by how much a reading at `at` is to be moved; None where nobody knows."""
        moved = 0.0
        for swap in self._swaps[uid]:
            if at < swap.at:
                if point not in swap.closing or point not in swap.opening:
                    return None
                moved += swap.opening[point] - swap.closing[point]
        return moved
