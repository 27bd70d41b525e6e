"""Zigbee2MQTT (1.17 and later): one bridge, and the Zigbee devices behind it.

Topics below the base topic: `{name}` (a JSON object, often only of what changed),
`{name}/availability` (`{"state":"online"}`, by older versions the bare word; retained),
`bridge/state` (the same forms; retained, and the bridge's will), `bridge/health` every 10 min by
newer ones, `bridge/event`. All else below `bridge/`, and what ends in `set` or `get`, says nothing.
A name may have slashes and any letters; the bridge itself is the device `bridge`. Events come as
`action` (`{"action":"single"}`).

Liveness: whoever speaks proves the bridge, too. When `bridge/state` says offline nobody behind it
is heard any more: all devices of the link are silent until they speak again, and with the bridge
as their `upstream` they are no tickets of their own. `availability` is Zigbee2MQTT's own verdict:
mains devices are pinged after 10 min; battery devices sleep, and are missed after 25 h, which is
the heartbeat of their models. A will of the bridge within 90 s of any word is late; it waits for a
heartbeat (600 s) without a word. Retained values are of unknown age. After a start the bridge
repeats what it knows of each device as if it were new: set its `last_seen` to `ISO_8601` or
`epoch`, and such values keep their time.

Sample: `zigbee2mqtt/leak_pump_room` `{"battery":97,"water_leak":false,"linkquality":112}`.
Firmware seen: none; the documents of 1.x and 2.x. Not tried on a bridge.
Source: zigbee2mqtt.io, MQTT topics and messages; device availability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from device_drivers.codecs.json_fields import flatten
from device_drivers.family import (
    Topics,
    Tree,
    Vocabulary,
    address_of,
    availability,
    instant_of,
    report,
)
from device_drivers.payload import read_table
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.instant import from_rfc3339
from hub.model.report import Report, Topic
from hub.ports import EVERYBODY, Envelope, Part

BRIDGE, AVAILABILITY = "bridge", "availability"
STATE = "state"
BRIDGE_SAYS = (STATE, "health", "event")
ORDERS = ("set", "get")
STATES = {"online": True, "offline": False}
BARE = {word.encode(): online for word, online in STATES.items()}
GRACE = 90.0
"""1.5 × the keepalive of 60 s with which the bridge connects."""


class Zigbee2mqttDriver:
    """Translates every model whose driver is `zigbee2mqtt`, and the bridge."""

    name = "zigbee2mqtt"
    topics = Topics(prefix="zigbee2mqtt", hears=("{p}#",), largest=4_194_304)

    def __init__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> None:
        self._tree = Tree(self.topics, prefix)
        self._words = Vocabulary(self.name, models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the friendly name as an address."""
        parts = self.split(envelope)
        if not parts:
            raise ProtocolError(f"topic {envelope.address!r:.120} is of no device")
        return parts[0].address

    def split(self, envelope: Envelope) -> Sequence[Part]:
        """Return the device that a topic is of; none for what says nothing of any."""
        words = self._tree.words(envelope.address)
        if words[0] == BRIDGE:
            return _of_bridge(words[1:], envelope)
        told = words[:-1] if words[-1] == AVAILABILITY else words
        if words[-1] in ORDERS or not any(told) or not envelope.payload:
            return ()
        own = Part(address=address_of("/".join(told)), envelope=envelope)
        if envelope.retained:
            return (own,)
        return (own, Part(address=BRIDGE, envelope=envelope, quiet=True))

    def guess(self, envelope: Envelope) -> str:
        """Name the model that fits best, or the dialect where a message has no values."""
        words = self._tree.words(envelope.address)
        if words[0] == BRIDGE:
            return "zigbee2mqtt-bridge (it is the bridge)"
        if words[-1] == AVAILABILITY:
            return self.name
        return self._words.guess(flatten(read_table(envelope.payload)))

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one message: values and events, or whether somebody is there."""
        words = self._tree.words(envelope.address)
        if words[0] == BRIDGE and words[-1] == STATE:
            online = _state(envelope.payload)
            return (availability(envelope, device, online=online, grace=GRACE),)
        if BRIDGE in {words[0], device.address}:
            return (availability(envelope, device, online=True, grace=0.0),)
        if words[-1] == AVAILABILITY:
            online = _state(envelope.payload)
            return (availability(envelope, device, online=online, grace=0.0),)
        return self._read_values(envelope, device)

    def _read_values(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        flat, table = flatten(read_table(envelope.payload)), self._words.of(device.model)
        samples, at = table.samples(flat), _seen(flat.get("last_seen"), envelope.received)
        reports = [report(envelope, device, Topic.STATE, samples=samples, at=at)] if samples else []
        events = () if envelope.retained else table.events(flat)
        reports += [
            report(envelope, device, Topic.EVENT, event=event, data=data, at=at)
            for event, data in events
        ]
        if reports or envelope.retained:
            return reports
        return (availability(envelope, device, online=True, grace=0.0),)


def _of_bridge(words: Sequence[str], envelope: Envelope) -> Sequence[Part]:
    if len(words) != 1 or words[0] not in BRIDGE_SAYS:
        return ()
    parts = [Part(address=BRIDGE, envelope=envelope)]
    if words[0] == STATE and not _state(envelope.payload):
        parts.append(Part(address=EVERYBODY, envelope=envelope))
    return parts


def _seen(said: object, received: float) -> float:
    """Return when the device itself was heard: after a start the bridge repeats what it knows."""
    try:
        return from_rfc3339(said) if isinstance(said, str) else instant_of(said, received)
    except ValueError:
        return received


def _state(payload: object) -> bool:
    """Return whether it says online; older versions say the word without a table around it."""
    if isinstance(payload, bytes) and payload.strip() in BARE:
        return BARE[payload.strip()]
    said = read_table(payload).get("state")
    if not isinstance(said, str) or said not in STATES:
        raise ProtocolError(f"{said!r:.80} is neither online nor offline")
    return STATES[said]
