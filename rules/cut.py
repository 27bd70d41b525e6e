"""A cut between the hub and its devices: deadlines wait, and what had waited tells the rest.

While the hub hears nothing it judges nothing, and takes nothing back: what was known before the
cut is known up to the next message, for a device that had more to say would have said it. Only
where messages are missing is nothing taken for known. See docs/adr/0008.
"""

from __future__ import annotations

from math import inf

from hub.model.report import Report
from rules.contact import arm, ask_silence, contact_changed
from rules.gauge import timed
from rules.reliance import Pick, relies_on_anything, relies_on_states
from rules.runner import Runner
from rules.state import NEVER, DeviceState, Watch
from rules.trust import has_own_time, is_behind

RETURN_TIME = 5.0
"""Seconds, at least, that devices have after a cut to reach the broker themselves."""
LONGEST_RETURN = 120.0
"""Seconds that they have at most: no usual client pauses longer between two attempts."""


def return_time(cut: float) -> float:
    """Return how long devices have to return after a cut of so many seconds that the broker ran.

    A client that doubles its pauses tries again within as long as it has tried in vain. Where the
    broker was away as well each has lost it, and one with a pause of its own tries again after
    that, however short the cut was: then they have `LONGEST_RETURN`.
    """
    return min(max(cut, RETURN_TIME), LONGEST_RETURN)


def is_cut_off(d: DeviceState) -> bool:
    """Tell whether the hub is cut off from the device: only what had waited is heard."""
    return d.contact.listens == inf


def pick_due(d: DeviceState) -> Pick:
    """Return which deadlines a state or an event lets come: it knows nothing of measurements."""
    return relies_on_states if is_behind(d) else relies_on_anything


def cut_off(runner: Runner, d: DeviceState) -> None:
    """Let every deadline of the device wait; expectations that are open start anew afterwards."""
    contact = d.contact
    if not is_behind(d):
        d.measured = d.newest
    contact.floor = contact.listens = contact.back_at = inf
    runner.agenda.set(contact, inf)
    _move_expectations(runner, d, inf)
    _queue_again(runner, d)


def listen_again(runner: Runner, d: DeviceState, at: float, wait: float) -> None:
    """Let deadlines come again, at their own instants; what is expected is due as long after `at`.

    `wait` is for how many seconds devices may still be on their way. Silence still proves nothing:
    that is for `count_silence`.
    """
    if not is_cut_off(d):
        return
    contact = d.contact
    if contact.missed:
        doubt(runner, d)
    contact.back_at = at
    contact.listens = at + wait if wait else NEVER
    _move_expectations(runner, d, at)
    if d.values is not d.raw and not contact.silent:
        d.values = d.raw
        d.now = max(d.now, at)
        contact_changed(runner, d, at)
    _queue_again(runner, d)


def count_silence(runner: Runner, d: DeviceState, at: float, wait: float) -> None:
    """Let the device's silence count from `at`, and deadlines come, if they do not yet."""
    listen_again(runner, d, at, wait)
    d.contact.floor = at
    if not d.contact.silent:
        arm(runner, d.contact)
    ask_silence(runner, d, at)


def has_returned(d: DeviceState, report: Report) -> bool:
    """Tell whether a state was said after the cut, so that all that came before it is known.

    What waited in the broker shows only that the broker is back, not that the device is; and
    with a birth message, which has no time of its own, a device begins to tell.
    """
    return has_own_time(report) and report.at >= d.contact.back_at


def end_wait(runner: Runner, d: DeviceState) -> None:
    """Let deadlines come as ever: the device has returned."""
    d.contact.listens = NEVER
    _queue_again(runner, d)


def shorten_wait(runner: Runner, d: DeviceState, wait: float) -> None:
    """Let deadlines come `wait` seconds after the cut, if they are to come later."""
    until = d.contact.back_at + wait
    if until < d.contact.listens < inf:
        d.contact.listens = until
        _queue_again(runner, d)


def catch_up_dependents(runner: Runner, d: DeviceState, before: float) -> None:
    """Let deadlines of other devices that wait since a cut come before a fact that they read."""
    while True:
        waiting = [
            watch
            for watch in {each: None for slot in (d.dependents or {}).values() for each in slot}
            if watch.due < before < watch.device.contact.listens and pick_due(watch.device)(watch)
        ]
        if not waiting:
            return
        watch = min(waiting, key=lambda each: each.due)
        runner.fire(watch, watch.due)


def tells_of_loss(d: DeviceState, report: Report) -> bool:
    """Tell whether messages are missing before a state or event that is heard during a cut.

    A retained state comes only where a session was lost, and a goodbye has no time of its own.
    """
    lost = d.contact.missed or report.after_gap
    return lost or report.retained or report.online is False


def doubt(runner: Runner, d: DeviceState) -> None:
    """Take nothing for known after the device's last word; running holds start anew."""
    d.contact.missed = False
    d.values = d.plan.blanks
    if d.newest == NEVER:
        return
    d.now = max(d.now, d.newest)
    contact_changed(runner, d, d.now)
    for watch in d.watches:
        if watch.last is None and watch.since is not None:
            watch.since = watch.unknown = None
            runner.dirty.add(watch)


def _move_expectations(runner: Runner, d: DeviceState, start: float) -> None:
    """Let what is expected be due as long after `start` as it was to be after its cause."""
    for watch in d.watches:
        if watch.pending:
            due = start + _patience(watch)
            watch.pending = [due] * len(watch.pending)
            runner.agenda.set(watch, min(watch.due, due))
            runner.dirty.add(watch)


def _patience(watch: Watch) -> float:
    expectation = watch.program.rule.expectation
    return expectation.within if expectation else 0.0


def _queue_again(runner: Runner, d: DeviceState) -> None:
    for thing in timed(d):
        if thing.due != inf:
            runner.agenda.set(thing, thing.due, lag=0.0 if thing.program.by_arrival else d.lag)
