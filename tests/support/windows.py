"""A book of windows without a hub: what it has counted is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.clock import Clock
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from hub.model.window import Window
from hub.ports import Document
from hub.services.window_book import WindowBook

PLACES = {path: Place(path=path, name=path) for path in ("g", "g/a", "g/a/b1", "g/b")}


class Counted:
    """What counts, and what was stored with it."""

    def __init__(self) -> None:
        self.windows: Sequence[Window] = ()
        self.documents: list[Document] = []
        self.entries: list[tuple[str, str, str, dict[str, Any]]] = []

    async def put(
        self,
        windows: Sequence[Window],
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]],
    ) -> None:
        """Keep everything."""
        self.windows = windows
        self.documents += documents
        self.entries += entries


def make_device(name: str, place: str, kind: Kind = Kind.UNIT_DOOR) -> Device:
    """Make a device whose id is its name."""
    uid = DeviceUid(f"u-{name}")
    return Device(uid=uid, id=name, address=name, kind=kind, model="x", place=place)


DEVICES = [
    make_device("door-1", "g/a/b1"),
    make_device("gate-1", "g/a", Kind.BARRIER_GATE),
    make_device("door-9", "g/b"),
]


def make_windows(
    clock: Clock,
    counted: Counted | None = None,
    *,
    devices: Sequence[Device] = DEVICES,
    places: Mapping[str, Place] = PLACES,
) -> WindowBook:
    """Make an empty book, for a site of two compounds if no other is given."""
    put = (counted or Counted()).put
    return WindowBook({}, devices=devices, places=places, put=put, clock=clock)
