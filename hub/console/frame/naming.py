"""What people call a place or a device."""

from __future__ import annotations

from collections.abc import Mapping

from hub.model.device import Device
from hub.model.place import Place

BUILDING = "building"


def device_name(device: Device) -> str:
    """Return the device's name, or its id where it has none."""
    return device.name or device.id


def place_name(path: str, places: Mapping[str, Place]) -> str:
    """Return a place's name; a nameless one is called by its last step."""
    place = places.get(path)
    return place.name if place and place.name else path.rpartition("/")[2]


def building_of(path: str, places: Mapping[str, Place]) -> str:
    """Return the building that a place lies in, or the place itself outside of buildings."""
    above = path
    while above:
        place = places.get(above)
        if place is not None and place.kind == BUILDING:
            return above
        above = above.rpartition("/")[0]
    return path
