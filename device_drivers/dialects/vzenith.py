"""Plate cameras of Vzenith (臻识) over MQTT, and whoever builds to the same protocol.

Topics: `device/{sn}/message/up/{name}`, by older firmware `{sn}/device/message/up/{name}`. The
envelope is `{"sn":…,"name":"ivs_result","timestamp":1718000000,"payload":{…}}`; some firmware puts
a zero byte or a byte-order mark in front. Read are `ivs_result` (a vehicle), `gpio_in` (contacts:
0 open, 1 closed, 2 a pulse, which is no state), `barr_gate_status`, `keep_alive`, and no others.
What the numbers of `barr_gate_status` mean the maker says for each firmware: a model
of the site's own maps `barr_gate_status.gate_status` in its `[[fields]]`.

A plate (`license`: base64 of UTF-8, or plain) leaves here as a hash whose key is the running hub's
and which is another every day. `_无_` is a vehicle without a plate that could be read: its
confidence counts, and there is no event. `is_fake_plate` 1 stands in the event; `isoffline` 1 is a
record that was replayed, and late. `triggerType` 64 is a vehicle that stays, 66 one that turned
back. Set the camera to send no pictures: they are cut out here, and a packet over 64 KiB ends its
connection to a broker with the shipped limits.

Liveness: `keep_alive` every 5 to 10 s, three missed are silence; there is no will.
Sample: `{"name":"ivs_result","payload":{"AlarmInfoPlate":{"result":{"PlateResult":{"license":
"5LqsQTEyMzQ1","confidence":99,"isoffline":0,"timeStamp":{"Timeval":{"sec":1718000000}}}}}}}`.
Firmware seen: none; the protocol's versions 1.0 to 1.1.14 (2025). Not tried on a camera.
Source: open.vzicloud.com, MQTT 车牌识别; the maker's protocol 1.1.14.
"""

from __future__ import annotations

import binascii
import re
import secrets
from base64 import b64decode
from collections.abc import Mapping, Sequence
from hashlib import blake2b
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
from hub.model.instant import local_day
from hub.model.report import Report, Topic
from hub.ports import Envelope

EVENTS = {64: "vehicle.staying", 66: "vehicle.turned_back"}
"""Trigger → what happened; 65 ends a stay, all others read a plate."""
HEARD = ("ivs_result", "gpio_in", "keep_alive", "barr_gate_status")
STAY_ENDED, PULSE = 65, 2
NO_PLATE = ("", "_无_", "无牌车", "无牌")
_PLATE = re.compile(r"[一-鿿A-Z0-9-]{5,10}")
_HASH_BYTES = 8


class VzenithDriver:
    """Translates every model whose driver is `vzenith`; `key` seals plates."""

    name = "vzenith"
    topics = Topics(
        hears=tuple(
            f"{{p}}{sender}/message/up/{name}"
            for sender in ("device/+", "+/device")
            for name in HEARD
        ),
        says=(
            *("{p}device/{a}/message/up/+", "{p}device/{a}/message/down/+/reply"),
            *("{p}{a}/device/message/up/+", "{p}{a}/device/message/down/+/reply"),
        ),
        reads=("{p}device/{a}/message/down/+", "{p}{a}/device/message/down/+"),
    )

    def __init__(
        self,
        models: Mapping[str, DeviceModel],
        prefix: str | None = None,
        *,
        key: bytes | None = None,
    ) -> None:
        self._tree = Tree(self.topics, prefix)
        self._words = Vocabulary(self.name, models)
        self._key = secrets.token_bytes(16) if key is None else key

    def device_address(self, envelope: Envelope) -> str:
        """Return the camera's serial number."""
        return self._split(envelope.address)[0]

    def guess(self, envelope: Envelope) -> str:
        """Name the model of all cameras that speak here."""
        return f"vzenith-lpr (it says {self._split(envelope.address)[1]})"

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one message: a vehicle is an event and a reading, a contact a reading."""
        name = self._split(envelope.address)[1]
        body = _body(read_table(envelope.payload))
        if name == "ivs_result":
            return self._read_vehicle(envelope, device, body)
        samples = self._words.of(device.model).samples(flatten(_contacts(name, body)))
        if samples:
            return (report(envelope, device, Topic.STATE, samples=samples),)
        return (availability(envelope, device, online=True, grace=0.0),)

    def _read_vehicle(
        self, envelope: Envelope, device: Device, body: Mapping[str, Any]
    ) -> Sequence[Report]:
        result = _dig(body, "AlarmInfoPlate", "result", "PlateResult")
        moment = _dig(result, "timeStamp", "Timeval")
        at = instant_of(moment.get("sec"), envelope.received)
        known = repr([result.get("plateid"), *map(moment.get, ("sec", "usec"))]).encode()
        late = result.get("isoffline") == 1
        samples = self._words.of(device.model).samples(flatten({"PlateResult": result}))
        event, data = self._event(result, at)
        bodies: list[tuple[Topic, dict[str, Any]]] = []
        if samples:
            bodies.append((Topic.STATE, {"samples": samples}))
        if event:
            bodies.append((Topic.EVENT, {"event": event, "data": data}))
        if not bodies:
            return (availability(envelope, device, online=True, grace=0.0),)
        return [
            report(
                envelope, device, topic, at=at, late=late, digest=digest_of(known, topic), **said
            )
            for topic, said in bodies
        ]

    def _event(self, result: Mapping[str, Any], at: float) -> tuple[str, dict[str, Any]]:
        trigger = result.get("triggerType")
        if trigger == STAY_ENDED:
            return "", {}
        plate = plate_of(result.get("license"))
        data = {"plate": self._seal(plate, at)} if plate else {}
        if result.get("is_fake_plate") == 1:
            data["fake"] = "1"
        event = EVENTS.get(trigger, "") if isinstance(trigger, int) else ""
        return event or ("plate.read" if plate else ""), data

    def _seal(self, plate: str, at: float) -> str:
        text = f"{local_day(at)} {plate}".encode()
        return blake2b(text, key=self._key, digest_size=_HASH_BYTES).hexdigest()

    def _split(self, topic: str) -> tuple[str, str]:
        """Return (serial number, name of the message)."""
        words = self._tree.words(topic)
        if len(words) == 5 and words[2:4] == ["message", "up"] and "device" in words[:2]:
            return address_of(words[1] if words[0] == "device" else words[0]), words[4]
        raise ProtocolError(f"topic {topic!r:.120} is not device/SN/message/up/NAME")


def plate_of(said: object) -> str:
    """Return the plate, or nothing where none was read; base64 counts if a plate comes out."""
    if not isinstance(said, str) or said in NO_PLATE:
        return ""
    try:
        text = b64decode(said, validate=True).decode()
    except (binascii.Error, ValueError):
        return said
    return text if _PLATE.fullmatch(text) else "" if text in NO_PLATE else said


def _body(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is in the envelope; older firmware has one more around it."""
    payload = _dig(message, "payload") or message
    return _dig(payload, "body") or payload


def _dig(table: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        inner = table.get(name)
        table = inner if isinstance(inner, Mapping) else {}
    return table


def _contacts(name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a message says, with a contact's number in its path: `gpio_in.0`."""
    if name != "gpio_in":
        return {name: body}
    contact = _dig(body, "AlarmGioIn", "result", "TriggerResult")
    pulse = contact.get("value") == PULSE
    return {} if pulse else {name: {str(contact.get("source")): contact.get("value")}}
