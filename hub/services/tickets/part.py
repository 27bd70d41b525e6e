"""What of a ticket can get a ticket of its own: an alarm, a child, a report. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.model.alarm import Alarm, AlarmState, Severity
from hub.model.device import Device
from hub.model.ticket import Ticket, TicketFlag, plain_fault
from hub.model.trouble import OTHER, TROUBLE_BY_ID
from hub.model.whistle import Report
from hub.services.alarm import merge_evidence
from hub.services.tickets.consequence import Desk
from hub.services.tickets.transition import REPORTED

Both = dict[str, str]
_SEVERITIES = list(Severity)

NOT_IN_IT = {
    "zh": "这张工单里没有它：写一条告警、一个受影响的设备或一次报修的编号",
    "en": "the ticket does not hold it; name an alarm, a child or a report of it by its id",
}
ITS_OWN = {
    "zh": "工单就是为它开的，请拆出别的",
    "en": "the ticket is about this very thing; take another part off",
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a ticket that is to get its own; `last` says that nobody else has reported it."""

    report: Report
    last: bool


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves a ticket: alarms, children, and the `fields` of the ticket that they get.

    `apart` is never one fault with another; with what `unreports` goes the last reason to call
    anybody back.
    """

    fields: dict[str, Any]
    alarms: tuple[Alarm, ...] = ()
    children: tuple[str, ...] = ()
    apart: bool = False
    unreports: bool = False


def find_part(ticket: Ticket, name: str, desk: Desk, cleared: Alarm | None = None) -> Part | Both:
    """Return the alarm or child of that name, or in both languages why it cannot leave.

    A `cleared` alarm leaves as an open one does; nobody has looked at it yet, so its ticket says
    that it has recovered.
    """
    alarm = desk.index.alarm(name) or cleared
    if alarm and name in ticket.alarms:
        mine = ticket.source == "device" and alarm.uid == ticket.uid and alarm.rule == ticket.rule
        return ITS_OWN if mine else _of_alarms(ticket, (alarm,), desk)
    if name not in ticket.children:
        return NOT_IN_IT
    held = {*ticket.alarms}
    alarms = tuple(
        each
        for each in desk.index.open_alarms()
        if each.subject == name and (each.id in held or each.explained_by in held)
    )
    return _of_alarms(ticket, alarms, desk) if alarms else _of_child(ticket, name, desk)


def find_report(ticket: Ticket, told: Told, desk: Desk) -> Part | Both:
    """Return a report that has joined; who has said "the same" gets the ticket's own words."""
    report = told.report
    if not report.joined:
        return ITS_OWN
    device = find_device(report.subject, desk)
    fields = {
        **_words_of(ticket),
        "source": report.source.value,
        "rule": "",
        "subject": report.subject,
        "uid": device.uid if device else report.place,
        "place": report.place,
        "opened_at": report.at,
        "reported": report.call_back,
        "sign_by": report.hotline and report.hotline.sign_by,
        "handle_by": report.hotline and report.hotline.handle_by,
        **_trouble(report, device),
    }
    alone = told.last and not ticket.folded and ticket.source not in REPORTED
    return Part(fields=fields, apart=True, unreports=alone)


def find_device(name: str, desk: Desk) -> Device | None:
    """Return a device by its id."""
    return next((each for each in desk.devices.values() if each.id == name), None)


def _of_alarms(ticket: Ticket, alarms: tuple[Alarm, ...], desk: Desk) -> Part:
    """Make a part of alarms of one subject; the worst of them names the ticket."""
    lead = min(alarms, key=lambda each: (_SEVERITIES.index(each.severity), each.raised_at))
    others = [each for each in desk.index.open_alarms_of(ticket) if each not in alarms]
    explained = tuple(name for each in alarms for name in each.children)
    alone = not any(each.subject == lead.subject for each in others)
    fields = {
        **_spec_of(_folded(ticket, lead, desk) or ticket),
        **{name: getattr(lead, name) for name in ("subject", "uid", "place", "rule", "fault")},
        "title": lead.name,
        "severity": lead.severity,
        "opened_at": min(each.raised_at for each in alarms),
        "flags": (TicketFlag.RECOVERED,) if lead.state is AlarmState.CLEARED else (),
        "alarms": tuple(each.id for each in alarms),
        "children": explained,
        "evidence": merge_evidence((), tuple(one for each in alarms for one in each.evidence)),
    }
    children = (lead.subject, *explained) if alone else explained
    return Part(fields=fields, alarms=alarms, children=children)


def _of_child(ticket: Ticket, name: str, desk: Desk) -> Part:
    """Make a part of a child without an alarm of its own: it gets the ticket's own words."""
    device = find_device(name, desk)
    fields = {
        **_words_of(ticket),
        "rule": ticket.rule,
        "evidence": ticket.evidence,
        "subject": name,
        "uid": device.uid if device else name,
        "place": device.place if device else ticket.place,
        "opened_at": ticket.opened_at,
    }
    return Part(fields=fields, children=(name,))


def _trouble(report: Report, device: Device | None) -> dict[str, Any]:
    """Return what the words of a report make of its ticket; nothing where it names nothing."""
    trouble = TROUBLE_BY_ID.get(report.category)
    if trouble is None or trouble.id == OTHER:
        return {}
    return {
        "title": trouble.texts,
        "severity": trouble.severity,
        "fault": trouble.fault_of(device.kind if device else ""),
        "urgency": trouble.spec.urgency,
        "planned": "",
        "class_": trouble.spec.class_,
        "trade": trouble.trade,
        "report": trouble.spec.report,
    }


def _folded(ticket: Ticket, alarm: Alarm, desk: Desk) -> Ticket | None:
    """Return the ticket with which an alarm came into this one, while it is at hand."""
    found = desk.index.find_ticket(alarm.uid, alarm.fault)
    return found if found and found.folded_into == ticket.number else None


def _words_of(ticket: Ticket) -> dict[str, Any]:
    return {
        **_spec_of(ticket),
        "title": ticket.title,
        "severity": ticket.severity,
        "fault": plain_fault(ticket.fault),
    }


def _spec_of(ticket: Ticket) -> dict[str, Any]:
    names = ("urgency", "class_", "trade", "report", "planned")
    return {name: getattr(ticket, name) for name in names}
