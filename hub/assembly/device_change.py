"""Another id, or other hardware, for a device of the books: each a load of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from hub.assembly.site_books import SWAPPED, hardware_of, swap_document
from hub.assembly.site_ledger import Ledger
from hub.errors import ConfigError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.catalogue import DeviceModel, PointType
from hub.model.device import Device
from hub.model.instant import from_rfc3339
from hub.model.kinds import HUB_MADE_POINTS
from hub.model.site_load import SiteLoad
from hub.model.spelling import suggest
from hub.model.swap import SWAPS, Swap, next_number, read_swaps
from hub.ports import DeviceView, Document
from hub.ports.site import HardwareSwap, Renaming, SiteProof
from hub.services.commission.state_book import DEVICES
from hub.services.sheets.checking import check_workbook, edit_rows

OLDEST = 7 * 86_400.0
"""Seconds that a swap may be past when it is told."""
TREES = ("upstream", "power")
Cells = Mapping[str, str]


async def rename_device(
    ledger: Ledger, device_id: str, renaming: Renaming, who: Identity
) -> SiteLoad:
    """Give a device another id; see `hub.ports.site.SiteOffice.rename`."""
    device = await _find(ledger, device_id)
    if renaming.again != device_id or renaming.id == device_id or not renaming.why.strip():
        raise InvalidRequestError(
            f"to rename {device_id}, write its id once more, another one, and why",
            problems={"again": device_id, "id": "another one", "why": "needed"},
            zh=f"改编号：请再写一遍现在的编号 {device_id}，写上新编号和原因。",
        )

    def edit(cells: Cells) -> Cells:
        found = dict(cells)
        for column in ("id", *TREES):
            if found.get(column) == device_id:
                found[column] = renaming.id
        return found

    known = {**await ledger.known(), renaming.id: device.uid}
    proof = await _prove(ledger, edit, f"改编号 {device_id}", known)
    told = {"from": device_id, "why": renaming.why.strip()}
    named = msgspec.structs.replace(device, id=renaming.id, name=_name(device, renaming.id))
    return await _keep(
        ledger,
        proof,
        (f"改编号 {device_id} → {renaming.id}", who),
        [_device_document(named, ledger.clock.now())],
        ("device.renamed", renaming.id, who.name, told),
    )


async def swap_hardware(
    ledger: Ledger, device_id: str, swap: HardwareSwap, who: Identity, view: DeviceView | None
) -> SiteLoad:
    """Note that other hardware stands there; see `hub.ports.site.SiteOffice.swap`."""
    device = await _find(ledger, device_id)
    changed = {
        name: value
        for name in ("link", "address", "model")
        if (value := getattr(swap, name)) is not None
    }
    serial = {} if swap.serial is None else {"serial": swap.serial}

    def edit(cells: Cells) -> Cells:
        return {**cells, **changed, **serial} if cells["id"] == device_id else cells

    proof = await _prove(ledger, edit, f"换设备 {device_id}", await ledger.known())
    new = msgspec.structs.replace(device, **changed, attributes={**device.attributes, **serial})
    closing = _closing(swap, view)
    _check_counters("closing", closing, ledger.models.get(device.model))
    _check_counters("opening", swap.opening, ledger.models[new.model])
    before = read_swaps(await ledger.books.documents(SWAPS)).get(device.uid, [])
    mark = Swap(
        uid=device.uid,
        number=next_number(before),
        at=_read_instant(swap, before, ledger.clock.now()),
        actor=who.name,
        closing=closing,
        opening=swap.opening,
    )
    told: dict[str, Any] = {
        "from": hardware_of(device) | {"serial": str(device.attributes.get("serial", ""))},
        "to": hardware_of(new) | {"serial": str(new.attributes.get("serial", ""))},
        "closing": closing,
        "opening": swap.opening,
        "why": swap.why.strip(),
    }
    return await _keep(
        ledger,
        proof,
        (f"换设备 {device_id}", who),
        [_device_document(new, ledger.clock.now()), swap_document(mark)],
        (SWAPPED, device_id, who.name, told),
    )


async def _find(ledger: Ledger, device_id: str) -> Device:
    stored = await ledger.books.documents(DEVICES)
    rows = await _rows(ledger)
    if device_id not in stored or device_id not in rows:
        raise NotFoundError(
            f"the books have no device {device_id!r}; {suggest(device_id, rows)}",
            zh=f"台账里没有设备 {device_id}。",
        )
    return msgspec.json.decode(stored[device_id], type=Device)


async def _rows(ledger: Ledger) -> list[str]:
    found: list[str] = []

    def look(rows: Sequence[Cells]) -> Sequence[Cells]:
        found.extend(cells["id"] for cells in rows)
        return rows

    edit_rows(await ledger.sheets(), "devices", look)
    return found


async def _prove(
    ledger: Ledger, edit: Callable[[Cells], Cells], file: str, known: Mapping[str, Any]
) -> SiteProof:
    ground = msgspec.structs.replace(await ledger.ground(), known=known)
    reading = edit_rows(ground.sheets, "devices", lambda rows: [edit(cells) for cells in rows])
    ground = msgspec.structs.replace(ground, renaming=True)
    return await asyncio.to_thread(check_workbook, reading, file, ground)


async def _keep(
    ledger: Ledger,
    proof: SiteProof,
    named: tuple[str, Identity],
    papers: Sequence[Document],
    line: tuple[str, str, str, dict[str, Any]],
) -> SiteLoad:
    if proof.sheets is None:
        raise ConfigError(*proof.problems)
    file, who = named
    return (await ledger.keep(proof, proof.sheets, file, who, papers=papers, lines=[line])).load


def _name(device: Device, new: str) -> str:
    """A device without a name of its own is called by its id."""
    return new if device.name == device.id else device.name


def _closing(swap: HardwareSwap, view: DeviceView | None) -> dict[str, float]:
    """Return the last readings of the old hardware: as told, else as they stand."""
    found: dict[str, float] = {}
    for point in swap.opening:
        known = view.points.get(point) if view else None
        if known is not None and isinstance(known.value, int | float):
            found[point] = float(known.value)
    return {**found, **swap.closing}


def _check_counters(what: str, readings: Mapping[str, float], model: DeviceModel | None) -> None:
    points = model.points if model else {}
    counters = [
        name
        for name, spec in points.items()
        if spec.type is PointType.COUNTER and name not in HUB_MADE_POINTS
    ]
    for point, value in readings.items():
        if point not in counters or value < 0:
            raise InvalidRequestError(
                f"{what}: {point} = {value:g} is no reading of a counter;"
                f" {suggest(point, counters)}",
                problems={what: point},
                zh=f"{point} 不是表的累计读数，或者读数是负的。",
            )


def _read_instant(swap: HardwareSwap, before: Sequence[Swap], now: float) -> float:
    try:
        at = from_rfc3339(swap.at) if swap.at else now
    except ValueError:
        at = -1.0
    oldest = max([now - OLDEST, *(each.at for each in before)])
    if not oldest <= at <= now or not swap.why.strip():
        raise InvalidRequestError(
            "say why, and when: within the last 7 days, behind the swap before, and not to come",
            problems={"at": "2026-11-30T10:00:00+08:00", "why": "needed"},
            zh="请写原因；时间要在最近 7 天内、上一次换之后，不能是将来。",
        )
    return at


def _device_document(device: Device, now: float) -> Document:
    body = msgspec.json.encode(device)
    return Document(collection=DEVICES, key=device.id, body=body, at=now)
