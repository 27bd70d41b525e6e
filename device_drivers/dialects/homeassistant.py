"""Discovery as Home Assistant has it: devices that announce who they are become newcomers.

Topics: `{p}{component}/{object}/config` and `{p}{component}/{node}/{object}/config` for one entity,
`{p}device/{object}/config` for a device with all of its entities (`cmps`); `{p}` is
`homeassistant/`. Keys may be abbreviated (`dev`, `ids`, `mf`, `mdl`, `stat_t`, `dev_cla`, `o`), `~`
stands for the base of topics, and an empty payload takes an announcement back. Announcements are
retained.

An announcement is no reading: nothing here reaches a device of the books. The guess says by which
dialect the device will be heard, as far as its state topic shows that, who made it, and what it
measures; it is adopted on the link of that dialect. What the hub itself announces is passed over.

Liveness: none; the link of the device's own dialect judges that.
Sample: `homeassistant/binary_sensor/0x00158d/water_leak/config` `{"dev":{"ids":["zigbee2mqtt_0x1"],
"mf":"Aqara","mdl":"SJCGQ11LM"},"dev_cla":"moisture","stat_t":"zigbee2mqtt/leak_pump_room"}`.
Firmware seen: none; Home Assistant's documents of 2024 and later.
Source: home-assistant.io, integrations, MQTT, discovery.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from device_drivers.contract import has_control_characters
from device_drivers.family import Topics, Tree, address_of
from device_drivers.payload import read_table
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report
from hub.ports import Envelope, Part

OWN_ORIGIN = "Lingdang"
LONGEST_GUESS = 200
_DIALECTS = (
    (re.compile(r"zigbee2mqtt/.+"), "zigbee2mqtt"),
    (re.compile(r"(.+/)?(tele|stat)/.+"), "tasmota"),
    (re.compile(r"[^/]+/(events/rpc|status/[a-z0-9]+:\d+)"), "shelly"),
    (re.compile(r"(.+/)?v1/(devices/me|gateway)/.+"), "thingsboard"),
)
"""What a state topic looks like → by which dialect its device speaks."""


class HomeassistantDriver:
    """Reads announcements; it has no models, since an announcement has no values."""

    name = "homeassistant"
    topics = Topics(prefix="homeassistant", hears=("{p}+/+/config", "{p}+/+/+/config"), shared=True)

    def __init__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> None:
        del models
        self._tree = Tree(self.topics, prefix)

    def device_address(self, envelope: Envelope) -> str:
        """Return who announces itself."""
        parts = self.split(envelope)
        if not parts:
            raise ProtocolError(f"topic {envelope.address!r:.120} announces nobody")
        return parts[0].address

    def split(self, envelope: Envelope) -> Sequence[Part]:
        """Return the device; none for what is taken back, or what the hub itself announces."""
        words = self._tree.words(envelope.address)
        if len(words) not in {3, 4} or words[-1] != "config":
            raise ProtocolError(f"topic {envelope.address!r:.120} is not COMPONENT/OBJECT/config")
        if not envelope.payload:
            return ()
        table = read_table(envelope.payload)
        if _text(_table(table, "origin", "o"), "name", "name") == OWN_ORIGIN:
            return ()
        return (Part(address=address_of(_name(table, words)), envelope=envelope),)

    def guess(self, envelope: Envelope) -> str:
        """Say by which dialect it speaks, who made it, and what it measures."""
        table = read_table(envelope.payload)
        device = _table(table, "device", "dev")
        made = (_text(device, "manufacturer", "mf"), _text(device, "model", "mdl"))
        topics = list(dict.fromkeys(filter(None, (_state_topic(each) for each in _all(table)))))
        measures = sorted(
            {word for each in _all(table) if (word := _text(each, "device_class", "dev_cla"))}
        )
        dialect = next(filter(None, map(_dialect, topics)), "a dialect that is not known")
        said = [
            f"{dialect}: {' '.join(filter(None, made)) or 'no maker named'}",
            f"measures {', '.join(measures)}" if measures else "",
            f"heard at {topics[0]}" if topics else "",
        ]
        return ", ".join(filter(None, said))[:LONGEST_GUESS]

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Return nothing: an announcement is no news of a device."""
        del envelope, device
        return ()


def _name(table: Mapping[str, Any], words: Sequence[str]) -> str:
    """Return what a device is known by: its first identifier, or what its topic has."""
    device = _table(table, "device", "dev")
    ids = device.get("identifiers", device.get("ids"))
    first = ids[0] if isinstance(ids, list) and ids else ids
    if isinstance(first, str) and first:
        return first
    return _text(table, "unique_id", "uniq_id") or words[-2]


def _all(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the announcement, and each entity in it."""
    yield table
    for entity in _table(table, "components", "cmps").values():
        if isinstance(entity, Mapping):
            yield {"~": table.get("~"), **entity}


def _state_topic(entity: Mapping[str, Any]) -> str:
    topic, base = _text(entity, "state_topic", "stat_t"), _text(entity, "~", "~")
    return topic.replace("~", base, 1) if topic[:1] == "~" or topic[-1:] == "~" else topic


def _dialect(topic: str) -> str:
    return next((name for form, name in _DIALECTS if form.fullmatch(topic)), "")


def _table(table: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    found = next((table[name] for name in names if name in table), None)
    return found if isinstance(found, Mapping) else {}


def _text(table: Mapping[str, Any], *names: str) -> str:
    found = next((table[name] for name in names if name in table), None)
    return found if isinstance(found, str) and not has_control_characters(found) else ""
