"""Every dialect that the hub speaks, by the name that model files know it by."""

from __future__ import annotations

from collections.abc import Mapping

from device_drivers.dialects.cjt188 import Cjt188Driver
from device_drivers.dialects.dlt645 import Dlt645Driver
from device_drivers.dialects.lingdang import LingdangDriver
from device_drivers.dialects.modbus import ModbusDriver
from hub.model.catalogue import DeviceModel
from hub.ports import Driver


def speak_all(models: Mapping[str, DeviceModel]) -> dict[str, Driver]:
    """Return a driver for each dialect; each knows the models and looks up what it needs."""
    drivers: tuple[Driver, ...] = (
        LingdangDriver(models),
        ModbusDriver(models),
        Dlt645Driver(models),
        Cjt188Driver(models),
    )
    return {driver.name: driver for driver in drivers}
