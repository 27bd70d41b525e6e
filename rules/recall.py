"""Fills the rules' memory after a start: latest values, contact, windows from history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.model.device import LinkState
from hub.model.report import Quality, Report
from hub.ports import HeardRow, PointRow
from rules.memory import loaded_trackers
from rules.state import DeviceState
from rules.world import World


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


def replay(world: World, history: Iterable[Report], now: float) -> None:
    """Fill windows, and counts that were not stored, from what happened before `now`."""
    loaded: dict[str, set[int]] = {}
    for report in history:
        d = world.get(report.uid)
        if d is None or report.at > now or report.retained:
            continue
        if report.uid not in loaded:
            loaded[report.uid] = loaded_trackers(d)
        _feed(d, report, loaded[report.uid])


def _feed(d: DeviceState, report: Report, loaded: set[int]) -> None:
    routes = d.plan.routes
    for sample in report.samples:
        slot = d.plan.slot_by_point.get(sample.point)
        if slot is None or sample.value is None or sample.quality is not Quality.GOOD:
            continue
        for tracker in _fresh(d, routes.observers[slot], loaded):
            tracker.observe(report.at, sample.value)
    if report.late or report.at <= d.worked_on:
        return
    for tracker in _fresh(d, routes.counters_by_event.get(report.event, ()), loaded):
        tracker.happen(report.event, report.at, report.data)


def _fresh(d: DeviceState, indexes: Iterable[int], loaded: set[int]) -> list[Any]:
    """Return those trackers whose state did not come from a row."""
    return [d.trackers[index] for index in indexes if index not in loaded]
