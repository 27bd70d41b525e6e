"""The hub in its own books: the subject of what it finds at its broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from hub.model.place import Place
from hub.services.registry import Site

HUB_ID = "hub"
HUB_MODEL = "lingdang-hub"
HUB_LINK = "hub"
"""No link of that name exists: nobody can speak as the hub, and its silence is not judged."""


def find_hub(devices: Iterable[Device]) -> Device | None:
    """Return the hub among the devices: the first of that kind that is in use."""
    idle = {Lifecycle.PLANNED, Lifecycle.RETIRED}
    own = (each for each in devices if each.kind is Kind.HUB and each.state not in idle)
    return next(own, None)


def add_hub(site: Site, known: Mapping[str, DeviceUid]) -> Site:
    """Add the hub, at the topmost place, unless the sheet has one or nowhere to put it.

    `known` maps ids of known devices to their uids.
    """
    taken = any(device.id == HUB_ID or device.kind is Kind.HUB for device in site.devices)
    if taken or not site.places:
        return site
    own = _make_hub(site.places, known.get(HUB_ID, DeviceUid(HUB_ID)))
    return msgspec.structs.replace(site, devices=(*site.devices, own))


def _make_hub(places: Mapping[str, Place], uid: DeviceUid) -> Device:
    return Device(
        uid=uid,
        id=HUB_ID,
        address=HUB_ID,
        kind=Kind.HUB,
        model=HUB_MODEL,
        place=min(places, key=lambda path: (path.count("/"), path)),
        link=HUB_LINK,
        name="铃铛主机",
    )
