"""What the journal says of a device whose line in the sheet is new, differs, or is another one."""

from __future__ import annotations

from typing import get_args, get_type_hints

import msgspec

from hub.assembly.site_books import site_documents
from hub.assembly.site_ledger import LINKS, links_of
from hub.config.buses import LineSettings
from hub.model.device import Device, DeviceUid, Kind
from hub.services.registry import Site
from hub.settings import MqttSettings, Settings

GATE = Device(
    uid=DeviceUid("d_1"),
    id="gate-1",
    address="G1",
    kind=Kind.BARRIER_GATE,
    model="ld-barrier-gate",
    place="gs",
)


def entry_of(device: Device, *before: Device) -> tuple[str, dict[str, object]]:
    stored = {each.id: msgspec.json.encode(each) for each in before}
    _, entries = site_documents(Site(devices=(device,), places={}), stored, 0.0)
    [(kind, subject, _, data)] = entries
    assert subject == device.id
    return kind, data


def test_new_and_changed_lines_are_told_apart() -> None:
    assert entry_of(GATE)[0] == "device.adopted"
    assert entry_of(msgspec.structs.replace(GATE, name="西门"), GATE)[0] == "device.changed"
    same = {GATE.id: msgspec.json.encode(GATE)}
    assert site_documents(Site(devices=(GATE,), places={}), same, 0.0) == ([], [])


def test_another_address_under_the_same_id_is_other_hardware() -> None:
    kind, data = entry_of(msgspec.structs.replace(GATE, address="G9"), GATE)
    assert kind == "device.swapped"
    assert data["from"] == {"link": "mqtt", "address": "G1", "model": "ld-barrier-gate"}
    assert data["to"] == {"link": "mqtt", "address": "G9", "model": "ld-barrier-gate"}


def test_a_device_may_name_every_link_that_the_settings_can_have() -> None:
    kinds = {
        name: get_args(hint)[0] for name, hint in get_type_hints(Settings).items() if get_args(hint)
    }
    named = {
        table
        for table, kind in kinds.items()
        if "name" in getattr(kind, "__struct_fields__", ()) and table != "receiver"
    }
    assert {"modbus", "line"} <= named <= set(LINKS)
    riser = LineSettings(name="riser-1", host="127.0.0.1", port=4001)
    found = links_of(Settings(mqtt=MqttSettings(), line=(riser,)))
    assert found == {"mqtt": "mqtt", "hub": "hub", "riser-1": "line"}
