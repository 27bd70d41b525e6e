"""Every dialect that the hub speaks, by the name that model files know it by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from device_drivers.catalogue import shipped_models
from device_drivers.dialects.cjt188 import Cjt188Driver
from device_drivers.dialects.dahua import DahuaDriver
from device_drivers.dialects.dlt645 import Dlt645Driver
from device_drivers.dialects.frigate import FrigateDriver
from device_drivers.dialects.gb28181 import Gb28181Driver
from device_drivers.dialects.homeassistant import HomeassistantDriver
from device_drivers.dialects.isapi import IsapiDriver
from device_drivers.dialects.lingdang import LingdangDriver
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.dialects.rtsp import RtspDriver
from device_drivers.dialects.shelly import ShellyDriver
from device_drivers.dialects.tasmota import TasmotaDriver
from device_drivers.dialects.thingsboard import ThingsboardDriver, ThingsboardGatewayDriver
from device_drivers.dialects.vzenith import VzenithDriver
from device_drivers.dialects.vzenith_push import VzenithPushDriver
from device_drivers.dialects.zigbee2mqtt import Zigbee2mqttDriver
from device_drivers.extension import FamilyMaker
from device_drivers.links.mqtt_settings import FamilySession
from hub.assembly.extensions import Extensions, find_extensions
from hub.config.families import FamilySettings
from hub.errors import Problem
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.ports import Driver

_MAKERS: tuple[FamilyMaker, ...] = (
    VzenithDriver,
    TasmotaDriver,
    Zigbee2mqttDriver,
    ShellyDriver,
    ThingsboardDriver,
    ThingsboardGatewayDriver,
    HomeassistantDriver,
    FrigateDriver,
)
FAMILIES: Mapping[str, FamilyMaker] = {driver.name: driver for driver in _MAKERS}
"""Dialect → its driver, of those that ship."""


@cache
def extensions() -> Extensions:
    """Return what installed packages bring; looked up once, as it is when the program starts."""
    models = frozenset(name.removesuffix(".toml") for name in shipped_models())
    return find_extensions(frozenset(speak_shipped({})), models)


def families() -> dict[str, FamilyMaker]:
    """Return the driver of each further dialect of MQTT, shipped ones and installed ones."""
    return {**FAMILIES, **{name: each.maker for name, each in extensions().found.items()}}


def driver_names() -> list[str]:
    """Return the dialects that there are."""
    return [*speak_shipped({}), *extensions().found]


def model_texts() -> dict[str, str]:
    """Return the text of each model file of the hub and of installed packages, by file name."""
    return {**shipped_models(), **extensions().models()}


def speak_all(
    models: Mapping[str, DeviceModel], spoken: Sequence[FamilySettings] = ()
) -> dict[str, Driver]:
    """Return a driver for each dialect, and one for each link of `spoken`.

    Each knows the models and looks up what it needs.
    """
    made = {name: each.maker(models) for name, each in extensions().found.items()}
    makers = families()
    own = {speaker(each): makers[each.dialect](models, each.prefix) for each in spoken}
    return speak_shipped(models) | made | own


def speak_shipped(models: Mapping[str, DeviceModel]) -> dict[str, Driver]:
    """Return a driver for each dialect that ships."""
    drivers: tuple[Driver, ...] = (
        LingdangDriver(models),
        ModbusDriver(models),
        Dlt645Driver(models),
        Cjt188Driver(models),
        *(make(models) for make in FAMILIES.values()),
        IsapiDriver(models),
        VzenithPushDriver(models),
        DahuaDriver(models),
        RtspDriver(models),
        Gb28181Driver(models),
    )
    return {driver.name: driver for driver in drivers}


def find_strange_models(
    devices: Iterable[Device],
    models: Mapping[str, DeviceModel],
    dialects: Mapping[str, str],
    file: str,
) -> Iterator[Problem]:
    """Tell of devices whose link speaks another of the `dialects` (by link) than their model."""
    for device in devices:
        spoken, own = dialects.get(device.link), models[device.model].driver
        if spoken is None or spoken == own:
            continue
        fitting = [model.id for model in models.values() if model.driver == spoken]
        yield Problem(
            file=file,
            message=f"{device.id}: its link {device.link!r} speaks {spoken}, but its model "
            f"{device.model!r} is of {own}; nothing that it says would be understood",
            hint=f"a model of {spoken}: {', '.join(fitting)}"
            if fitting
            else "give it the link by which it is heard",
        )


def speaker(family: FamilySettings) -> str:
    """Name the driver of one link, which knows where the topics of that link begin."""
    return f"{family.dialect} on {family.name}"


def sessions(spoken: Sequence[FamilySettings]) -> Iterator[FamilySession]:
    """Yield the session of each link of a further dialect."""
    makers = families()
    for family in spoken:
        topics = makers[family.dialect].topics
        yield FamilySession(
            link=family.name, topics=tuple(topics.fill(topics.hears, family.prefix))
        )
