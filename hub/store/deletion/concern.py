"""What an event is about, and so for how long it is kept: its name says it (docs/adr/0019)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from hub.model.catalogue import DeviceModel
from hub.model.device import Kind
from hub.model.kinds import ABOUT_PEOPLE, ABOUT_VEHICLES, CORE_EVENTS
from hub.store.seals.day_key import Shelf


class Concern(StrEnum):
    """What is kept for a time of its own."""

    DEVICES = "device_events"
    PEOPLE = "access_events"
    VEHICLES = "vehicle_events"


_KINDS = {
    **dict.fromkeys(ABOUT_PEOPLE, Concern.PEOPLE),
    **dict.fromkeys(ABOUT_VEHICLES, Concern.VEHICLES),
}
_ALWAYS_VEHICLES = ("plate.", "vehicle.")
"""Begins of names that are about vehicles, whatever device says them."""
_HUB_MADE = frozenset(CORE_EVENTS[Kind.HUB])


SHELVES = {Concern.PEOPLE: Shelf.PEOPLE, Concern.VEHICLES: Shelf.VEHICLES}
"""Under whose keys what an event tells is sealed; what is about devices is not."""


class EventKeep(msgspec.Struct, frozen=True, kw_only=True):
    """Days for which events are kept by what they are about, and that of each known name."""

    days: Mapping[Concern, int]
    by_name: Mapping[str, Concern]

    def concern_of(self, name: str) -> Concern:
        """Return what an event is about; one that no model knows any more has the shortest time."""
        return self.by_name.get(name) or min(self.days, key=lambda each: self.days[each])


def plan_events(days: Mapping[Concern, int], models: Iterable[DeviceModel]) -> EventKeep:
    """Sort the names of all events; one that several kinds share has the shorter time."""
    by_name: dict[str, Concern] = {}
    told = [*CORE_EVENTS.items(), *((model.kind, model.events) for model in models)]
    for kind, names in told:
        for name in names:
            concern = _concern(kind, name)
            if name not in by_name or days[concern] < days[by_name[name]]:
                by_name[name] = concern
    return EventKeep(days=days, by_name=by_name)


def _concern(kind: Kind, name: str) -> Concern:
    if name in _HUB_MADE:
        return Concern.DEVICES
    if name.startswith(_ALWAYS_VEHICLES):
        return Concern.VEHICLES
    return _KINDS.get(kind, Concern.DEVICES)


USUAL = plan_events({Concern.DEVICES: 1095, Concern.PEOPLE: 180, Concern.VEHICLES: 30}, ())
"""What holds until a site says otherwise."""
