"""Fills the rules' memory after a start: latest values, contact, windows from history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hub.model.device import LinkState
from hub.model.report import Quality, Report
from hub.ports import HeardRow, HourOfPoint, PointRow
from rules.memory import loaded_trackers
from rules.state import DeviceState
from rules.window import Window
from rules.world import World

FAR = 26 * 3600.0
"""Seconds of readings that a start reads at most; what lies before is read as hours."""


def load_point(world: World, row: PointRow, now: float) -> None:
    """Put a point's latest value back.

    What lies in the future was said before somebody set the clock back: it is of now at the latest.
    """
    d = world.get(row.uid)
    slot = d.plan.slot_by_point.get(row.point) if d else None
    if d is None or slot is None:
        return
    at = min(row.at, now)
    d.newest = max(d.newest, at)
    if row.quality is Quality.GOOD:
        d.raw[slot], d.ats[slot] = row.value, at


def load_heard(world: World, row: HeardRow, now: float) -> None:
    """Put back when a device was heard; its silence counts from `now`, for nobody listened."""
    d = world.get(row.uid)
    if d is None:
        return
    d.contact.heard_at = min(row.at, now)
    d.contact.floor = now
    d.contact.silent = row.state is LinkState.SILENT or d.contact.offline_at is not None


def far_points(world: World) -> dict[str, set[str]]:
    """Return the points, by device, on which windows look back further than `FAR`."""
    found: dict[str, set[str]] = {}
    for uid, d in world.items():
        for name, slot in d.plan.slot_by_point.items() if d.plan.reach > FAR else ():
            if _far_windows(d, slot):
                found.setdefault(uid, set()).add(name)
    return found


def replay(world: World, history: Iterable[Report | HourOfPoint], now: float) -> None:
    """Fill windows, and counts that were not stored, from what happened before `now`.

    A window that looks back further than `FAR` has been full only as far as hours tell of it.
    """
    met: dict[str, _Fresh] = {}
    firsts = {window: window.forget() for d in world.values() for window in _all_far(d)}
    for said in history:
        d = world.get(said.uid)
        if d is None:
            continue
        if isinstance(said, HourOfPoint):
            _take_hour(d, said, firsts)
        elif said.at <= now and not said.retained:
            if said.uid not in met:
                met[said.uid] = _find_fresh(d)
            _feed(d, said, met[said.uid])


def _far_windows(d: DeviceState, slot: int) -> list[Window]:
    trackers = (d.trackers[index] for index in d.plan.routes.observers[slot])
    return [each for each in trackers if isinstance(each, Window) and each.reach > FAR]


def _all_far(d: DeviceState) -> list[Window]:
    if d.plan.reach <= FAR:
        return []
    return [each for slot in range(len(d.plan.specs)) for each in _far_windows(d, slot)]


def _take_hour(d: DeviceState, hour: HourOfPoint, firsts: Mapping[Window, float]) -> None:
    for window in _far_windows(d, d.plan.slot_by_point[hour.point]):
        if window.take_hour(hour.row):
            window.first = min(window.first, firsts[window])


class _Fresh(NamedTuple):
    """A device's trackers whose state did not come from a row, by point and by event."""

    by_point: dict[str, list[Any]]
    by_event: dict[str, list[Any]]


def _find_fresh(d: DeviceState) -> _Fresh:
    loaded, routes = loaded_trackers(d), d.plan.routes

    def choose(indexes: Iterable[int]) -> list[Any]:
        return [d.trackers[index] for index in indexes if index not in loaded]

    observers = {name: routes.observers[slot] for name, slot in d.plan.slot_by_point.items()}
    return _Fresh(
        *(
            {name: chosen for name, indexes in table.items() if (chosen := choose(indexes))}
            for table in (observers, routes.counters_by_event)
        )
    )


def _feed(d: DeviceState, report: Report, fresh: _Fresh) -> None:
    for sample in report.samples:
        trackers = fresh.by_point.get(sample.point)
        if trackers is None or sample.value is None or sample.quality is not Quality.GOOD:
            continue
        for tracker in trackers:
            tracker.observe(report.at, sample.value)
    if report.late or report.at <= d.worked_on:
        return
    for tracker in fresh.by_event.get(report.event, ()):
        tracker.happen(report.event, report.at, report.data)
