"""How long history is kept: as the site says, or as a point's model does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zlib import crc32

import msgspec

from hub.config.storage import StoreSettings
from hub.model.catalogue import DeviceModel, PointSpec
from hub.model.device import Device
from hub.store.deletion.concern import Concern, EventKeep, plan_events


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """Days for which readings are kept, and roll-ups."""

    readings: int
    hours: int


class LeftoverKeep(msgspec.Struct, frozen=True, kw_only=True):
    """Days for which bytes that nobody understood are kept, and newcomers that are not heard."""

    payloads: int = 7
    newcomers: int = 90


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """What is usual, uid → point → what is kept of that one, and what is kept of the rest.

    Without `events` none of them is deleted.
    """

    usual: Keep
    own: Mapping[str, Mapping[str, Keep]] = {}
    events: EventKeep | None = None
    leftovers: LeftoverKeep = LeftoverKeep()
    reports: int = 180
    """Days for which is kept what people said of themselves, and photos."""


def plan_retention(
    store: StoreSettings, devices: Iterable[Device], models: Mapping[str, DeviceModel]
) -> Retention:
    """Return what a site keeps; devices that are in no sheet any more keep what is usual."""
    usual = Keep(readings=store.keep_readings, hours=store.keep_hours)
    by_model = {name: _own(usual, model.points) for name, model in models.items()}
    own = {device.uid: by_model.get(device.model, {}) for device in devices}
    days = {
        Concern.DEVICES: store.keep_device_events,
        Concern.PEOPLE: store.keep_access_events,
        Concern.VEHICLES: store.keep_vehicle_events,
    }
    return Retention(
        usual=usual,
        own={uid: points for uid, points in own.items() if points},
        events=plan_events(days, models.values()),
        leftovers=LeftoverKeep(payloads=store.keep_quarantine, newcomers=store.keep_newcomers),
        reports=store.keep_reports,
    )


def _own(usual: Keep, points: Mapping[str, PointSpec]) -> dict[str, Keep]:
    return {
        name: Keep(
            readings=spec.keep_readings or usual.readings, hours=spec.keep_hours or usual.hours
        )
        for name, spec in points.items()
        if spec.keep_readings or spec.keep_hours
    }


def keep_of(retention: Retention, uid: str, point: str) -> Keep:
    """Return how long a point of a device is kept."""
    return retention.own.get(uid, {}).get(point, retention.usual)


def limits(retention: Retention) -> tuple[list[int], list[int]]:
    """Return every limit of readings and of roll-ups in days, the shortest first."""
    keeps = {
        retention.usual,
        *(keep for points in retention.own.values() for keep in points.values()),
    }
    return sorted({keep.readings for keep in keeps}), sorted({keep.hours for keep in keeps})


def fingerprint(retention: Retention) -> int:
    """Return a number that another retention hardly has."""
    own = sorted((uid, sorted(points.items())) for uid, points in retention.own.items())
    return crc32(msgspec.json.encode((retention.usual, own)))
