"""A device: a network endpoint that speaks one dialect, and where it hangs in the three trees."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

import msgspec

DeviceUid = NewType("DeviceUid", str)
"""Internal identity of a device; it never changes and history follows it."""


class Kind(StrEnum):
    """What a device is; the value is the word on the wire and in files."""

    BARRIER_GATE = "barrier_gate"
    LPR_CAMERA = "lpr_camera"
    ACCESS_CONTROLLER = "access_controller"
    UNIT_DOOR = "unit_door"
    CAMERA = "camera"
    RECORDER = "recorder"
    ELECTRICITY_METER = "electricity_meter"
    WATER_METER = "water_meter"
    PUMP_SET = "pump_set"
    LIFT_ALARM = "lift_alarm"
    CONCENTRATOR = "concentrator"
    GATEWAY = "gateway"
    SWITCH = "switch"
    POWER_SUPPLY = "power_supply"
    SENSOR = "sensor"
    HUB = "hub"


class Lifecycle(StrEnum):
    """The states of a device in the books (設備台账), not on the wire."""

    PLANNED = "planned"
    COMMISSIONING = "commissioning"
    IN_SERVICE = "in_service"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


class LinkState(StrEnum):
    """Whether a device is heard; `unknown` until first contact and while the hub is cut off."""

    ONLINE = "online"
    SILENT = "silent"
    UNKNOWN = "unknown"


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One device; `upstream` and `power` are ids of the devices that carry and feed it."""

    uid: DeviceUid
    id: str
    address: str
    kind: Kind
    model: str
    place: str
    link: str = "mqtt"
    name: str = ""
    lane: str = ""
    upstream: str = ""
    power: str = ""
    state: Lifecycle = Lifecycle.IN_SERVICE
    maintenance_until: float | None = None
    attributes: dict[str, str | int | float | bool] = {}
    """Further columns of `devices.csv`: number, vendor, warranty_end, phone, unit (Modbus)…"""
