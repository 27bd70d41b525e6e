"""Readings as lines of InfluxDB's protocol: one series per point, one field per type of value.

    barrier_gate,device=gate-1,kind=barrier_gate,place=g/a,point=mode text="auto" 1764000000000000

The measurement is the device's kind, the instant is event time in microseconds. A field keeps the
type that it was first given, so numbers are `value` (always a float), truths `flag`, words `text`.
`quality` stands there only when it is not good, and alone when it is bad: a bad reading has no
value, and a gap that says so is no zero. VictoriaMetrics keeps no texts: there the fields `text`
and `quality` say only when something was said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from influxdb_client.client.write.point import Point

from hub.model.device import Device
from hub.model.report import Quality, Value
from hub.store.sink.parcel import Saying
from hub.store.sink.scope import is_public

_POINT: Callable[[str], Any] = Point
_MICRO = 1_000_000
# A store that cuts at every line end would take the rest of a text for a reading of its own.
_QUOTED = str.maketrans({'"': r"\"", "\\": r"\\", "\n": " ", "\r": " "})


class LineWriter:
    """Writes lines about devices; the heads of its series are written once."""

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._devices = devices
        self._heads: dict[tuple[str, str], str] = {}

    def write(self, sayings: Iterable[Saying]) -> list[str]:
        """Return the lines; without those of strangers and households, and of empty values."""
        return [
            f"{self._head(device, point)} {fields} {round(saying.at * _MICRO)}"
            for saying in sayings
            if (device := self._devices.get(saying.uid)) and is_public(device)
            for point, value in saying.values.items()
            if (fields := write_fields(value, saying.doubts.get(point, Quality.GOOD)))
        ]

    def _head(self, device: Device, point: str) -> str:
        key = (device.uid, point)
        head = self._heads.get(key)
        if head is None:
            head = self._heads[key] = write_head(device, point)
        return head


def write_head(device: Device, point: str) -> str:
    """Return measurement and tags of a series; the client's library knows how to escape them."""
    whole = _POINT(device.kind.value).field("value", 0)
    tags = (("device", device.id), ("kind", device.kind.value), ("place", device.place))
    for tag, word in (*tags, ("point", point)):
        whole.tag(tag, word)
    head: str = whole.to_line_protocol().removesuffix(" value=0i")
    return head


def write_fields(value: Value | None, quality: Quality) -> str:
    """Return the fields of a reading; empty where there is nothing that a line can carry."""
    known = "" if quality is Quality.BAD else _write_value(value)
    if quality is Quality.GOOD:
        return known
    doubt = f'quality="{quality.value}"'
    return f"{known},{doubt}" if known else doubt


def _write_value(value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"flag={'true' if value else 'false'}"
    if isinstance(value, str):
        return f'text="{value.translate(_QUOTED)}"'
    return f"value={value}" if math.isfinite(value) else ""
