"""Tasmota firmware (12 and later): plugs, DIN meters, relays and sensors on ESP boards.

Topics, as the shipped FullTopic `%prefix%/%topic%/` makes them: `tele/{t}/SENSOR` and `/STATE`
every TelePeriod (300 s), `stat/{t}/RESULT` on change, `tele/{t}/INFO3` once after a start, and
`tele/{t}/LWT`: `Online`, or as will `Offline`, both retained. The hub hears no other words. Three
phases are a list: `ENERGY.Voltage.1` is phase b. With `TempUnit` `F` temperatures are turned into
°C. `Time` is local time without a zone, and Tasmota keeps nothing for later, so arrival counts.
`BootCount` of `INFO3` tells a reboot.

Liveness: heard every 300 s, three missed are silence. A will comes 45 s (1.5 × MqttKeepAlive 30)
after the last packet; one that comes sooner after a message is late, and waits for 300 s without a
word. Retained orders (`cmnd/…`) switch relays at each start of a device: take them off the broker.

Sample: `tele/tasmota_5A1B2C/SENSOR` `{"Time":"2017-02-16T10:13:52","ENERGY":{"Total":3.185,
"Power":50,"Factor":0.99,"Voltage":230,"Current":0.217}}`.
Firmware seen: none; the documents of 12 to 14. Not tried on a board.
Source: tasmota.github.io/docs, MQTT, Commands, P1 and energy monitoring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from device_drivers.codecs.json_fields import flatten
from device_drivers.family import Topics, Tree, Vocabulary, address_of, availability, report
from device_drivers.payload import read_table
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report, Topic
from hub.ports import Envelope

LWT = "LWT"
WILLS = {b"Online": True, b"Offline": False}
GRACE = 45.0
HEARD = ("SENSOR", "STATE", "LWT", "INFO3")
SAYS_FIELDS = ("SENSOR", "STATE", "RESULT")


class TasmotaDriver:
    """Translates every model whose driver is `tasmota`."""

    name = "tasmota"
    topics = Topics(
        hears=(*(f"{{p}}tele/+/{word}" for word in HEARD), "{p}stat/+/RESULT"),
        says=("{p}tele/{a}/+", "{p}stat/{a}/+"),
        reads=("{p}cmnd/{a}/+", "{p}cmnd/tasmotas/+"),
    )

    def __init__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> None:
        self._tree = Tree(self.topics, prefix)
        self._words = Vocabulary(self.name, models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the device's Topic, as its console shows it."""
        return self._split(envelope.address)[0]

    def guess(self, envelope: Envelope) -> str:
        """Name the model that fits best, or the dialect where a message has no values."""
        if self._split(envelope.address)[1] not in SAYS_FIELDS:
            return self.name
        return self._words.guess(_flat(envelope.payload))

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one message: values, a will or a birth, or a mere sign of life."""
        word = self._split(envelope.address)[1]
        if word == LWT:
            return (self._read_will(envelope, device),)
        flat = _flat(envelope.payload)
        samples = self._words.of(device.model).samples(flat) if word in SAYS_FIELDS else ()
        if samples:
            return (report(envelope, device, Topic.STATE, samples=samples),)
        if envelope.retained:
            return ()
        boot = str(flat.get("Info3.BootCount") or "")[:64]
        return (report(envelope, device, Topic.AVAIL, online=True, boot=boot),)

    def _read_will(self, envelope: Envelope, device: Device) -> Report:
        said = envelope.payload if isinstance(envelope.payload, bytes) else b""
        online = WILLS.get(said.strip())
        if online is None:
            raise ProtocolError(f"{envelope.address}: {said[:40]!r} is neither Online nor Offline")
        return availability(envelope, device, online=online, grace=GRACE)

    def _split(self, topic: str) -> tuple[str, str]:
        """Return (Topic of the device, last word)."""
        words = self._tree.words(topic)
        if len(words) != 3 or words[0] not in {"tele", "stat"}:
            raise ProtocolError(f"topic {topic!r:.120} is not tele/TOPIC/WORD or stat/TOPIC/RESULT")
        return address_of(words[1]), words[2]


def _flat(payload: object) -> dict[str, Any]:
    """Return path → value, temperatures in °C."""
    flat = flatten(read_table(payload))
    if flat.get("TempUnit") == "F":
        warm = {path: value for path, value in flat.items() if path.endswith(".Temperature")}
        flat |= {path: _celsius(value) for path, value in warm.items()}
    return flat


def _celsius(value: object) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return round((value - 32) / 1.8, 2) if number else None  # type: ignore[operator]
