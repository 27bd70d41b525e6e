"""Makes the links to devices that speak HTTP: event streams, and doors that they post to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from device_drivers.codecs.digest import Login
from device_drivers.links.push import PushLink, PushSettings
from device_drivers.links.stream import StreamLink
from device_drivers.links.stream_call import StreamSettings
from device_drivers.links.stream_tongue import DahuaTongue, IsapiTongue, Tongue
from hub.clock import Clock
from hub.model.device import Device
from hub.ports import Inbox, Link, LinkWatch
from hub.settings import Settings

TONGUES: Mapping[str, type[Tongue]] = {"isapi": IsapiTongue, "dahua": DahuaTongue}


def stream_drivers(settings: Settings) -> dict[str, str]:
    """Map each of these links to the driver that finds the addresses of its envelopes."""
    streams = {each.name: str(each.dialect) for each in settings.stream}
    return streams | {each.name: str(each.dialect) for each in settings.push}


def build_stream_links(
    settings: Settings,
    devices: Sequence[Device],
    *,
    inbox: Inbox,
    watch: LinkWatch,
    clock: Clock,
) -> Iterator[tuple[str, Link]]:
    """Yield each link with the name that stands in its envelopes."""
    for stream in settings.stream:
        addresses = [device.address for device in devices if device.link == stream.name]
        where = StreamSettings(
            name=stream.name,
            host=stream.host,
            port=stream.port,
            tls=stream.tls,
            ca_file=str(stream.ca_file or ""),
            login=Login(stream.username, stream.password),
            silence=stream.silence,
        )
        tongue = TONGUES[stream.dialect]()
        yield (
            stream.name,
            StreamLink(where, tongue, addresses, inbox=inbox, watch=watch, clock=clock),
        )
    for push in settings.push:
        where_to = PushSettings(
            name=push.name,
            host=push.host,
            port=push.port,
            path=push.path,
            addresses=push.addresses,
            opens=push.opens,
        )
        yield push.name, PushLink(where_to, inbox=inbox, watch=watch, clock=clock)
