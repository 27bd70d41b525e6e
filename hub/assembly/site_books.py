"""Keeps the site's books in the store, so that a device's uid outlives its line in the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hub.model.device import Device, DeviceUid
from hub.model.swap import SWAPS, Swap, next_number, read_swaps
from hub.ports import Document
from hub.services.commission.state_book import DEVICE_STATES, DEVICES
from hub.services.registry import Site
from hub.store.peek import read_collection

SWAPPED = "device.swapped"
Entries = list[tuple[str, str, str, dict[str, Any]]]


def known_uids(stored: Mapping[str, bytes]) -> dict[str, DeviceUid]:
    """Map the ids of devices that were ever in the books to their uids."""
    return {key: msgspec.json.decode(body, type=Device).uid for key, body in stored.items()}


def stored_books(path: Path) -> tuple[dict[str, DeviceUid], dict[str, bytes]]:
    """Return the uids of known devices and the changed states of a store; nothing of a new one."""
    if not path.is_file():
        return {}, {}
    return known_uids(read_collection(path, DEVICES)), read_collection(path, DEVICE_STATES)


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What a start finds new in the books; `swaps` are all of them, by uid."""

    documents: list[Document]
    entries: Entries
    swaps: dict[str, list[Swap]]


def site_news(
    site: Site, stored: Mapping[str, bytes], swaps: Mapping[str, bytes], now: float
) -> News:
    """Compare the books with what is stored; other hardware is a swap, whoever wrote it."""
    documents, entries = site_documents(site, stored, now)
    found = read_swaps(swaps)
    swapped = {subject for kind, subject, _, _ in entries if kind == SWAPPED}
    for device in site.devices:
        if device.id in swapped:
            some = found.setdefault(device.uid, [])
            swap = Swap(uid=device.uid, number=next_number(some), at=now, actor="hub")
            some.append(swap)
            documents.append(swap_document(swap))
    return News(documents=documents, entries=entries, swaps=found)


def swap_document(swap: Swap) -> Document:
    """Write a swap for the store."""
    body = msgspec.json.encode(swap)
    return Document(collection=SWAPS, key=swap.key, body=body, at=swap.at)


def site_documents(
    site: Site, stored: Mapping[str, bytes], now: float
) -> tuple[list[Document], Entries]:
    """Return the documents that differ from what is stored, and a journal entry for each."""
    documents: list[Document] = []
    entries: Entries = []
    for device in site.devices:
        body = msgspec.json.encode(device)
        if stored.get(device.id) == body:
            continue
        documents.append(Document(collection=DEVICES, key=device.id, body=body, at=now))
        entries.append(_entry(device, stored.get(device.id)))
    return documents, entries


def _entry(device: Device, before: bytes | None) -> tuple[str, str, str, dict[str, Any]]:
    """Say what has become of a device: other hardware under the same id is a swap."""
    data: dict[str, Any] = {"kind": device.kind, "place": device.place}
    if before is None:
        return "device.adopted", device.id, "hub", data
    old = hardware_of(msgspec.json.decode(before, type=Device))
    new = hardware_of(device)
    if old == new:
        return "device.changed", device.id, "hub", data
    return SWAPPED, device.id, "hub", data | {"from": old, "to": new}


def hardware_of(device: Device) -> dict[str, str]:
    """Return what a device is heard by."""
    return {"link": device.link, "address": device.address, "model": device.model}
