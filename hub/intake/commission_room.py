"""The sheets of devices that are commissioned, and the states of all: changed in the one loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.intake.batch import Batch
from hub.model.acceptance import Acceptance, Fault, Progress, Signature, StateChange
from hub.model.access import Identity
from hub.model.alarm import Decision
from hub.model.device import Device, DeviceUid, Lifecycle
from hub.model.journal import Draft
from hub.services.commission import acceptance
from hub.services.commission.lifecycle import check_change
from hub.services.commission.state_book import device_documents, sheet_document

FaultsOf = Callable[[str], Sequence[Fault]]
"""Returns the rules that watch a device (uid)."""
PutDevice = Callable[[Device, Batch], None]
"""Has a device count in its other state from now on."""
HUB = "hub"


class CommissionNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What was stored of acceptance, and the states that the site's sheet has, by uid."""

    sheets: Sequence[Acceptance] = ()
    written: Mapping[DeviceUid, Lifecycle] = {}


class CommissionRoom:
    """Holds every sheet, oldest first; what changes goes into the batch."""

    def __init__(
        self,
        needs: CommissionNeeds,
        devices: Sequence[Device],
        *,
        faults_of: FaultsOf,
        put_device: PutDevice,
    ) -> None:
        self._devices = {device.id: device for device in devices}
        self._ids = {device.uid: device.id for device in devices}
        self._written = needs.written
        self._faults_of = faults_of
        self._put_device = put_device
        self._sheets: dict[str, list[Acceptance]] = {}
        for sheet in needs.sheets:
            self._sheets.setdefault(sheet.uid, []).append(sheet)

    def find(self, device_id: str, who: Identity) -> Device:
        """Return a device, or raise NotFoundError: a foreign one is as if it were not there."""
        device = self._devices.get(device_id)
        if device is None or not who.may_see(device.place):
            raise NotFoundError(
                f"there is no device {device_id!r}; see /api/v1/devices",
                zh=f"没有设备 {device_id}。",
            )
        return device

    def state_of(self, uid: str) -> Lifecycle:
        """Return the state of a device; what is in no book is retired."""
        device_id = self._ids.get(DeviceUid(uid))
        return self._devices[device_id].state if device_id else Lifecycle.RETIRED

    def sheets_of(self, device: Device) -> Sequence[Acceptance]:
        """Return the sheets of a device, oldest first."""
        return self._sheets.get(device.uid, ())

    def known(self) -> list[Device]:
        """Return the devices that have a sheet."""
        return [device for device in self._devices.values() if self._sheets.get(device.uid)]

    def faults_of(self, device: Device) -> Sequence[Fault]:
        """Return the rules that watch a device now."""
        return self._faults_of(device.uid)

    def begin(self, batch: Batch) -> None:
        """Bring sheets in line with what the site's sheet says of states at a start."""
        for device in self._devices.values():
            trying = device.state is Lifecycle.COMMISSIONING
            if trying and self._open_sheet(device) is None:
                self._begin_sheet(device, HUB, batch)
            elif not trying:
                self._give_up(device, batch)

    def hear(self, decision: Decision, batch: Batch) -> None:
        """Note what a rule says of a device that is being commissioned."""
        device_id = self._ids.get(DeviceUid(decision.subject))
        device = self._devices[device_id] if device_id else None
        if device is None or device.state is not Lifecycle.COMMISSIONING:
            return
        sheet = self._open_sheet(device)
        if sheet is None:
            return
        versions = {fault.rule: fault.version for fault in self.faults_of(device)}
        noted = acceptance.note_decision(sheet, decision, versions.get(decision.rule, ""))
        if noted is not sheet:
            self._keep(noted, batch)

    def change(
        self, device_id: str, to: Lifecycle, why: str, who: Identity, batch: Batch
    ) -> Device:
        """Put a device into another state, with a reason."""
        device = self.find(device_id, who)
        check_change(device, to)
        why = acceptance.read_text(why, "why")
        if not why:
            raise InvalidRequestError(
                f"{device_id}: say why",
                problems={"why": "say why"},
                zh=f"{device_id}：请写明理由。",
            )
        self._give_up(device, batch)
        changed = self._move(device, to, batch, why=why, actor=who.name)
        if to is Lifecycle.COMMISSIONING:
            self._begin_sheet(changed, who.name, batch)
        return changed

    def excuse(self, device_id: str, rule: str, why: str, who: Identity, batch: Batch) -> Device:
        """Leave out a fault that cannot be tried; an empty reason takes that back."""
        device = self.find(device_id, who)
        sheet, faults = self._sheet_at_hand(device), self.faults_of(device)
        excused = acceptance.excuse(sheet, faults, rule, why=why, actor=who.name, now=batch.now)
        self._keep(excused, batch)
        said = {"number": sheet.number, "rule": rule, "why": why.strip()}
        kind = "acceptance.excused" if why.strip() else "acceptance.excuse_withdrawn"
        batch.record([_draft(kind, device, who.name, batch.now, said)])
        return device

    def sign(
        self, device_id: str, accompanied: str, note: str, who: Identity, batch: Batch
    ) -> Device:
        """Accept a device: its sheet is signed, and it is in service."""
        device = self.find(device_id, who)
        sheet, faults = self._sheet_at_hand(device), self.faults_of(device)
        signature = Signature(
            actor=who.name,
            accompanied=acceptance.read_text(accompanied, "accompanied"),
            note=acceptance.read_text(note, "note"),
            at=batch.now,
        )
        signed = acceptance.sign(sheet, faults, signature)
        self._keep(signed, batch)
        counts = [line.progress for line in acceptance.write_lines(signed, faults)]
        said = {
            "number": signed.number,
            "accompanied": signature.accompanied,
            "note": signature.note,
            "tried": counts.count(Progress.TRIED),
            "excused": counts.count(Progress.EXCUSED),
        }
        batch.record([_draft("acceptance.signed", device, who.name, batch.now, said)])
        why = f"acceptance sheet {signed.number}"
        return self._move(device, Lifecycle.IN_SERVICE, batch, why=why, actor=who.name)

    def _move(self, device: Device, to: Lifecycle, batch: Batch, *, why: str, actor: str) -> Device:
        change = StateChange(
            uid=device.uid,
            device=device.id,
            state=to,
            written=self._written.get(device.uid, device.state),
            at=batch.now,
            actor=actor,
            why=why,
        )
        changed = msgspec.structs.replace(device, state=to)
        self._devices[device.id] = changed
        batch.changes.documents.extend(device_documents(changed, change))
        data = {"from": device.state.value, "to": to.value, "why": why}
        batch.record([_draft("device.state_changed", device, actor, batch.now, data)])
        batch.touched.add(device.uid)
        self._put_device(changed, batch)
        return changed

    def _sheet_at_hand(self, device: Device) -> Acceptance:
        sheet = self._open_sheet(device)
        if sheet is None:
            raise ConflictError(
                f"{device.id} is {device.state}, not being commissioned",
                zh=f"{device.id} 不在调试中。",
            )
        return sheet

    def _open_sheet(self, device: Device) -> Acceptance | None:
        sheets = self._sheets.get(device.uid)
        return sheets[-1] if sheets and sheets[-1].ended_at is None else None

    def _begin_sheet(self, device: Device, actor: str, batch: Batch) -> None:
        sheets = self._sheets.setdefault(device.uid, [])
        sheet = Acceptance(
            uid=device.uid,
            device=device.id,
            number=len(sheets) + 1,
            begun_at=batch.now,
            begun_by=actor,
        )
        sheets.append(sheet)
        batch.changes.documents.append(sheet_document(sheet, batch.now))

    def _give_up(self, device: Device, batch: Batch) -> None:
        sheet = self._open_sheet(device)
        if sheet is not None:
            self._keep(acceptance.end(sheet, self.faults_of(device), batch.now), batch)

    def _keep(self, sheet: Acceptance, batch: Batch) -> None:
        self._sheets[sheet.uid][-1] = sheet
        batch.changes.documents.append(sheet_document(sheet, batch.now))
        batch.touched.add(sheet.uid)


def _draft(kind: str, device: Device, actor: str, now: float, data: Mapping[str, Any]) -> Draft:
    return Draft(
        at=now, type=kind, subject=device.id, actor=actor, place=device.place, data=dict(data)
    )
