"""Alerts of Hikvision hosts: whose they are, what they say, and what of people is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.isapi import over, read_alert, write_alert
from device_drivers.dialects.isapi import CONTROLLERS, DOORS, EYES, IsapiDriver
from device_drivers.links.episode import Ended, Episodes
from device_drivers.links.stream_tongue import IsapiTongue
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.instant import to_rfc3339
from hub.model.report import Report, Topic
from hub.ports import Envelope, Registers

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices" / "isapi"
MODELS = {
    name: model for name, model in load_models(shipped_models()).items() if model.driver == "isapi"
}
DRIVER = IsapiDriver(MODELS)


def decode(payload: bytes | str, model: str, address: str = "1") -> list[Report]:
    device = Device(
        uid=DeviceUid("u"),
        id="device",
        address=address,
        kind=MODELS[model].kind,
        model=model,
        place="p",
    )
    raw = payload.encode() if isinstance(payload, str) else payload
    envelope = Envelope(link="nvr", address=address, payload=raw, received=1e9)
    assert DRIVER.device_address(envelope) == address
    return list(DRIVER.decode(envelope, device))


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def said(payload: bytes | str, model: str) -> list[object]:
    return [
        report.event or {s.point: s.value for s in report.samples} or report.online
        for report in decode(payload, model)
    ]


def controller(major: int, minor: int, door: int = 1) -> str:
    inner = f'{{"majorEventType":{major},"subEventType":{minor},"doorNo":{door}}}'
    return f'{{"eventType":"AccessControllerEvent","AccessControllerEvent":{inner}}}'


def test_a_heartbeat_says_that_a_camera_is_there_and_that_a_door_is_alive() -> None:
    for name in ("heartbeat.xml", "heartbeat-of-doors.txt"):
        assert said(fixture(name), "hikvision-camera") == [{"online": True}]
        assert said(fixture(name), "hikvision-unit-door") == [True]
        (report,) = decode(fixture(name), "hikvision-camera")
        assert to_rfc3339(report.at) == "2024-06-10T14:13:20.000+08:00"
        assert report.digest == ""


def test_a_sign_of_life_has_the_time_of_its_heartbeat_and_says_no_more() -> None:
    alive = IsapiTongue().alive(fixture("heartbeat.xml"))
    (report,) = decode(alive, "hikvision-camera")
    assert (report.topic, report.online, report.samples) == (Topic.AVAIL, True, ())
    assert to_rfc3339(report.at) == "2024-06-10T14:13:20.000+08:00"


def test_a_forced_door_is_its_own_and_nothing_of_people_goes_on() -> None:
    raw = fixture("door-forced.json")
    assert read_alert(raw).address == "door-1"
    assert said(raw, "hikvision-unit-door") == [{"door.open": True}, "door.forced"]
    kept = write_alert(read_alert(raw))
    assert read_alert(kept) == read_alert(raw)
    assert not any(word in kept for word in (b"name", b"card", b"4711", "张三".encode()))
    state, event = decode(kept, "hikvision-unit-door")
    assert (event.topic, event.data) == (Topic.EVENT, {"door": 1})
    assert state.digest != event.digest != ""


def test_a_time_without_a_zone_is_the_community_s_and_the_channel_is_the_camera() -> None:
    raw = fixture("covered.xml")
    assert read_alert(raw).address == "3"
    (report,) = decode(raw, "hikvision-camera", "3")
    assert to_rfc3339(report.at) == "2024-06-10T14:13:20.000+08:00"
    assert said(raw, "hikvision-camera") == [{"picture.ok": False}]
    end = write_alert(over(read_alert(raw), 12))
    assert said(end, "hikvision-camera") == [{"picture.ok": True}]
    assert decode(end, "hikvision-camera", "3")[0].at == report.at + 12


def test_the_end_of_a_lost_video_is_no_heartbeat() -> None:
    lost = '{"eventType":"VideoLoss","eventState":"active","activePostCount":0,"channelID":"2"}'
    assert said(lost, "hikvision-camera") == ["video.lost"]
    assert said(write_alert(over(read_alert(lost.encode()), 1)), "hikvision-camera") == [
        "video.restored"
    ]


def test_what_has_no_point_in_a_model_only_says_that_it_is_alive() -> None:
    for kind in ("VMD", "linedetection", "diskfull", "shelteralarm"):
        raw = f'{{"eventType":"{kind}","channelID":1}}'
        assert said(raw, "hikvision-recorder") == [True]
    assert said(controller(5, 27), "hikvision-access-controller") == [True]
    assert said(controller(3, 0x400), "hikvision-access-controller") == [True]
    assert said(controller(1, 0x404), "hikvision-unit-door") == [True]


def test_each_meaning_is_of_a_model_and_of_its_address() -> None:
    for (major, minor), meaning in CONTROLLERS.items():
        raw = controller(major, minor)
        assert read_alert(raw.encode()).address == "0"
        assert said(raw, "hikvision-access-controller") == [
            each for each in (dict(meaning.points), meaning.event) if each
        ]
    for minor, meaning in DOORS.items():
        raw = controller(5, minor, door=2)
        assert read_alert(raw.encode()).address == "door-2"
        assert said(raw, "hikvision-unit-door") == [
            each for each in (dict(meaning.points), meaning.event) if each
        ]
    names = {*MODELS["hikvision-camera"].points, *MODELS["hikvision-recorder"].points}
    for meaning in (each for pair in EYES.values() for each in pair):
        assert set(meaning.points) <= names


def test_what_is_about_the_host_is_the_host_s_whatever_channel_it_names() -> None:
    for kind, address in (("diskerror", "0"), ("recordException", "0"), ("VMD", "4")):
        assert read_alert(f'{{"eventType":"{kind}","channelID":4}}'.encode()).address == address
    assert read_alert(b'{"eventType":"VMD","channelID":null,"dynChannelID":2}').address == "2"


def test_what_happened_while_it_was_cut_off_is_late() -> None:
    raw = controller(5, 27).replace('"doorNo":1', '"doorNo":1,"currentEvent":false')
    assert [report.late for report in decode(raw, "hikvision-unit-door")] == [True, True]
    assert read_alert(write_alert(read_alert(raw.encode()))).replayed


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "no XML"),
        (b"{", "no JSON"),
        (b"[1]", "no XML"),
        (b"<a/>", "no EventNotificationAlert"),
        (b"{}", "no eventType"),
        (b'{"eventType":17}', "no eventType"),
        (b'{"eventType":"x","channelID":true}', "no number"),
        (b'{"eventType":"x","channelID":-1}', "no number"),
        (b'{"eventType":"x","channelID":"one"}', "no number"),
        (b'{"eventType":"x","channelID":99999}', "no number"),
        (b'{"EventNotificationAlert":[]}', "holds no fields"),
        (b'{"eventType":' + b"[" * 5000, "no JSON"),
        (b"<!DOCTYPE a><EventNotificationAlert/>", "DOCTYPE"),
    ],
)
def test_what_is_no_alert_is_refused_with_the_device_s_name(payload: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=f"device: .*{why}"):
        decode(payload, "hikvision-camera")


def test_registers_are_no_alert() -> None:
    device = Device(
        uid=DeviceUid("u"), id="d", address="1", kind=MODELS["hikvision-camera"].kind,
        model="hikvision-camera", place="p",
    )  # fmt: skip
    block = Envelope(link="l", address="1", payload=(Registers(function=3, start=0),), received=1e9)
    with pytest.raises(ProtocolError, match="must be bytes"):
        DRIVER.decode(block, device)


def test_a_time_that_is_none_counts_as_arrival() -> None:
    (report,) = decode(
        '{"eventType":"heartBeat","dateTime":"0000-00-00T00:00:00Z"}', "hikvision-camera"
    )
    assert report.at == 1e9


def test_what_is_not_repeated_is_over_and_a_cut_proves_no_end() -> None:
    episodes = Episodes(10)
    episodes.note("1", "videoloss", b"a", 0)
    episodes.note("1", "videoloss", b"b", 8)
    episodes.note("2", "videoloss", b"c", 8)
    assert episodes.take_ended(17) == []
    episodes.resume(100)
    assert episodes.take_ended(109) == []
    assert episodes.lasts("1")
    episodes.end("2", "videoloss")
    assert episodes.take_ended(110) == [Ended("1", b"b", 102)]
    assert (episodes.lasts("1"), episodes.take_ended(999)) == (False, [])
