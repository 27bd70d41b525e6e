"""The door for what people do with devices that come into service, and leave it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.errors import NotFoundError
from hub.intake.batch import Batch
from hub.intake.commission_room import CommissionNeeds, CommissionRoom
from hub.intake.inbox import BoundedInbox
from hub.intake.judge import Judge
from hub.intake.reception import Reception
from hub.model.acceptance import Acceptance, Fault, Line
from hub.model.access import Identity
from hub.model.device import Device, Lifecycle
from hub.ports.commission import AcceptanceView
from hub.services.commission.acceptance import find_missing, write_lines
from hub.services.commission.lifecycle import IDLE
from rules.engine import Engine
from rules.rule import Rule, fingerprint

HOUSEHOLD = "household"
"""The scope of a meter that is one family's."""


class CommissionDesk:
    """Implements `hub.ports.CommissionOffice`; a call returns once its effect is in the store."""

    def __init__(self, room: CommissionRoom, inbox: BoundedInbox) -> None:
        self._room = room
        self._inbox = inbox

    def is_polled(self, uid: str) -> bool:
        """Tell whether a device is there, so that a link asks it."""
        return self._room.state_of(uid) not in IDLE

    def sheets(self, who: Identity) -> Sequence[AcceptanceView]:
        """Return the newest sheet of each device that ever was commissioned, open ones first."""
        mine = [device for device in self._room.known() if who.may_see(device.place)]
        views = [self._view(device, self._room.sheets_of(device)[-1]) for device in mine]
        return sorted(views, key=lambda view: (view.sheet.ended_at or 0.0, view.sheet.device))

    def sheet(self, device_id: str, who: Identity, number: int = 0) -> AcceptanceView:
        """Return one sheet of a device, the newest for 0."""
        device = self._room.find(device_id, who)
        sheets = self._room.sheets_of(device)
        found = [each for each in sheets if number in {0, each.number}]
        if not found:
            raise NotFoundError(
                f"{device_id} has no acceptance sheet{f' {number}' if number else ''};"
                " one begins with its commissioning",
                zh=f"{device_id} 没有这份验收单。开始调试时会自动建立。",
            )
        return self._view(device, found[-1])

    async def change(self, device_id: str, to: Lifecycle, why: str, who: Identity) -> Device:
        """Put a device into another state; ConflictError where it cannot follow."""

        def act(batch: Batch) -> Device:
            return self._room.change(device_id, to, why, who, batch)

        changed: Device = await self._inbox.perform(act)
        return changed

    async def excuse(self, device_id: str, rule: str, why: str, who: Identity) -> AcceptanceView:
        """Leave out a fault that cannot be tried; an empty reason takes that back."""
        await self._inbox.perform(lambda batch: self._room.excuse(device_id, rule, why, who, batch))
        return self.sheet(device_id, who)

    async def sign(
        self, device_id: str, accompanied: str, note: str, who: Identity
    ) -> AcceptanceView:
        """Accept a device, which puts it in service; ConflictError while faults are missing."""
        await self._inbox.perform(
            lambda batch: self._room.sign(device_id, accompanied, note, who, batch)
        )
        return self.sheet(device_id, who)

    def _view(self, device: Device, sheet: Acceptance) -> AcceptanceView:
        lines = write_lines(sheet, self._room.faults_of(device))
        if device.attributes.get("scope") == HOUSEHOLD:
            lines = tuple(_withhold(line) for line in lines)
        return AcceptanceView(
            sheet=sheet,
            place=device.place,
            lines=lines,
            missing=len(find_missing(lines)),
            numbers=tuple(each.number for each in self._room.sheets_of(device)),
        )


def _withhold(line: Line) -> Line:
    """Take out the readings: they are a family's business."""
    attempts = (msgspec.structs.replace(each, evidence=(), reason={}) for each in line.attempts)
    return msgspec.structs.replace(line, attempts=tuple(attempts))


def open_commission(
    needs: CommissionNeeds,
    devices: Sequence[Device],
    *,
    engine: Engine,
    judge: Judge,
    reception: Reception,
    inbox: BoundedInbox,
) -> CommissionDesk:
    """Open the door on what is stored; the judge tells the room what rules say."""

    def put_device(device: Device, batch: Batch) -> None:
        reception.put_device(device)
        judge.put_device(device, batch)

    def faults_of(uid: str) -> list[Fault]:
        return [_fault(rule) for rule in engine.watching(uid)]

    room = CommissionRoom(needs, devices, faults_of=faults_of, put_device=put_device)
    judge.witness = room.hear
    inbox.post(room.begin)
    return CommissionDesk(room, inbox)


def _fault(rule: Rule) -> Fault:
    return Fault(
        rule=rule.id,
        fault=rule.fault,
        name=rule.name,
        severity=rule.severity,
        trial=rule.trial,
        version=fingerprint(rule),
    )
