"""ThingsBoard's MQTT API, as devices and gateways built for that platform speak it.

A device says `v1/devices/me/telemetry` and `/attributes`. The topic names nobody, since the
platform knows who speaks by the access token. A broker that puts the user in front (`mountpoint`,
as in EMQX and VerneMQ) makes `{a}/v1/devices/me/…` of it; without that a link has one device, `me`.
Telemetry is `{"temperature":22.5}`, `{"ts":1451649600512,"values":{…}}`, or a list of such; `ts` is
in milliseconds.

A gateway says `v1/gateway/connect` and `disconnect` (`{"device":"Device A"}`), `telemetry`
(`{"Device A":[{"ts":…,"values":{…}}],"Device B":[…]}`) and `attributes` (`{"Device A":{…}}`): one
message tells of several devices, each with several samples. The gateway itself is `gateway`, also
for what it says below `v1/devices/me/`.

Keys are whatever the maker of a device chose, so a model of the site's own maps them; the shipped
ones have the usual words. Samples of the past keep their time: what a gateway sends after a cut is
judged in its order, and what is older than 60 s than the newest is late.

Liveness: there is no will. A device is silent after three heartbeats, or when its gateway says that
it has disconnected; whoever speaks through a gateway proves the gateway.
Sample: `v1/devices/me/telemetry` `{"ts":1451649600512,"values":{"temperature":22.5}}`.
Firmware seen: none; the documents of 3.x and 4.x. Not tried on a gateway.
Source: thingsboard.io/docs, MQTT device API and MQTT gateway API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from device_drivers.codecs.json_fields import flatten
from device_drivers.family import (
    Topics,
    Tree,
    Vocabulary,
    address_of,
    availability,
    digest_of,
    instant_of,
    report,
)
from device_drivers.payload import read_json, read_table
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report, Topic
from hub.ports import Envelope, Part

ME, GATEWAY = "me", "gateway"
VALUES = ("telemetry", "attributes")
CONNECTIONS = {"connect": True, "disconnect": False}
MOST_SAMPLES = 1_000


class ThingsboardDriver:
    """Translates what devices say for themselves: models whose driver is `thingsboard`."""

    name = "thingsboard"
    topics = Topics(
        hears=tuple(f"{{p}}{at}v1/devices/me/{word}" for at in ("", "+/") for word in VALUES),
        says=("{p}{o}v1/devices/me/+",),
        reads=("{p}{o}v1/devices/me/#",),
        alone=ME,
    )

    def __init__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> None:
        self._tree = Tree(self.topics, prefix)
        self._words = Vocabulary(self.name, models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the word in front of `v1`; `me` where there is none."""
        words = self._tree.words(envelope.address)
        match words:
            case ["v1", "devices", "me", "telemetry" | "attributes"]:
                return ME
            case [name, "v1", "devices", "me", "telemetry" | "attributes"]:
                return address_of(name)
        raise ProtocolError(f"topic {envelope.address!r:.120} is not v1/devices/me/telemetry")

    def guess(self, envelope: Envelope) -> str:
        """Name the model that fits best."""
        return self._words.guess(_newest(envelope.payload))

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate each sample of one message, the oldest first."""
        self.device_address(envelope)
        return list(_read_samples(envelope, device, self._words))


class ThingsboardGatewayDriver:
    """Translates what gateways say of many: models whose driver is `thingsboard-gateway`."""

    name = "thingsboard-gateway"
    topics = Topics(prefix="v1", hears=("{p}gateway/+", "{p}devices/me/+"))

    def __init__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> None:
        self._tree = Tree(self.topics, prefix)
        self._words = Vocabulary(self.name, models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the first device of a message."""
        parts = self.split(envelope)
        if not parts:
            raise ProtocolError(f"topic {envelope.address!r:.120} is of no device")
        return parts[0].address

    def split(self, envelope: Envelope) -> Sequence[Part]:
        """Return what a message says of each device, and that its gateway is there."""
        match self._tree.words(envelope.address):
            case ["devices", "me", _]:
                return (Part(address=GATEWAY, envelope=envelope),)
            case ["gateway", "connect" | "disconnect"]:
                name = read_table(envelope.payload).get("device")
                address = address_of(name if isinstance(name, str) else "")
                parts = [Part(address=address, envelope=envelope)]
            case ["gateway", "telemetry" | "attributes"]:
                table = read_table(envelope.payload)
                parts = [_cut(envelope, name, said) for name, said in table.items()]
            case _:
                return ()
        return (*parts, Part(address=GATEWAY, envelope=envelope, quiet=True))

    def guess(self, envelope: Envelope) -> str:
        """Name the model that fits best, or the dialect where a message has no values."""
        words = self._tree.words(envelope.address)
        if words[0] == "devices":
            return "thingsboard-gateway (it is the gateway)"
        if words[-1] not in VALUES:
            return self.name
        return self._words.guess(_newest(envelope.payload))

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate what a message says of one device."""
        words = self._tree.words(envelope.address)
        if device.address == GATEWAY:
            return (availability(envelope, device, online=True, grace=0.0),)
        if words[-1] in CONNECTIONS:
            online = CONNECTIONS[words[-1]]
            return (availability(envelope, device, online=online, grace=0.0),)
        return list(_read_samples(envelope, device, self._words))


def _cut(envelope: Envelope, name: str, said: object) -> Part:
    payload = msgspec.json.encode(said)
    part = msgspec.structs.replace(envelope, payload=payload)
    return Part(address=address_of(name), envelope=part)


def _read_samples(envelope: Envelope, device: Device, words: Vocabulary) -> Iterator[Report]:
    """Yield a report for each sample; without any known value the device is merely there."""
    found = False
    for at, flat, digest in sorted(_samples(envelope), key=lambda sample: sample[0]):
        samples = words.of(device.model).samples(flat)
        if samples:
            found = True
            yield report(envelope, device, Topic.STATE, samples=samples, at=at, digest=digest)
    if not found and not envelope.retained:
        yield availability(envelope, device, online=True, grace=0.0)


def _samples(envelope: Envelope) -> Iterator[tuple[float, dict[str, Any], str]]:
    """Yield (instant, path → value, digest) of each sample in a message."""
    for each in _tables(envelope.payload):
        values = each.get("values")
        if not isinstance(values, dict):
            yield envelope.received, flatten(each), ""
            continue
        digest = digest_of(msgspec.json.encode(each), Topic.STATE)
        yield instant_of(each.get("ts"), envelope.received), flatten(values), digest


def _newest(payload: object) -> dict[str, Any]:
    """Return the values of the last sample in a message."""
    tables = _tables(payload)
    last = tables[-1] if tables else {}
    values = last.get("values")
    return flatten(values if isinstance(values, dict) else last)


def _tables(payload: object) -> list[dict[str, Any]]:
    said = read_json(payload)
    tables: list[Any] = said if isinstance(said, list) else [said]
    if len(tables) > MOST_SAMPLES or not all(isinstance(each, dict) for each in tables):
        raise ProtocolError(f"it is no object, and no list of up to {MOST_SAMPLES} objects")
    return tables
