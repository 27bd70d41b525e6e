"""Whether a report is a sign of life, and what follows for the contact with its device."""

from __future__ import annotations

from math import inf

from hub.model.kinds import LINK_LOST
from hub.model.report import Report
from rules.contact import arm, hide
from rules.cut import end_wait, has_returned
from rules.runner import Runner
from rules.state import NEVER, DeviceState


def note_contact(runner: Runner, d: DeviceState, report: Report) -> bool:
    """Note that the device is heard, or has gone; tell whether it is back after a silence.

    What that changes is evaluated after the report's own points are set: what they were before
    the silence must not be taken for what they are.
    """
    contact = d.contact
    if report.online is False:
        _go_offline(runner, d, report)
        return False
    if report.retained:
        return _note_birth(runner, d, report)
    if report.event == LINK_LOST:
        return False
    contact.heard_at = max(contact.heard_at, report.received)
    if contact.listens != NEVER and has_returned(d, report):
        end_wait(runner, d)
    if contact.silent or contact.doubted or d.values is not d.raw:
        return _come_back(runner, d)
    if contact.due == inf:
        arm(runner, contact)
    return False


def _go_offline(runner: Runner, d: DeviceState, report: Report) -> None:
    if report.late or d.contact.offline_at is not None:
        return
    d.contact.offline_at = report.received
    d.now = max(d.now, report.received)
    runner.dirty_devices.add(d)
    hide(runner, d)


def _note_birth(runner: Runner, d: DeviceState, report: Report) -> bool:
    """Note a retained message: only a birth after a goodbye brings the device back."""
    return bool(report.online) and d.contact.offline_at is not None and _come_back(runner, d)


def _come_back(runner: Runner, d: DeviceState) -> bool:
    contact = d.contact
    if contact.offline_at is not None:
        contact.offline_at = None
        runner.dirty_devices.add(d)
    contact.silent = contact.doubted = False
    d.values = d.raw
    arm(runner, contact)
    return True
