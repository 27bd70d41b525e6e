"""The states of devices that were changed while the hub ran, over those of the site's sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from hub.errors import Problem
from hub.model.acceptance import Acceptance, StateChange
from hub.model.device import Device, DeviceUid, Lifecycle
from hub.ports import Document
from hub.services.registry import Site

DEVICES = "device"
"""The collection of devices as they stand in the books, by id."""
DEVICE_STATES = "device_state"
"""The collection of changed states, by uid."""
ACCEPTANCES = "acceptance"
"""The collection of acceptance sheets, by uid and number."""


class Standing(NamedTuple):
    """A site whose devices have the states that count, and what its sheet says of them."""

    site: Site
    written: Mapping[DeviceUid, Lifecycle]
    problems: tuple[Problem, ...]


def stand(site: Site, changes: Mapping[str, bytes], file: str) -> Standing:
    """Put changed states over the sheet's; a sheet that was edited since is told so."""
    known = [msgspec.json.decode(body, type=StateChange) for body in changes.values()]
    by_uid = {change.uid: change for change in known}
    devices = [_put(device, by_uid.get(device.uid)) for device in site.devices]
    return Standing(
        site=msgspec.structs.replace(site, devices=tuple(devices)),
        written={device.uid: device.state for device in site.devices},
        problems=tuple(
            _tell(device, change, file)
            for device in site.devices
            if (change := by_uid.get(device.uid))
            and device.state not in {change.written, change.state}
        ),
    )


def read_sheets(documents: Mapping[str, bytes]) -> list[Acceptance]:
    """Read the stored sheets, the oldest of each device first."""
    found = [msgspec.json.decode(body, type=Acceptance) for body in documents.values()]
    return sorted(found, key=lambda sheet: (sheet.device, sheet.number))


def sheet_document(sheet: Acceptance, now: float) -> Document:
    """Write a sheet for the store."""
    key = f"{sheet.uid}/{sheet.number:04}"
    body = msgspec.json.encode(sheet)
    return Document(collection=ACCEPTANCES, key=key, body=body, at=now)


def device_documents(device: Device, change: StateChange) -> list[Document]:
    """Write a change for the store, and the device as it stands in the books by it."""
    said, book = msgspec.json.encode(change), msgspec.json.encode(device)
    return [
        Document(collection=DEVICE_STATES, key=device.uid, body=said, at=change.at),
        Document(collection=DEVICES, key=device.id, body=book, at=change.at),
    ]


def _put(device: Device, change: StateChange | None) -> Device:
    return device if change is None else msgspec.structs.replace(device, state=change.state)


def _tell(device: Device, change: StateChange, file: str) -> Problem:
    return Problem(
        file=file,
        message=f"{device.id}: state '{device.state}' does not count, since {change.actor} has"
        f" made it '{change.state}' on the hub",
        hint=f"change it on the page of {device.id}, or write '{change.state}' here",
    )
