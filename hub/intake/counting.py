"""Keeps the baselines of all counters, so that no reading is good that cannot be true.

The baseline is the last good reading. While that is the store's latest value of the point, nothing
else is stored; while the latest is bad, the baseline is a row of running state in the same commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Device
from hub.model.kinds import HUB_MADE_POINTS
from hub.model.report import Quality, Report, Sample
from hub.model.swap import Swap
from hub.ports import PointRow, StateRow
from hub.services.counter import BELIEVED, Baseline, Limits, Verdict, judge

COUNTER_PREFIX = "counter/"
HOUR = 3600.0


class Finding(NamedTuple):
    """A reading out of line; `before` is the last one believed, `is_news` once an hour at most."""

    point: str
    value: float
    before: float
    verdict: Verdict
    is_news: bool


class CounterBook:
    """Knows what each counter showed last."""

    def __init__(self) -> None:
        self._limits: Mapping[str, Mapping[str, Limits]] = {}
        self._bases: dict[tuple[str, str], Baseline] = {}
        self._rows: dict[tuple[str, str], Baseline] = {}
        """What is stored of those whose latest reading is bad."""
        self._changed: set[tuple[str, str]] = set()
        self._told: dict[tuple[str, str], float] = {}

    def set_devices(self, devices: Iterable[Device], models: Mapping[str, DeviceModel]) -> None:
        """Learn the books anew."""
        by_model = {name: _limits(model.points) for name, model in models.items()}
        self._limits = {d.uid: by_model[d.model] for d in devices if by_model[d.model]}

    def restore(self, points: Iterable[PointRow], states: Iterable[StateRow]) -> None:
        """Take up where the last run stopped."""
        for row in points:
            if row.quality is Quality.GOOD and row.point in self._limits.get(row.uid, ()):
                self._bases[row.uid, row.point] = Baseline(_number(row.value), row.at)
        for state in states:
            if state.key.startswith(COUNTER_PREFIX) and state.data:
                _, uid, point = state.key.split("/", 2)
                base = msgspec.msgpack.decode(state.data, type=Baseline)
                self._bases[uid, point] = self._rows[uid, point] = base

    def counters(self) -> Mapping[str, Collection[str]]:
        """Return the points that are counters, by device."""
        return self._limits

    def rebase(self, swaps: Iterable[Swap]) -> None:
        """Forget what the old hardware of swapped devices showed, from the oldest swap on.

        The new one is measured by its opening reading, and believed without one.
        """
        for swap in swaps:
            for point in self._limits.get(swap.uid, ()):
                key = (swap.uid, point)
                base = self._bases.get(key)
                if base is not None and base.at >= swap.at:
                    continue
                self._bases.pop(key, None)
                if self._rows.pop(key, None) is not None:
                    self._changed.add(key)
                if point in swap.opening:
                    self._bases[key] = Baseline(swap.opening[point], swap.at)

    def check(self, report: Report) -> tuple[Report, Sequence[Finding]]:
        """Return the report with what cannot be true made bad, and what was found."""
        limits = self._limits.get(report.uid)
        if not limits or report.late:
            return report, ()
        findings: list[Finding] = []
        samples = tuple(
            self._check(sample, report, limits[sample.point], findings)
            if sample.point in limits
            else sample
            for sample in report.samples
        )
        if any(finding.verdict not in BELIEVED for finding in findings):
            report = msgspec.structs.replace(report, samples=samples)
        return report, findings

    def take_rows(self) -> list[StateRow]:
        """Return and forget what changed."""
        rows = []
        for uid, point in self._changed:
            base = self._rows.get((uid, point))
            data = None if base is None else msgspec.msgpack.encode(base)
            rows.append(StateRow(key=f"{COUNTER_PREFIX}{uid}/{point}", data=data))
        self._changed = set()
        return rows

    def _check(
        self, sample: Sample, report: Report, limits: Limits, findings: list[Finding]
    ) -> Sample:
        key = (report.uid, sample.point)
        base = self._bases.get(key)
        if sample.quality is not Quality.GOOD:
            self._note(key, base, base)
            return sample
        value = _number(sample.value)
        if base is None:
            self._note(key, Baseline(value, report.at), None)
            return sample
        new, verdict = judge(base, value, report.at, limits)
        believed = verdict in BELIEVED
        self._note(key, new, None if believed else new)
        if verdict is Verdict.REPLACED or not believed:
            is_news = self._is_news(key, report.received)
            findings.append(Finding(sample.point, value, base.value, verdict, is_news))
        return sample if believed else Sample(sample.point, None, Quality.BAD)

    def _is_news(self, key: tuple[str, str], now: float) -> bool:
        if now - self._told.get(key, -HOUR) < HOUR:
            return False
        self._told[key] = now
        return True

    def _note(self, key: tuple[str, str], base: Baseline | None, row: Baseline | None) -> None:
        if base is not None:
            self._bases[key] = base
        if row != self._rows.get(key):
            self._changed.add(key)
            if row is None:
                del self._rows[key]
            else:
                self._rows[key] = row


def _limits(points: Mapping[str, PointSpec]) -> dict[str, Limits]:
    return {
        name: Limits(None if spec.fastest is None else spec.fastest / HOUR, spec.roll_over)
        for name, spec in points.items()
        if spec.type is PointType.COUNTER and name not in HUB_MADE_POINTS
    }


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
