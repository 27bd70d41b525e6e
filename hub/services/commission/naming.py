"""Devices under another id: which ids they had before, and what stands under those follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hub.model.alarm import Alarm
from hub.model.device import Device, DeviceUid
from hub.model.ticket import Ticket
from hub.ports import Snapshot


def find_old_names(devices: Iterable[Device], known: Mapping[str, DeviceUid]) -> dict[str, str]:
    """Return old id → id of now; `known` maps ids that were ever in the books to uids."""
    now = {device.uid: device.id for device in devices}
    in_use = set(now.values())
    return {name: now[uid] for name, uid in known.items() if uid in now and name not in in_use}


def follow_snapshot(snapshot: Snapshot, old_names: Mapping[str, str]) -> Snapshot:
    """Return it with open alarms and tickets under the ids of now."""
    if not old_names:
        return snapshot
    return msgspec.structs.replace(
        snapshot,
        alarms=[_follow_alarm(alarm, old_names) for alarm in snapshot.alarms],
        tickets=[_follow_ticket(ticket, old_names) for ticket in snapshot.tickets],
    )


def _follow_alarm(alarm: Alarm, old_names: Mapping[str, str]) -> Alarm:
    if alarm.subject not in old_names:
        return alarm
    return msgspec.structs.replace(alarm, subject=old_names[alarm.subject])


def _follow_ticket(ticket: Ticket, old_names: Mapping[str, str]) -> Ticket:
    names = (ticket.subject, *ticket.children)
    if not any(name in old_names for name in names):
        return ticket
    subject, *children = (old_names.get(name, name) for name in names)
    return msgspec.structs.replace(ticket, subject=subject, children=tuple(children))
