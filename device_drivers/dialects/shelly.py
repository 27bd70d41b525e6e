"""Shelly of the second generation and later (Plus, Pro, Gen3, Gen4), by RPC notifications.

Topics, `{a}` being the device's topic prefix (its id, unless somebody has set another):
`{a}/events/rpc` has frames of `NotifyStatus` (what has changed), `NotifyFullStatus` (all, when a
sleeper wakes up) and `NotifyEvent` (buttons); `{a}/status/{component}` the whole of one component,
where "generic status update" is on; `{a}/online` `true`, or `false` as will, retained. `ts` is UTC,
and null or nonsense until the device has found a time server. Energy is in Wh, and some fields are
null while they have no value: that is bad, and never 0. A sensor on external supply says that its
battery has 0 %, and means none (Plus H&T, seen in 2023).

Liveness: what meters tells every minute. A will comes 90 s (1.5 × keepalive 60) after the last
packet; one that comes sooner after a message is late, and waits for a heartbeat without a word. A
sensor on a battery hangs up to sleep: for a model whose heartbeat is 6 h or more `false` says
nothing, and only three heartbeats without a word are silence.

Sample: `shellyplus1pm-aabbccddeeff/events/rpc` `{"src":"shellyplus1pm-aabbccddeeff","method":
"NotifyStatus","params":{"ts":1707326934.12,"switch:0":{"id":0,"aenergy":{"total":110.046}}}}`.
Firmware seen: what owners published of a Plus 1PM and a Plus H&T. Not tried on a device of ours.
Source: shelly-api-docs.shelly.cloud, gen2: MQTT, notifications, Switch, EM, EMData, PM1;
aioshelly's fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
from device_drivers.payload import read_table
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report, Topic
from hub.ports import Envelope

ONLINE = {b"true": True, b"false": False}
GRACE = 90.0
SLEEPS = 21_600.0
"""The heartbeat in seconds from which on a model's devices sleep between their words."""
CHARGE = "devicepower:0.battery.percent"
_STATUS = ("NotifyStatus", "NotifyFullStatus")


class ShellyDriver:
    """Translates every model whose driver is `shelly`."""

    name = "shelly"
    topics = Topics(
        hears=("{p}+/events/rpc", "{p}+/status/+", "{p}+/online"),
        says=("{p}{a}/events/rpc", "{p}{a}/status/+", "{p}{a}/online", "{p}{a}/announce"),
        reads=("{p}{a}/rpc", "{p}{a}/command", "{p}{a}/command/+"),
    )

    def __init__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> None:
        self._tree = Tree(self.topics, prefix)
        self._words = Vocabulary(self.name, models)
        self._models = models

    def device_address(self, envelope: Envelope) -> str:
        """Return the device's topic prefix as an address."""
        return self._split(envelope.address)[0]

    def guess(self, envelope: Envelope) -> str:
        """Name the model that fits best, or the dialect where a message has no values."""
        _, word, component = self._split(envelope.address)
        if word == "online":
            return self.name
        table = read_table(envelope.payload)
        return self._words.guess(flatten({component: table} if component else _params(table)))

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one message: values, buttons, or whether it is there."""
        _, word, component = self._split(envelope.address)
        if word == "online":
            return self._read_online(envelope, device)
        table = read_table(envelope.payload)
        if component:
            return self._read_values(envelope, device, {component: table})
        if table.get("method") in _STATUS:
            return self._read_values(envelope, device, _params(table))
        return list(self._read_events(envelope, device, _params(table)))

    def _read_online(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        said = envelope.payload if isinstance(envelope.payload, bytes) else b""
        online = ONLINE.get(said.strip())
        if online is None:
            raise ProtocolError(f"{envelope.address}: {said[:40]!r} is neither true nor false")
        if not online and self._models[device.model].heartbeat >= SLEEPS:
            return ()
        return (availability(envelope, device, online=online, grace=GRACE),)

    def _read_values(
        self, envelope: Envelope, device: Device, said: Mapping[str, Any]
    ) -> Sequence[Report]:
        samples = self._words.of(device.model).samples(_believed(flatten(said)))
        if not samples:
            return _alive(envelope, device)
        return (report(envelope, device, Topic.STATE, samples=samples, **_time(said, envelope)),)

    def _read_events(
        self, envelope: Envelope, device: Device, said: Mapping[str, Any]
    ) -> Iterator[Report]:
        events = said.get("events")
        for each in events if isinstance(events, list) else ():
            if not isinstance(each, Mapping):
                continue
            flat = {f"{each.get('component')}.event": each.get("event")}
            for event, data in self._words.of(device.model).events(flat):
                told = {"event": event, "data": data, **_time(said, envelope)}
                yield report(envelope, device, Topic.EVENT, **told)
        yield from _alive(envelope, device)

    def _split(self, topic: str) -> tuple[str, str, str]:
        """Return (address, what it says, component of a status)."""
        words = self._tree.words(topic)
        match words:
            case [name, "events", "rpc"] | [name, "online"]:
                return address_of(name), words[1], ""
            case [name, "status", component] if component:
                return address_of(name), "status", component
        raise ProtocolError(f"topic {topic!r:.120} is no /events/rpc, /status/ or /online")


def _believed(flat: Mapping[str, object]) -> Mapping[str, object]:
    """Leave out the charge of a battery that is not in use: it is said to be 0."""
    if flat.get("devicepower:0.external.present") is not True:
        return flat
    return {path: said for path, said in flat.items() if path != CHARGE}


def _params(table: Mapping[str, Any]) -> Mapping[str, Any]:
    params = table.get("params")
    return params if isinstance(params, Mapping) else {}


def _time(said: Mapping[str, Any], envelope: Envelope) -> dict[str, Any]:
    """Return instant and digest of what has a time; a status by itself has none."""
    if "ts" not in said or not isinstance(envelope.payload, bytes):
        return {}
    at = instant_of(said["ts"], envelope.received)
    return {"at": at, "digest": digest_of(envelope.payload, Topic.STATE)}


def _alive(envelope: Envelope, device: Device) -> Sequence[Report]:
    if envelope.retained:
        return ()
    return (availability(envelope, device, online=True, grace=0.0),)
