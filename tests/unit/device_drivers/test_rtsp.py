"""Probes by RTSP: places, answers, descriptions, and what a finding says of a camera."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.rtsp import (
    UNANSWERED,
    Finding,
    Place,
    find_video,
    read_head,
    read_place,
    write_finding,
    write_request,
)
from device_drivers.dialects.rtsp import RtspDriver
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality
from hub.ports import Envelope, Registers

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices" / "rtsp"
DRIVER = RtspDriver(load_models(shipped_models()))
CAMERA = Device(
    uid=DeviceUid("u"), id="camera", address="c", kind=Kind.CAMERA, model="rtsp-camera", place="p"
)
GOOD = {"options": 200, "describe": 200, "video": True}


def said(payload: bytes) -> dict[str, object]:
    envelope = Envelope(link="cameras", address="c", payload=payload, received=1e9)
    assert DRIVER.device_address(envelope) == "c"
    (report,) = DRIVER.decode(envelope, CAMERA)
    for sample in report.samples:
        assert (sample.value is None) == (sample.quality is Quality.BAD)
    return {sample.point: sample.value for sample in report.samples}


@pytest.mark.parametrize(
    ("found", "stream"),
    [
        (GOOD, True),
        ({**GOOD, "plays": True}, True),
        ({**GOOD, "plays": False}, False),
        ({**GOOD, "video": False}, False),
        ({**GOOD, "describe": 404}, False),
        ({**GOOD, "describe": UNANSWERED}, False),
        ({**GOOD, "describe": 401}, None),
        ({**GOOD, "describe": 453}, None),
        ({**GOOD, "describe": 503}, None),
    ],
)
def test_a_stream_is_there_gone_or_unknown(found: dict[str, object], stream: object) -> None:
    finding = Finding(**found)  # type: ignore[arg-type]
    assert said(write_finding(finding)) == {"online": True, "stream.ok": stream}


def test_who_was_only_asked_whether_it_is_there_says_no_more() -> None:
    assert said(write_finding(Finding(options=401))) == {"online": True}


def test_what_was_told_already_is_only_a_sign_of_life() -> None:
    assert said(write_finding(Finding(**GOOD, again=True))) == {}  # type: ignore[arg-type]


def test_recorded_answers_are_findings_too() -> None:
    expected = {"described.txt": True, "refused.txt": None, "frozen.json": False}
    for name, stream in expected.items():
        assert said((FIXTURES / name).read_bytes())["stream.ok"] is stream


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.0.0.5/Streaming/Channels/101", Place("10.0.0.5", 554, "/Streaming/Channels/101")),
        ("rtsp://cam.lan:8554/a?channel=1&s=0", Place("cam.lan", 8554, "/a?channel=1&s=0")),
        ("[fd00::1]:554/x", Place("fd00::1", 554, "/x")),
        ("10.0.0.5", Place("10.0.0.5", 554, "/")),
    ],
)  # fmt: skip
def test_a_place_is_read_as_people_write_it(text: str, place: Place) -> None:
    assert read_place(text) == place
    assert read_place(place.uri) == place


@pytest.mark.parametrize("text", ["", "http://x/y", "a b/c", "x:99999/y", "u:p@x/y", "x:0/"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="is not host:port/path"):
        read_place(text)


SDP = "v=0\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\nm=video 0 RTP/AVP 96\r\n{}m=x\r\n"


@pytest.mark.parametrize(
    ("control", "uri"),
    [
        ("a=control:trackID=2\r\n", "rtsp://c/1/trackID=2"),
        ("a=control:rtsp://c/1/track2\r\n", "rtsp://c/1/track2"),
        ("a=control:*\r\n", "rtsp://c/1"),
        ("", "rtsp://c/1"),
    ],
)
def test_the_video_of_a_description_is_found(control: str, uri: str) -> None:
    assert find_video(SDP.format(control), "rtsp://c/1") == uri


def test_a_description_without_video_has_none() -> None:
    assert find_video("v=0\r\nm=audio 0 RTP/AVP 8\r\n", "rtsp://c") == find_video("", "x") == ""


def test_a_request_and_the_head_of_an_answer() -> None:
    raw = write_request("OPTIONS", "rtsp://c:554/", 7, {"Accept": "x"})
    assert raw.startswith(b"OPTIONS rtsp://c:554/ RTSP/1.0\r\nCSeq: 7\r\n")
    assert raw.endswith(b"Accept: x\r\n\r\n")
    head = (
        b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nwww-authenticate: D\r\n'
    )
    answer, length = read_head(head)
    assert (answer.status, answer.challenges, length) == (401, ('Basic realm="x"', "D"), 0)


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK", b"RTSP/1.0 OK", b"RTSP/1.0 200 OK\r\nContent-Length: -1",
     b"RTSP/1.0 200 OK\r\nContent-Length: 999999"],
)  # fmt: skip
def test_what_is_no_answer_is_refused(head: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_head(head)


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"options":"x"}', b"RTSP/x", b"[" * 9000])
def test_what_is_no_finding_is_refused_with_the_device_s_name(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match="camera: "):
        said(payload)


def test_registers_are_no_finding() -> None:
    block = Envelope(link="l", address="c", payload=(Registers(function=3, start=0),), received=1)
    with pytest.raises(ProtocolError, match="must be bytes"):
        DRIVER.decode(block, CAMERA)
