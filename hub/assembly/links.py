"""Makes the links that settings and books ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from device_drivers.links.dtu import DtuSettings, DtuWay
from device_drivers.links.line import LineLink, LineSettings
from device_drivers.links.line_meter import meters_of
from device_drivers.links.line_way import TcpWay, Way
from device_drivers.links.modbus import ModbusLink
from device_drivers.links.modbus_slave import slaves_of
from device_drivers.links.modbus_wire import ModbusSettings
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import FamilySession, MqttSettings, Session, TlsSettings
from device_drivers.links.order_desk import OrderDesk
from device_drivers.links.polling import IsPolled, always
from hub.assembly.dialects import sessions, speaker
from hub.assembly.mqtt_sessions import Ears, family_sessions, own_sessions
from hub.assembly.stream_links import Heard, build_stream_links, stream_drivers
from hub.clock import Clock
from hub.config.buses import DtuSettings as DtuTable
from hub.config.buses import LineSettings as LineTable
from hub.intake.inbox import BoundedInbox, Ration
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid
from hub.ports import Envelope, Inbox, Link, LinkWatch
from hub.settings import Settings

MQTT = "mqtt"


class Wiring(msgspec.Struct, frozen=True, kw_only=True):
    """What the links are made from; `dialler` is None where the hub has no broker."""

    clock: Clock
    settings: Settings
    dialler: Dialler | None
    devices: Sequence[Device]
    models: Mapping[str, DeviceModel]
    desks: Mapping[str, OrderDesk] = {}
    """Bus → where orders wait for it."""

    @property
    def client(self) -> str:
        """Name the MQTT client for people; empty where there is no broker."""
        return self.dialler.client if self.dialler else ""

    def link_drivers(self) -> dict[str, str]:
        """Map each link to the driver that finds the addresses of its envelopes."""
        return {
            MQTT: "lingdang",
            **{family.name: speaker(family) for family in self.settings.family},
            **{bus.name: "modbus" for bus in self.settings.modbus},
            **{line.name: "dlt645" for line in (*self.settings.line, *self.settings.dtu)},
            **stream_drivers(self.settings),
        }

    def families(self) -> tuple[FamilySession, ...]:
        """Return the sessions of further dialects; none where there is no broker."""
        return tuple(sessions(self.settings.family)) if self.settings.mqtt else ()

    def carried(self) -> dict[str, str]:
        """Map each session to the link that devices name."""
        own = [f"{MQTT}-{session.value}" for session in Session] if self.settings.mqtt else []
        return {
            **dict.fromkeys(own, MQTT),
            **{f"{each.link}-{each.value}": each.link for each in self.families()},
            **{bus.name: bus.name for bus in self.settings.modbus},
            **{line.name: line.name for line in (*self.settings.line, *self.settings.dtu)},
            **{name: name for name in stream_drivers(self.settings)},
        }


def build_links(
    wiring: Wiring, *, inbox: BoundedInbox, watch: LinkWatch, is_polled: IsPolled = always
) -> Iterator[tuple[str, Link]]:
    """Yield each link with the name that stands in its envelopes."""
    if wiring.dialler is not None:
        ears = Ears(inbox, watch, wiring.clock)
        yield from ((MQTT, link) for link in own_sessions(wiring.dialler, ears))
        yield from family_sessions(wiring.dialler, wiring.families(), ears)
    polled = _Polled(inbox.door(Ration.STATES), watch, wiring.clock, is_polled)
    for bus in wiring.settings.modbus:
        slaves = slaves_of(_on_bus(wiring, bus.name), wiring.models, bus.timeout)
        settings = _bus_settings(bus.name, wiring.settings)
        yield (
            bus.name,
            ModbusLink(settings, slaves, desk=wiring.desks.get(bus.name), **polled._asdict()),
        )
    for line, way in _lines(wiring):
        there = [device for device in wiring.devices if device.link == line.name]
        steady = isinstance(line, DtuTable)
        meters = meters_of(there, wiring.models, line.timeout, steady=steady)
        pace = LineSettings(name=line.name, period=line.period, gap=line.gap_ms / 1000)
        yield line.name, LineLink(pace, way, meters, **polled._asdict())
    heard = Heard(inbox.door(Ration.STATES), watch, wiring.clock, is_polled)
    yield from build_stream_links(wiring.settings, wiring.devices, heard)


class _Polled(NamedTuple):
    """What every link needs that asks its devices itself."""

    inbox: Inbox
    watch: LinkWatch
    clock: Clock
    is_polled: IsPolled


def build_dialler(settings: Settings) -> Dialler | None:
    """Return what opens the connections to the broker, for all sessions and commands."""
    mqtt = settings.mqtt
    if mqtt is None:
        return None
    broker = MqttSettings(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.username,
        password=mqtt.password,
        tls=TlsSettings(ca_file=str(mqtt.ca_file or "")) if mqtt.tls else None,
        community=settings.community.id,
        protocol="5" if mqtt.protocol == 5 else "3.1.1",  # noqa: PLR2004 - the protocol's name
        keepalive=mqtt.keepalive,
        client=mqtt.client,
    )
    return Dialler(broker)


def _bus_settings(name: str, settings: Settings) -> ModbusSettings:
    bus = next(each for each in settings.modbus if each.name == name)
    return ModbusSettings(
        name=bus.name,
        host=bus.host,
        port=bus.port,
        framing=bus.framing,
        period=bus.period,
        timeout=bus.timeout,
        connect_timeout=bus.connect_timeout,
        gap=bus.gap_ms / 1000,
    )


def _lines(wiring: Wiring) -> Iterator[tuple[LineTable | DtuTable, Way]]:
    """Yield each line of meters with the way to it; a DTU needs the broker."""
    for line in wiring.settings.line:
        yield line, TcpWay(line.name, line.host, line.port, line.connect_timeout)
    if wiring.dialler is None:
        return
    for dtu in wiring.settings.dtu:
        settings = DtuSettings(
            name=dtu.name, down=dtu.down, up=dtu.up, payload=dtu.payload, settle=dtu.timeout
        )
        yield dtu, DtuWay(settings, wiring.dialler)


def _on_bus(wiring: Wiring, name: str) -> list[Device]:
    """Return who can be polled; an address that is no unit id is not polled, but checked."""
    return [
        device
        for device in wiring.devices
        if device.link == name
        and device.address.isdigit()
        and wiring.models[device.model].registers
    ]


class Unwatched:
    """A LinkWatch for a link that carries no device: its loss is in the log, and says no more."""

    def link_up(self, link: str, *, resumed: bool) -> None:
        """Nothing follows."""

    def link_down(self, link: str, why: str) -> None:
        """Nothing follows."""

    def link_caught_up(self, link: str) -> None:
        """Nothing follows."""

    def link_heard(self, link: str, at: float) -> None:
        """Nothing follows."""

    def slave_missed(self, uid: DeviceUid) -> None:
        """Nothing follows."""

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        """Nothing follows."""

    def relay_told(self, uid: DeviceUid, why: str, *, stands: bool) -> None:
        """Nothing follows."""


class LinkSet:
    """All links, and the way back to them for acknowledgements."""

    def __init__(self) -> None:
        self.all: list[Link] = []
        self._by_carrier: dict[str, list[Link]] = {}

    def take(self, links: Iterable[tuple[str, Link]]) -> None:
        """Take the links, each with the name that stands in its envelopes."""
        for carrier, link in links:
            self.all.append(link)
            self._by_carrier.setdefault(carrier, []).append(link)

    def prove(self) -> None:
        """Ask each link to prove until when all was heard."""
        for link in self.all:
            link.prove()

    def read_again(self) -> None:
        """Have each link's devices tell their states again."""
        for link in self.all:
            link.read_again()

    def acknowledge(self, carrier: str, envelopes: Sequence[Envelope]) -> None:
        """Acknowledge to every session of the link; each knows its own tokens."""
        for link in self._by_carrier.get(carrier, ()):
            link.acknowledge(envelopes)
