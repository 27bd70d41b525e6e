"""What a simulator is told: the hub's own configuration file, read for the devices' side of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from simulators.bus import Framing
from simulators.line import BrokerAddress, Route
from simulators.site import DeviceRow, read_devices


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A Modbus gateway that the simulator plays: where the hub will look for it."""

    name: str
    host: str
    port: int
    framing: Framing


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the simulator has to play."""

    community: str
    broker: BrokerAddress
    gateways: tuple[Gateway, ...]
    devices: tuple[DeviceRow, ...]
    clock_origin: float
    speed: float

    def route(self, name: str, *, own: bool) -> Route:
        """Lead a line from here to the broker."""
        return Route(broker=self.broker, community=self.community, name=name, own=own)


class _Broker(msgspec.Struct):
    host: str
    port: int
    username: str
    password_file: str


class _Community(msgspec.Struct):
    id: str


class _Site(msgspec.Struct):
    devices: str


class _Demo(msgspec.Struct):
    clock_origin: float = 0.0
    speed: float = 1.0


class _File(msgspec.Struct):
    """The parts of `lingdang.toml` that matter to devices."""

    community: _Community
    mqtt: _Broker
    site: _Site
    modbus: list[Gateway] = []
    demo: _Demo = msgspec.field(default_factory=_Demo)


def read_plan(config: Path) -> Plan:
    """Read `lingdang.toml` and the site that it names; paths are relative to it."""
    file = msgspec.convert(tomllib.loads(config.read_text("utf-8")), _File)
    secret = (config.parent / file.mqtt.password_file).read_text("utf-8").strip()
    return Plan(
        community=file.community.id,
        broker=BrokerAddress(
            host=file.mqtt.host,
            port=file.mqtt.port,
            username=file.mqtt.username,
            password=secret,
        ),
        gateways=tuple(file.modbus),
        devices=read_devices(config.parent / file.site.devices),
        clock_origin=file.demo.clock_origin,
        speed=file.demo.speed,
    )
