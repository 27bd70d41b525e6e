"""Makes the links to devices that speak HTTP, RTSP or SIP: streams, doors, probes, platforms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from device_drivers.codecs.digest import Login
from device_drivers.codecs.rtsp import Place, read_place
from device_drivers.links.gb28181 import Gb28181Link, Gb28181Settings
from device_drivers.links.polling import IsPolled
from device_drivers.links.push import PushLink, PushSettings
from device_drivers.links.registrar import RegistrarSettings
from device_drivers.links.rtsp import Camera, RtspLink, RtspSettings
from device_drivers.links.stream import StreamLink
from device_drivers.links.stream_call import StreamSettings
from device_drivers.links.stream_tongue import DahuaTongue, IsapiTongue, Tongue
from hub.clock import Clock
from hub.config.streams import Gb28181Settings as Gb28181Table
from hub.config.streams import PushSettings as PushTable
from hub.config.streams import RtspSettings as RtspTable
from hub.config.streams import StreamSettings as StreamTable
from hub.errors import Problem, ProtocolError
from hub.model.device import Device
from hub.ports import Inbox, Link, LinkWatch
from hub.settings import Settings

TONGUES: Mapping[str, type[Tongue]] = {"isapi": IsapiTongue, "dahua": DahuaTongue}
PLACE_COLUMN = "rtsp"


class Heard(NamedTuple):
    """What each of these links needs of the hub."""

    inbox: Inbox
    watch: LinkWatch
    clock: Clock
    is_polled: IsPolled


def stream_drivers(settings: Settings) -> dict[str, str]:
    """Map each of these links to the driver that finds the addresses of its envelopes."""
    return {
        **{each.name: str(each.dialect) for each in settings.stream},
        **{each.name: str(each.dialect) for each in settings.push},
        **{each.name: "rtsp" for each in settings.rtsp},
        **{each.name: "gb28181" for each in settings.gb28181},
    }


def build_stream_links(
    settings: Settings, devices: Sequence[Device], heard: Heard
) -> Iterator[tuple[str, Link]]:
    """Yield each link with the name that stands in its envelopes."""
    inbox, watch, clock = heard[:3]
    for stream in settings.stream:
        tongue = TONGUES[stream.dialect]()
        addresses = partial(_present, stream.name, devices, heard.is_polled)
        listener = StreamLink(
            _host(stream), tongue, addresses, inbox=inbox, watch=watch, clock=clock
        )
        yield stream.name, listener
    for push in settings.push:
        yield push.name, PushLink(_door(push), inbox=inbox, watch=watch, clock=clock)
    for table in settings.rtsp:
        cameras = list(_cameras(table, devices))
        yield table.name, RtspLink(_probe(table), cameras, **heard._asdict())
    for platform in settings.gb28181:
        ids = [device.address for device in devices if device.link == platform.name]
        registrar = Gb28181Link(_platform(platform), ids, inbox=inbox, watch=watch, clock=clock)
        yield platform.name, registrar


def find_unprobed(settings: Settings, devices: Sequence[Device]) -> Iterator[Problem]:
    """Tell of cameras of a [[rtsp]] table whose sheet does not say where they are."""
    tables = {table.name for table in settings.rtsp}
    for device in devices:
        if device.link in tables and find_place(device) is None:
            said = str(device.attributes.get(PLACE_COLUMN, ""))
            yield Problem(
                file=str(settings.site.devices),
                message=f"{device.id} is not probed: its {PLACE_COLUMN!r} is {said!r:.120}",
                hint="write host/path of its stream, as 192.168.10.64/Streaming/Channels/102",
            )


def find_place(device: Device) -> Place | None:
    """Return where a camera's stream is; None where the sheet does not say so."""
    try:
        return read_place(str(device.attributes.get(PLACE_COLUMN, "")))
    except ProtocolError:
        return None


def _present(link: str, devices: Sequence[Device], is_polled: IsPolled) -> list[str]:
    """Return who is there: of one that is planned or retired nobody says that it is alive."""
    return [each.address for each in devices if each.link == link and is_polled(each.uid)]


def _host(stream: StreamTable) -> StreamSettings:
    return StreamSettings(
        name=stream.name,
        host=stream.host,
        port=stream.port,
        tls=stream.tls,
        ca_file=str(stream.ca_file or ""),
        login=Login(stream.username, stream.password),
        silence=stream.silence,
    )


def _door(push: PushTable) -> PushSettings:
    return PushSettings(
        name=push.name,
        host=push.host,
        port=push.port,
        path=push.path,
        addresses=push.addresses,
        opens=push.opens,
    )


def _probe(table: RtspTable) -> RtspSettings:
    return RtspSettings(
        name=table.name,
        login=Login(table.username, table.password),
        period=table.period,
        timeout=table.timeout,
        depth=table.depth,
        play_period=table.play_period,
    )


def _platform(table: Gb28181Table) -> Gb28181Settings:
    own = RegistrarSettings(id=table.id, domain=table.domain, password=table.password)
    return Gb28181Settings(
        name=table.name, host=table.host, port=table.port, registrar=own, period=table.period
    )


def _cameras(table: RtspTable, devices: Sequence[Device]) -> Iterator[Camera]:
    for device in devices:
        place = find_place(device) if device.link == table.name else None
        if place is not None:
            yield Camera(device.uid, device.address, place, table.timeout)
