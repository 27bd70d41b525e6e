"""What a repairer needs of the books: number, vendor, phone, warranty, and the emergency card."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hub.model.device import Device
from hub.model.instant import local_day
from hub.model.place import Place


class AssetCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the asset book (设备台账) says; empty where it says nothing.

    `in_warranty` (质保内) is None where nobody knows; `emergency_card` says where the manual
    release and its key are, and stands on tickets about danger to life alone.
    """

    number: str = ""
    vendor: str = ""
    vendor_phone: str = ""
    warranty_until: str = ""
    in_warranty: bool | None = None
    emergency_card: str = ""


_COLUMNS = {
    "number": ("number",),
    "vendor": ("vendor",),
    "vendor_phone": ("vendor_phone", "phone"),
    "warranty_until": ("warranty_until", "warranty_end"),
}
"""Field → the columns of `devices.csv` that it is read from, the first that is filled in."""


def read_card(
    device: Device | None, places: Mapping[str, Place], place: str, *, now: float, grave: bool
) -> AssetCard:
    """Return the card of a device, or of a place where there is none; `grave` is danger to life."""
    columns = device.attributes if device else {}
    found = {field: _first(columns, names) for field, names in _COLUMNS.items()}
    end = found["warranty_until"].replace("-", "")
    return AssetCard(
        **found,
        in_warranty=end >= local_day(now) if end else None,
        emergency_card=_emergency(columns, places, place) if grave else "",
    )


def _first(columns: Mapping[str, object], names: tuple[str, ...]) -> str:
    return next((str(columns[name]) for name in names if columns.get(name)), "")


def _emergency(columns: Mapping[str, object], places: Mapping[str, Place], path: str) -> str:
    """Return the device's own card, or that of the nearest place above it."""
    card = _first(columns, ("emergency_card",))
    while not card and path:
        if place := places.get(path):
            card = _first(place.attributes, ("emergency_card",))
        path = path.rpartition("/")[0]
    return card
