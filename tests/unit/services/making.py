"""Makes the nouns that tests of the services need, with everything unimportant filled in."""

from __future__ import annotations

from typing import Any

from hub.model.access import Identity, Role
from hub.model.alarm import Action, Class, Decision, Evidence, Severity, TicketSpec, Urgency
from hub.model.device import Device, DeviceUid, Kind, LinkState
from hub.model.report import Quality, Sample, Value
from hub.model.ticket import Ticket, TicketAction, TicketStep
from hub.ports import DeviceView, PointView, Snapshot
from hub.services.tickets.desk_book import DeskBook
from hub.services.tickets.ticket import open_ticket

NOW = 1_764_000_000.0
"""2025-11-25 00:00:00 in the community."""
HOUR = 3600.0
URGENT = TicketSpec(urgency=Urgency.URGENT)
NAME = {"zh": "道闸长时间不落杆", "en": "Barrier stays open"}
WHY = {"zh": "已开 3 分钟", "en": "open for 3 minutes"}


def make_device(name: str = "gate-1", **fields: object) -> Device:
    given = {
        "uid": DeviceUid(f"d_{name}"),
        "id": name,
        "address": name,
        "kind": Kind.BARRIER_GATE,
        "model": "gate-x",
        "place": "guanshan/a/west",
    }
    return Device(**(given | fields))


def decide(action: Action = Action.RAISE, subject: str = "d_gate-1", **fields: object) -> Decision:
    given = {
        "action": action,
        "subject": subject,
        "rule": "barrier-stuck-open",
        "fault": "gate.stuck_open",
        "name": NAME,
        "severity": Severity.MAJOR,
        "at": NOW,
        "reason": WHY,
        "evidence": (Evidence(point="arm.position", value="open", at=NOW),),
        "ticket": TicketSpec(urgency=Urgency.NORMAL, class_=Class.GENERAL, trade="gate"),
    }
    return Decision(**(given | fields))


def make_ticket(**fields: object) -> Ticket:
    return open_ticket(
        decide(**fields),
        alarm_id="A0000000001",
        device=make_device(),
        place="",
        subject_id="gate-1",
        number="GS-20251125-0001",
        now=NOW,
        test=False,
    )


def wish(do: str, actor: str = "wang", role: str = "crew", **fields: object) -> TicketStep:
    fields["extra"] = fields.get("extra") or {}
    return TicketStep(do=TicketAction(do), actor=actor, role=role, at=NOW, **fields)


def make_snapshot(**fields: object) -> Snapshot:
    given: dict[str, Any] = {
        name: [] for name in ("points", "cursors", "heard", "states", "alarms", "tickets")
    }
    return Snapshot(**(given | {"commands": [], "last_seq": 0, "last_ticket": {}} | fields))


def make_book(*devices: Device, **fields: object) -> DeskBook:
    book = DeskBook(make_snapshot(**fields), prefix="GS")
    book.set_devices({device.uid: device for device in devices or (make_device(),)})
    return book


def make_view(device: Device | None = None, **fields: object) -> DeviceView:
    given = {
        "device": device or make_device(),
        "link": LinkState.ONLINE,
        "heard_at": NOW,
        "points": {
            "arm.position": PointView(value="closed", unit="", quality=Quality.GOOD, at=NOW)
        },
    }
    return DeviceView(**(given | fields))


def sample(point: str, value: Value, quality: Quality = Quality.GOOD) -> Sample:
    return Sample(point, value, quality)


GUARD = Identity(name="zhao", role=Role.GUARD)
