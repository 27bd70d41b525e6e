"""Who an envelope is of: dialects side by side, parts of one message, strangers with a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from device_drivers.dialects.lingdang import LingdangDriver
from device_drivers.dialects.vzenith import VzenithDriver
from device_drivers.dialects.zigbee2mqtt import Zigbee2mqttDriver
from hub.errors import ProtocolError
from hub.intake.router import Parcel, Router
from hub.model.device import Device, Kind, Lifecycle
from hub.model.report import Report, Topic
from hub.ports import Envelope, NewcomerRow, Part, QuarantineRow
from tests.support.shipped import MODELS
from tests.unit.intake.stage import GATE, device

CAMERA = device("cam", Kind.LPR_CAMERA, model="vzenith-lpr", link="plates")
BEAT = b'{"name":"keep_alive","payload":{}}'
TOPIC = "device/cam/message/up/keep_alive"


class Many(VzenithDriver):
    """Tells of each device that stands in the payload, one a line; `!` is no device."""

    name = "many"

    def split(self, envelope: Envelope) -> Sequence[Part]:
        assert isinstance(envelope.payload, bytes)
        return [Part(address=each, envelope=envelope) for each in envelope.payload.decode().split()]

    def guess(self, envelope: Envelope) -> str:
        return "a guess"

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        if device.address == "bad":
            raise ProtocolError("it is bad")
        return (
            Report(address=device.address, uid=device.uid, topic=Topic.STATE, at=1, received=1),
        )


def router(*devices: Device) -> Router:
    drivers = {
        "lingdang": LingdangDriver(MODELS),
        "vzenith": VzenithDriver(MODELS),
        "vzenith on plates": VzenithDriver(MODELS),
        "vzenith on yard": VzenithDriver(MODELS, "yard"),
        "many": Many(MODELS),
    }
    links = {"mqtt": "lingdang", "many": "many"}
    links |= {link: f"vzenith on {link}" for link in ("plates", "yard")}
    found = Router(drivers, links)
    found.set_devices(devices, MODELS)
    return found


def envelope(link: str, address: str, payload: bytes = BEAT, **fields: Any) -> Envelope:  # noqa: ANN401
    return Envelope(link=link, address=address, payload=payload, received=1.0, **fields)


def test_a_link_s_driver_speaks_for_its_devices() -> None:
    own, other = CAMERA, device("cam", Kind.LPR_CAMERA, model="vzenith-lpr", link="yard", uid="y")
    both = router(own, other)
    for link, topic, uid in (("plates", TOPIC, own.uid), ("yard", f"yard/{TOPIC}", other.uid)):
        for _ in range(2):
            (report,) = both.route(envelope(link, topic))  # type: ignore[misc]
            assert (report.uid, report.online) == (uid, True)
    assert isinstance(both.route(envelope("yard", TOPIC)), QuarantineRow)


def test_one_address_on_two_links_is_two_devices() -> None:
    gate = device("cam", uid="d_gate")
    both = router(CAMERA, gate)
    assert both.find(envelope("plates", TOPIC)) == CAMERA
    assert both.find(envelope("mqtt", "ld/gs/cam/state")) == gate


def test_a_stranger_is_a_newcomer_with_a_guess() -> None:
    row = router().route(envelope("plates", TOPIC))
    assert isinstance(row, NewcomerRow)
    assert (row.link, row.address) == ("plates", "cam")
    assert row.guess == "vzenith-lpr (it says keep_alive)"


def test_a_device_of_another_dialect_is_no_crash() -> None:
    row = router(device("cam", link="plates")).route(envelope("plates", TOPIC))
    assert isinstance(row, QuarantineRow)
    assert "not ld/community" in row.reason


def test_each_part_of_a_message_is_routed_by_itself() -> None:
    known = [device(name, Kind.LPR_CAMERA, model="vzenith-lpr", link="many") for name in "ab"]
    bad = device("bad", Kind.LPR_CAMERA, model="vzenith-lpr", link="many")
    gone = device("gone", link="many", state=Lifecycle.RETIRED)
    found = router(*known, bad, gone)
    # The models are of `vzenith`; this link's driver is asked since it was made for the link.
    found._spoken = dict.fromkeys(found._spoken, found._finders["many"])
    found._devices = {
        key: (each, found._finders["many"]) for key, (each, _) in found._devices.items()
    }
    routed = found.route(envelope("many", "t", b"a bad c gone b"))
    assert isinstance(routed, Parcel)
    first, second, third, fourth, last = routed.parts
    assert isinstance(first, tuple)
    assert isinstance(last, tuple)
    assert [first[0].address, last[0].address] == ["a", "b"]
    assert isinstance(second, QuarantineRow)
    assert [third.guess, fourth.address] == ["a guess", "gone"]  # type: ignore[union-attr]


def test_a_message_of_nobody_is_nothing() -> None:
    assert router().route(envelope("many", "t", b"")) == Parcel([])
    assert GATE.link == "mqtt"


def test_what_is_about_everybody_is_about_each_once_and_a_quiet_part_makes_no_newcomer() -> None:
    bridge, leak, plug = (
        device(name, Kind.SENSOR, model=f"zigbee2mqtt-{model}", link="zigbee")
        for name, model in (("bridge", "bridge"), ("leak", "leak"), ("plug", "plug"))
    )
    drivers = {"z": Zigbee2mqttDriver(MODELS), "zigbee2mqtt": Zigbee2mqttDriver(MODELS)}
    found = Router(drivers, {"zigbee": "z"})
    gone = envelope("zigbee", "zigbee2mqtt/bridge/state", b'{"state":"offline"}')
    wet = envelope("zigbee", "zigbee2mqtt/leak", b'{"water_leak":true}')
    found.set_devices([bridge, leak, plug], MODELS)
    reports = [report for part in found.route(gone).parts for report in part]  # type: ignore[union-attr]
    assert [(each.address, each.online) for each in reports] == [
        ("bridge", False), ("leak", False), ("plug", False),
    ]  # fmt: skip
    found.set_devices([leak], MODELS)
    routed = found.route(wet)
    assert isinstance(routed, Parcel)
    assert [len(part) for part in routed.parts] == [1, 0]  # type: ignore[arg-type]
    assert isinstance(found.route(gone).parts[0], NewcomerRow)  # type: ignore[union-attr]


def test_a_device_that_says_words_without_end_costs_no_memory_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.intake.router.MOST_TOPICS", 3)
    found = router(CAMERA)
    for number in range(10):
        found.route(envelope("plates", f"device/cam/message/up/word-{number}"))
    assert len(found._known["plates"]) <= 3
