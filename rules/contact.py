"""Deadlines as they come, and what follows when a device is heard again or no more."""

from __future__ import annotations

from math import inf

from rules.agenda import Due
from rules.gauge import Lull, timed
from rules.plan import PERIODS_KNOWN
from rules.reliance import Pick, relies_on_anything
from rules.runner import Runner
from rules.state import Contact, DeviceState, Watch


def contact_changed(runner: Runner, d: DeviceState, arrival: float) -> None:
    """Evaluate what depends on whether the device is heard, here and on other devices.

    Rules about silence are asked at the instant of arrival, the others at the device's `now`.
    """
    routes = d.plan.routes
    runner.run_all(d, (index for index in routes.on_contact if index not in routes.on_silence))
    if d.dependents:
        for slot in d.dependents:
            runner.run_dependents(d, slot)
    ask_silence(runner, d, arrival)


def ask_silence(runner: Runner, d: DeviceState, arrival: float) -> None:
    """Evaluate the rules about silence at an instant of arrival."""
    now, d.now = d.now, max(d.now, arrival)
    runner.run_all(d, d.plan.routes.on_silence)
    d.now = now


def arm(runner: Runner, contact: Contact) -> None:
    """Set the instant at which the device's silence makes its points unknown."""
    beat = contact.device.plan.heartbeat
    if beat and not contact.kept and contact.offline_at is None:
        base = max(contact.heard_at, contact.floor)
        runner.agenda.set(contact, base + PERIODS_KNOWN * beat)


def hide(runner: Runner, d: DeviceState) -> None:
    """Make the device's points unknown: it is not heard any more."""
    d.contact.silent = True
    d.values = d.plan.blanks
    contact_changed(runner, d, d.now)


def set_lag(runner: Runner, d: DeviceState, lag: float) -> None:
    """Note how far back the device's messages lie; its own deadlines wait as long."""
    shorter = lag < d.lag
    d.lag = lag
    if shorter:
        for thing in timed(d):
            if thing.due != inf and not thing.program.by_arrival:
                runner.agenda.set(thing, thing.due, lag=lag)


def fire(runner: Runner, thing: Due, due: float) -> None:
    """Let a deadline come."""
    if isinstance(thing, Watch):
        runner.fire(thing, due)
        return
    if isinstance(thing, Lull):
        runner.fire_lull(thing, due)
        return
    thing.due = thing.ready = inf
    d = thing.device
    d.now = due
    if thing.kept or thing.offline_at is not None or thing.silent:
        return
    beat = d.plan.heartbeat
    until = max(thing.heard_at, thing.floor) + PERIODS_KNOWN * beat
    if until > due:
        runner.agenda.set(thing, until)
        return
    hide(runner, d)


def catch_up(
    runner: Runner,
    d: DeviceState,
    *,
    before: float,
    arrival: float,
    may_come: Pick = relies_on_anything,
) -> None:
    """Let the device's own deadlines come that lie before a fact.

    Silence is told in arrival time, everything else in the time of the fact. What other news may
    still change than that which the fact stands for is left alone: `may_come` picks.
    """
    silence = min(before, arrival)
    while _renew_due(d) < before:
        found = _find_due(d, before, silence, may_come)
        if found is None:
            return
        fire(runner, found, found.due)


def _renew_due(d: DeviceState) -> float:
    """Return when the first of the device's deadlines is; most often none has come at all."""
    if d.lulls:
        dues = [d.watches[index].due for index in d.plan.alone]
        for lull in d.lulls:
            dues.append(lull.due)
            if lull.loose:
                dues += [d.watches[index].due for index in lull.gauge.members]
    else:
        dues = [watch.due for watch in d.watches]
    dues.append(d.contact.due)
    d.due = due = min(dues)
    return due


def _find_due(d: DeviceState, before: float, silence: float, may_come: Pick) -> Due | None:
    """Return what is due first; what is told by arrival must lie before `silence`."""
    found, edge = None, inf
    for thing in timed(d):
        limit = silence if thing.program.by_arrival else before
        if thing.due < limit and thing.due < edge and may_come(thing):
            found, edge = thing, thing.due
    return d.contact if d.contact.due < silence and d.contact.due < edge else found
