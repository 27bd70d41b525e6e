"""Events of Dahua hosts: whose they are, what they say, and what of people is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.dahua import Event, read_channels, read_events, write_event
from device_drivers.dialects.dahua import MEANINGS, DahuaDriver
from device_drivers.links.stream_tongue import DahuaTongue
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.report import Report
from hub.ports import Envelope, Registers

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices" / "dahua"
MODELS = {
    name: model for name, model in load_models(shipped_models()).items() if model.driver == "dahua"
}
DRIVER = DahuaDriver(MODELS)


def decode(payload: bytes, model: str, address: str = "1") -> list[Report]:
    device = Device(
        uid=DeviceUid("u"),
        id="device",
        address=address,
        kind=MODELS[model].kind,
        model=model,
        place="p",
    )
    envelope = Envelope(link="nvr", address=address, payload=payload, received=1e9)
    assert DRIVER.device_address(envelope) == address
    return list(DRIVER.decode(envelope, device))


def said(payload: bytes | str, model: str) -> list[object]:
    raw = payload.encode() if isinstance(payload, str) else payload
    return [
        report.event or {s.point: s.value for s in report.samples} or report.online
        for report in decode(raw, model)
    ]


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def test_a_heartbeat_says_that_a_camera_is_there_and_that_a_door_is_alive() -> None:
    assert said(fixture("heartbeat.txt"), "dahua-camera") == [{"online": True}]
    assert said(fixture("heartbeat.txt"), "dahua-unit-door") == [True]


def test_an_index_counts_from_nought_and_an_address_from_one() -> None:
    (event,) = read_events(fixture("video-loss.txt"))
    assert (event, event.address) == (Event("videoloss", "start", 0), "1")
    assert said(fixture("video-loss.txt"), "dahua-camera") == ["video.lost"]
    assert said("Code=VideoLoss;action=Stop;index=0", "dahua-camera") == ["video.restored"]


def test_several_events_of_one_part_are_each_their_own() -> None:
    first, second = read_events(fixture("doors.txt"))
    assert (first.address, first.at) == ("door-1", 1598250815)
    assert (second.address, second.status, second.at) == ("door-2", "open", None)
    assert said(write_event(first), "dahua-unit-door") == [{"door.open": True}, "door.forced"]
    assert decode(write_event(first), "dahua-unit-door")[1].data == {"door": 1}
    assert said(write_event(second), "dahua-unit-door") == [{"door.open": True}]
    assert len(decode(fixture("doors.txt"), "dahua-unit-door")) == 3


def test_a_card_is_granted_or_denied_and_nobody_s_name_goes_on() -> None:
    (event,) = read_events(fixture("card.txt"))
    assert event.address == "0"
    kept = write_event(event)
    assert kept == b'Code=accesscontrol;action=pulse;index=0;data={"Status":"1"}'
    assert said(kept, "dahua-access-controller") == ["access.granted"]
    refused = kept.replace(b'"1"', b'"0"')
    assert said(refused, "dahua-access-controller") == ["access.denied"]


def test_every_meaning_belongs_to_a_model() -> None:
    points = {point for model in MODELS.values() for point in model.points}
    events = {event for model in MODELS.values() for event in model.events} | {""}
    for meaning in (each for words in MEANINGS.values() for each in words.values()):
        assert set(meaning.points) <= points
        assert meaning.event in events


@pytest.mark.parametrize(
    ("raw", "model", "facts"),
    [
        ("Code=StorageFailure;action=Start;index=2", "dahua-recorder", [{"disk.ok": False}]),
        ("Code=StorageLowSpace;action=Start;index=2", "dahua-recorder", [True]),
        ("Code=VideoBlind;action=Start;index=3", "dahua-camera", [{"picture.ok": False}]),
        ("Code=VideoMotion;action=Start;index=3", "dahua-camera", [True]),
        ("Code=DoorNotClosed;action=Start;index=0", "dahua-unit-door",
         [{"door.open": True}, "door.held"]),
        ("Code=DoorStatus;action=Close;index=0", "dahua-unit-door", [{"door.open": False}]),
        ("Code=Duress;action=Pulse;index=0", "dahua-access-controller", ["duress"]),
        ("Code=ChassisIntruded;action=Stop;index=0", "dahua-access-controller",
         [{"tamper": False}]),
    ],
)  # fmt: skip
def test_an_event_says_what_its_code_and_action_mean(
    raw: str, model: str, facts: list[object]
) -> None:
    assert said(raw, model) == facts


def test_what_stands_at_the_start_is_told_of_each_channel() -> None:
    assert read_channels("Error: No Events\r\n") == frozenset()
    assert read_channels("channels[0]=1\r\nchannels[1]=6") == {1, 6}
    assert read_channels("<html>404</html>") is None
    found = DahuaTongue().standing("videoloss", "channels[0]=1", ["0", "1", "2", "door-1"])
    assert [(each.address, each.is_over) for each in found] == [("1", True), ("2", False)]
    assert DahuaTongue().standing("videoloss", "nonsense", ["1"]) == ()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "neither a heartbeat nor an event"),
        (b"<html>", "neither a heartbeat nor an event"),
        (b"Code=x", "is no event"),
        (b"Code=x;action=Start;index=99999", "is no event"),
        (b"Code=x;action=Start;index=1;data={", "no JSON"),
        (b"Code=x;action=Start;index=1;data=" + b"[" * 5000, "no JSON"),
    ],
)
def test_what_is_no_event_is_refused_with_the_device_s_name(raw: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=f"device: .*{why}"):
        decode(raw, "dahua-camera")
    with pytest.raises(ProtocolError, match=why):
        DRIVER.device_address(Envelope(link="l", address="", payload=raw, received=1.0))


def test_registers_are_no_event() -> None:
    device = Device(
        uid=DeviceUid("u"), id="d", address="1", kind=MODELS["dahua-camera"].kind,
        model="dahua-camera", place="p",
    )  # fmt: skip
    block = Envelope(link="l", address="1", payload=(Registers(function=3, start=0),), received=1)
    with pytest.raises(ProtocolError, match="must be bytes"):
        DRIVER.decode(block, device)
