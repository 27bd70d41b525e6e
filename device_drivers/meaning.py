"""What one message of a device means, and how that becomes reports, whatever the dialect is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from msgspec.structs import replace

from device_drivers.contract import PointTable
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report, Topic, Value
from hub.ports import Envelope


class Meaning(NamedTuple):
    """What a message says: values of points, and what has happened."""

    points: Mapping[str, Value | None] = {}
    event: str = ""


NOTHING = Meaning()
"""It says no more than that the device is alive."""


class Circumstance(NamedTuple):
    """When it was said: epoch seconds, None for arrival time; `late` where it is told afterwards.

    `key` tells the message from its repetitions; empty where saying it twice does no harm.
    """

    at: float | None = None
    late: bool = False
    key: bytes = b""


class Interpreter:
    """Makes reports of meanings; a model takes of them what it has."""

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._models = models
        self._tables: dict[str, PointTable] = {}

    def reports(
        self,
        meaning: Meaning,
        when: Circumstance,
        envelope: Envelope,
        device: Device,
        data: Mapping[str, Any] | None = None,
    ) -> Sequence[Report]:
        """Return a report of the points, one of the event, or one that the device is alive."""
        model = self._models[device.model]
        alive = Report(
            address=device.address,
            uid=device.uid,
            topic=Topic.AVAIL,
            at=envelope.received if when.at is None else when.at,
            received=envelope.received,
            late=when.late,
            online=True,
        )
        said = replace(alive, online=None)
        reports = []
        points = {name: value for name, value in meaning.points.items() if name in model.points}
        if points:
            digest = _digest(Topic.STATE, when.key)
            samples = self._table(device.model).judge_all(points)
            reports.append(replace(said, topic=Topic.STATE, samples=samples, digest=digest))
        if meaning.event in model.events:
            digest = _digest(Topic.EVENT, when.key)
            event = {"event": meaning.event, "data": dict(data or {})}
            reports.append(replace(said, topic=Topic.EVENT, digest=digest, **event))
        return reports or [alive]

    def _table(self, model: str) -> PointTable:
        table = self._tables.get(model)
        if table is None:
            table = self._tables[model] = PointTable(self._models[model])
        return table


def _digest(topic: Topic, key: bytes) -> str:
    return blake2b(key, digest_size=16, person=topic.value.encode()).hexdigest() if key else ""
