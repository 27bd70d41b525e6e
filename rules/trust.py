"""Whether a device's clock can be believed, and from when its message counts."""

from __future__ import annotations

from math import inf

from hub.model.report import Report, Topic
from rules.state import NEVER, DeviceState

TOLERANCE = 120.0
LATE_AFTER = 60.0
_ENOUGH = 5
_STEADY = 5.0
_APART = 0.5


def place_in_time(d: DeviceState, report: Report, *, judging: bool) -> tuple[float, bool]:
    """Return (instant that counts, whether the report is late).

    After five live messages in a row more than 120 s off, by about the same, arrival time counts;
    the messages of a backlog come in one burst with ever smaller distances, and say nothing about
    the clock. Nothing has happened in the future: such a time is replaced at once. What was heard
    during a cut, or before devices have returned from it, without a time of its own happened no
    earlier than what was said before it. Late is what is much older than the newest of its
    kind.
    """
    if report.retained:
        return report.received, False
    offset = report.at - report.received
    if (abs(offset) > TOLERANCE or d.drift[0]) and judging and not report.late:
        _judge(d, offset, report.received)
    at = report.received if offset > TOLERANCE or d.drift[0] >= _ENOUGH else report.at
    if report.received < d.contact.listens and not has_own_time(report):
        at = at if d.newest == NEVER else d.newest
    newest = d.measured if overtakes(d, report) else d.newest
    return at, report.late or at < newest - LATE_AFTER


def is_behind(d: DeviceState) -> bool:
    """Tell whether measurements of a cut may wait, though the states that waited were told."""
    return d.contact.floor == inf


def overtakes(d: DeviceState, report: Report) -> bool:
    """Tell whether a measurement comes apart from the states that were said before it."""
    if report.topic is not Topic.TELEMETRY:
        return False
    return is_behind(d) or report.received < d.contact.listens


def has_own_time(report: Report) -> bool:
    """Tell whether the device said when; the hub's own events and wills have their arrival only.

    They come in between the messages of a backlog, and must not make those late.
    """
    if report.samples or report.at != report.received:
        return True
    return report.seq is not None and report.topic is not Topic.AVAIL


def _judge(d: DeviceState, offset: float, received: float) -> None:
    count, before, last = d.drift
    if abs(offset) <= TOLERANCE:
        d.drift = (0, 0.0, received)
        return
    if received - last < _APART:
        return
    steady = count and abs(offset - before) <= _STEADY
    d.drift = (count + 1 if steady else 1, offset, received)
