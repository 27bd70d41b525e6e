"""What the journal says of a device whose line in the sheet is new, differs, or is another one."""

from __future__ import annotations

import msgspec

from hub.assembly.site_books import site_documents
from hub.model.device import Device, DeviceUid, Kind
from hub.services.registry import Site

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
