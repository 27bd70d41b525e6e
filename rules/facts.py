"""Takes reports in: samples and events; what changed is evaluated at once."""

from __future__ import annotations

from math import inf, isfinite

from hub.model.kinds import LINK_ERRORS
from hub.model.report import Quality, Report, Sample, Topic, Value
from rules.contact import ask_silence, catch_up, contact_changed, set_lag
from rules.cut import (
    catch_up_dependents,
    doubt,
    is_cut_off,
    pick_due,
    tells_of_loss,
)
from rules.evaluation import evaluate
from rules.machine import meet
from rules.reliance import relies_on_measures
from rules.runner import Runner
from rules.sign_of_life import note_contact
from rules.state import DeviceState
from rules.trust import has_own_time, overtakes, place_in_time

_GOOD = Quality.GOOD
_MEASURED = Topic.TELEMETRY
PROMPT = 1.0
"""Seconds on the way that are nothing; behind a longer lag, what ends a wait may be under way."""


def take_report(runner: Runner, d: DeviceState, report: Report, *, judging: bool) -> None:
    """Apply one report to its device; late ones only feed the windows."""
    if report.samples and report.samples[0].point == LINK_ERRORS:
        _take_count(runner, d, report)
    else:
        _take_said(runner, d, report, judging=judging)


def _take_count(runner: Runner, d: DeviceState, report: Report) -> None:
    """Take what the hub itself counts: nothing of the device's time, nor that it lives."""
    d.now = max(report.at, d.newest)
    take_samples(runner, d, report, report.at)


def _take_said(runner: Runner, d: DeviceState, report: Report, *, judging: bool) -> None:
    at, late = place_in_time(d, report, judging=judging)
    if late:
        _take_late(runner, d, report, at)
        return
    if overtakes(d, report):
        _take_ahead(runner, d, report, at)
        return
    now = max(at, d.newest)
    _catch_up(runner, d, report, at)
    d.now = now
    if not report.retained and (report.samples or has_own_time(report)):
        d.newest = now
        if d.lag or report.received - at > PROMPT:
            _note_lag(runner, d, report.received - at)
    is_back = note_contact(runner, d, report)
    if report.samples:
        take_samples(runner, d, report, at)
    elif report.event and not report.retained:
        d.now = at
        runner.happen(d, report.event, report.data)
    if is_back:
        contact_changed(runner, d, report.received)


def _take_late(runner: Runner, d: DeviceState, report: Report, at: float) -> None:
    """Show readings of the past to the windows, and to nothing else; the device is heard."""
    for sample in report.samples:
        slot = d.plan.slot_by_point.get(sample.point)
        if slot is not None:
            _show(d, slot, _believe(sample, d.plan.routes.types[slot]), at)
    if note_contact(runner, d, report):
        contact_changed(runner, d, report.received)


def _take_ahead(runner: Runner, d: DeviceState, report: Report, at: float) -> None:
    """Take a measurement that comes apart from states: it says nothing about those."""
    received = d.contact.heard_at = max(d.contact.heard_at, report.received)
    catch_up(runner, d, before=at, arrival=received, may_come=relies_on_measures)
    d.now = max(at, d.measured)
    if not report.retained:
        d.measured = d.now
    take_samples(runner, d, report, at, ahead=True)
    if d.contact.doubted:
        ask_silence(runner, d, received)


def _catch_up(runner: Runner, d: DeviceState, report: Report, at: float) -> None:
    if d.contact.listens == inf and tells_of_loss(d, report):
        doubt(runner, d)
    if at < runner.held_until and d.dependents:
        catch_up_dependents(runner, d, at)
    if d.due < at:
        arrival = max(report.received, d.contact.heard_at)
        catch_up(runner, d, before=at, arrival=arrival, may_come=pick_due(d))


def _note_lag(runner: Runner, d: DeviceState, lag: float) -> None:
    # What waited during a cut says nothing of how far back the next message will lie.
    lag = lag if lag > PROMPT and not is_cut_off(d) else 0.0
    if lag > d.lag or d.lag - lag > PROMPT or (d.lag and not lag):
        set_lag(runner, d, lag)


def _believe(sample: Sample, types: tuple[type, ...]) -> Value | None:
    if sample.quality is not _GOOD:
        return None
    value = sample.value
    kind = value.__class__
    if kind in types:
        return None if kind is float and not isfinite(value) else value  # type: ignore[arg-type]
    if types == (bool,) and value in (0, 1):
        return bool(value)
    return float(value) if types == (int, float) and kind is bool else None  # type: ignore[arg-type]


def take_samples(  # noqa: C901, PLR0912 - for each sample of each message, and each call costs
    runner: Runner, d: DeviceState, report: Report, at: float, *, ahead: bool = False
) -> None:
    """Set all points of one message, then feed the trackers, then evaluate.

    What depends on states is left for later where the message is `ahead` of those.
    """
    if report.retained:
        _take_retained(runner, d, report, at, ahead=ahead)
        return
    slots, routes, ats = d.plan.slot_by_point, d.plan.routes, d.ats
    types, observers = routes.types, routes.observers
    seen: list[int] = []
    changed: list[int] = []
    sorted_in: dict[int, Value | None] = {}
    for sample in report.samples:
        slot = slots.get(sample.point)
        if slot is None:
            continue
        value = sample.value
        kind = value.__class__
        if sample.quality is not _GOOD or kind is float or kind not in types[slot]:
            value = _believe(sample, types[slot])
        if at < ats[slot]:
            sorted_in[slot] = value
        elif _set(d, slot, value, at, retained=False):
            changed.append(slot)
        seen.append(slot)
        if observers[slot]:
            _show(d, slot, value, at)
    known = d.plan.measured if report.topic is _MEASURED else d.plan.told
    if not known.issuperset(seen):
        d.plan.note_origin(report.topic, seen)
    if sorted_in:
        _look_back(runner, d, at, sorted_in)
    evaluate(runner, d, seen, changed, ahead=ahead)


def _take_retained(
    runner: Runner, d: DeviceState, report: Report, at: float, *, ahead: bool
) -> None:
    """Set the points of which nothing newer is known: a retained message is no new reading."""
    types, slots = d.plan.routes.types, d.plan.slot_by_point
    changed: list[int] = []
    d.plan.note_origin(report.topic, [slots[s.point] for s in report.samples if s.point in slots])
    for sample in report.samples:
        slot = slots.get(sample.point)
        if slot is None or report.at < d.ats[slot]:
            continue
        value = _believe(sample, types[slot])
        if _set(d, slot, value, at, retained=True):
            changed.append(slot)
    evaluate(runner, d, [], changed, ahead=ahead)


def _look_back(runner: Runner, d: DeviceState, at: float, values: dict[int, Value | None]) -> None:
    """Let readings that came out of order meet the expectations that were open at their time."""
    now, kept = d.now, {slot: d.raw[slot] for slot in values}
    d.now = at
    for slot, value in values.items():
        d.raw[slot] = value
    runner.dirty.update(watch for watch in d.watches if watch.pending and meet(watch))
    for slot, value in kept.items():
        d.raw[slot] = value
    d.now = now


def _set(d: DeviceState, slot: int, value: Value | None, at: float, *, retained: bool) -> bool:
    old = d.raw[slot]
    life = d.plan.lives[slot]
    lapsed = life and d.ats[slot] + life <= at
    d.raw[slot] = value
    if value is not None and not retained:
        d.ats[slot] = at
    return bool(value != old or lapsed)


def _show(d: DeviceState, slot: int, value: Value | None, at: float) -> None:
    if value is not None:
        for index in d.plan.routes.observers[slot]:
            d.trackers[index].observe(at, value)
