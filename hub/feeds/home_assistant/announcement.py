"""What Home Assistant is told of a device: an announcement of its points, and its state.

    homeassistant/device/lingdang_{uid}/config              retained, device discovery (HA 2024.11)
    ld/{community}/lingdang-hub/ha                          "online", and "offline" as will
    ld/{community}/lingdang-hub/ha/{uid}                    {"arm.position":"open","mode":null}
    ld/{community}/lingdang-hub/ha/{uid}/link               "online" or "offline"

A point of bad quality is null, which is "unknown" there. Readings of a household stay here.
Source: home-assistant.io, integrations, MQTT, discovery; sensor and binary sensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from device_drivers.links.mqtt_settings import HUB_ADDRESS
from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Device, Kind, Lifecycle, LinkState
from hub.model.kinds import HUB_MADE_POINTS
from hub.ports import DeviceView
from hub.store.sink.scope import is_public

ORIGIN = "Lingdang"
_HIDDEN = frozenset({Lifecycle.PLANNED, Lifecycle.RETIRED})
_CLASSES = {
    "V": "voltage",
    "A": "current",
    "kW": "power",
    "kWh": "energy",
    "Hz": "frequency",
    "degC": "temperature",
    "bar": "pressure",
    "m3": "water",
    "dBm": "signal_strength",
}
"""Unit → class of a sensor; those of points by name come first."""
_CLASSES_BY_NAME = {
    "humidity": "humidity",
    "battery.charge": "battery",
    "power.factor": "power_factor",
}
_BINARY_CLASSES = {
    "leak": "moisture",
    "tamper": "tamper",
    "door.open": "door",
    "online": "connectivity",
}
_UNITS = {"degC": "°C", "m3": "m³", "m3/h": "m³/h"}
_COUNTERS = frozenset({"energy", "water"})


class Message(NamedTuple):
    """What is published, retained; an empty payload takes an announcement back."""

    topic: str
    payload: bytes


class Voice(NamedTuple):
    """Where announcements and states go, and in which language points are named."""

    prefix: str
    community: str
    language: str = "zh"

    @property
    def root(self) -> str:
        """Return the topic on which the hub itself is online."""
        return f"ld/{self.community}/{HUB_ADDRESS}/ha"

    def announce(self, device: Device, model: DeviceModel, place: str) -> Message:
        """Return the announcement of a device, or what takes it back where it is not shown."""
        topic = f"{self.prefix}/device/{_name(device)}/config"
        if not is_shown(device):
            return Message(topic, b"")
        said = {
            "dev": {
                "ids": [_name(device)],
                "name": device.name or device.id,
                "mdl": model.name.get(self.language, model.id),
                "mf": ORIGIN,
                "sa": place,
            },
            "o": {"name": ORIGIN},
            "avty": [
                {"t": self.root},
                {"t": f"{self.root}/{device.uid}/link"},
            ],
            "avty_mode": "all",
            "stat_t": f"{self.root}/{device.uid}",
            "qos": 1,
            "cmps": dict(self._entities(device, model)),
        }
        return Message(topic, msgspec.json.encode(said))

    def tell(self, view: DeviceView) -> Iterable[Message]:
        """Return the state of a device, and whether it is heard."""
        topic = f"{self.root}/{view.device.uid}"
        points = {
            name: point.value for name, point in view.points.items() if name not in HUB_MADE_POINTS
        }
        there = b"online" if view.link is LinkState.ONLINE else b"offline"
        return Message(topic, msgspec.json.encode(points)), Message(f"{topic}/link", there)

    def _entities(self, device: Device, model: DeviceModel) -> Iterable[tuple[str, dict[str, Any]]]:
        for name, spec in model.points.items():
            if name not in HUB_MADE_POINTS and "*" not in name:
                key = name.replace(".", "_")
                entity = {
                    "name": (spec.zh if self.language == "zh" else spec.en) or name,
                    "uniq_id": f"{_name(device)}_{key}",
                    **_describe(spec),
                }
                yield key, {part: said for part, said in entity.items() if said}


def is_shown(device: Device) -> bool:
    """Tell whether a device may be shown: in use, no family's, and not the hub itself."""
    return is_public(device) and device.state not in _HIDDEN and device.kind is not Kind.HUB


def _name(device: Device) -> str:
    return f"lingdang_{device.uid}"


def _describe(spec: PointSpec) -> Mapping[str, str]:
    value = f"value_json.get('{spec.name}')"
    if spec.type is PointType.BOOL:
        known = f"('ON' if {value} else 'OFF') if {value} is not none else 'None'"
        return {
            "p": "binary_sensor",
            "val_tpl": "{{ " + known + " }}",
            "dev_cla": _BINARY_CLASSES.get(spec.name, ""),
        }
    kind = _CLASSES_BY_NAME.get(spec.name) or _CLASSES.get(spec.unit, "")
    return {
        "p": "sensor",
        "val_tpl": "{{ " + value + " }}",
        "unit_of_meas": _UNITS.get(spec.unit, spec.unit),
        "dev_cla": kind,
        "stat_cla": _state_class(spec, kind),
    }


def _state_class(spec: PointSpec, kind: str) -> str:
    if spec.type is PointType.COUNTER and kind in _COUNTERS:
        return "total_increasing"
    return "measurement" if spec.type is PointType.NUMBER and spec.unit else ""
