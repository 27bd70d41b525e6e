"""Records of plate cameras: what is kept, what is answered, and that no plate gets through."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.vzenith import (
    Record,
    cut_pictures,
    may_lift,
    read_record,
    reply_to,
    write_record,
)
from device_drivers.dialects.vzenith_push import VzenithPushDriver
from device_drivers.links.push import PlateMask, Tally
from hub.clock import ManualClock
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Report
from hub.ports import Envelope, Registers

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices" / "vzenith-push"
MODELS = load_models(shipped_models())
DRIVER = VzenithPushDriver(MODELS)
CAMERA = Device(
    uid=DeviceUid("u"), id="camera", address="s", kind=Kind.LPR_CAMERA, model="vzenith-camera",
    place="p",
)  # fmt: skip
SEC = 1718000000


def decode(payload: bytes) -> list[Report]:
    envelope = Envelope(link="plates", address="s", payload=payload, received=SEC + 2.0)
    return list(DRIVER.decode(envelope, CAMERA))


def plate(**said: object) -> bytes:
    body = json.loads((FIXTURES / "plate.json").read_bytes())
    body["AlarmInfoPlate"]["result"]["PlateResult"].update(said)
    return json.dumps(body).encode()


def hide(text: str) -> str:
    return f"hash-of-{len(text)}"


def answer(record: Record) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(reply_to(record))["Response_AlarmInfoPlate"]
    return said


def facts(raw: bytes) -> list[object]:
    reports = decode(write_record(read_record(raw, hide)))
    return [
        (each.event, each.data) if each.event else {s.point: s.value for s in each.samples} or True
        for each in reports
    ]


@pytest.mark.parametrize(
    "written", ["京A12345", base64.b64encode("京A12345".encode()).decode(), " 京A12345 "]
)
def test_a_plate_is_hashed_however_it_is_written(written: str) -> None:
    record = read_record(plate(license=written), hide)
    assert record.plate == "hash-of-7"
    assert b"A12345" not in write_record(record)
    assert facts(plate(license=written)) == [
        {"plate.confidence": 97}, ("plate.read", {"record": 1234, "plate": "hash-of-7"}),
    ]  # fmt: skip
    assert [report.at for report in decode(write_record(record))] == [SEC, SEC]


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ({"is_fake_plate": 1}, "plate.fake"),
        ({"triggerType": 64}, "vehicle.staying"),
        ({"triggerType": 66}, "vehicle.turned_back"),
    ],
)
def test_what_is_no_car_that_came_by_is_an_event_without_a_plate(
    said: dict[str, object], event: str
) -> None:
    assert facts(plate(**said)) == [(event, {"record": 1234})]


def test_no_plate_a_contact_and_a_heartbeat_only_show_life() -> None:
    assert facts(plate(license="_无_")) == [True]
    assert facts(plate(triggerType=65)) == [True]
    for name in ("contact.txt", "heartbeat.form"):
        raw = (FIXTURES / name).read_bytes()
        assert facts(raw) == [True]
        kept = write_record(read_record(raw, hide))
        assert kept == b'{"Heartbeat":{"serialno":"d85b1269-8f942256"}}'
    assert read_record(b"\x00\xef\xbb\xbf" + b'{"Heartbeat":{"serialno":"a"}}').serial == "a"
    assert read_record(b"device_name=IVS&serialno=a-b&port=80").serial == "a-b"


def test_what_was_kept_in_the_camera_is_late_and_told_once() -> None:
    first, again = (decode(write_record(read_record(plate(isoffline=1), hide))) for _ in range(2))
    assert [report.late for report in first] == [True, True]
    assert [report.digest for report in first] == [report.digest for report in again]
    other = decode(write_record(read_record(plate(isoffline=1, plateid=7), hide)))
    assert other[0].digest != first[0].digest


def test_every_answer_stops_the_repetition_and_none_lifts_the_barrier() -> None:
    for said in ({}, {"isoffline": 1}, {"license": "_无_"}, {"is_fake_plate": 1}):
        record = read_record(plate(**said), hide)
        assert (answer(record)["info"], answer(record)["content"]) == ("no", "retransfer_stop")
        more = {"plateid": 1234, "continue": 1} if said == {"isoffline": 1} else None
        assert answer(record).get("ContinuePushOffline") == more
    assert answer(Record("s")) == {"info": "no"}


def test_only_a_fresh_true_plate_may_lift_and_no_camera_can_say_so_itself() -> None:
    good = read_record(plate(lifts=True), hide)
    assert not good.lifts
    assert may_lift(good, SEC + 10)
    assert not may_lift(good, SEC + 11)
    assert may_lift(good._replace(at=None), SEC + 99)
    for said in ({"isoffline": 1}, {"license": "_无_"}, {"is_fake_plate": "1"}):
        assert not may_lift(read_record(plate(**said), hide), SEC)
    lifting = good._replace(lifts=True)
    assert answer(lifting)["info"] == "ok"
    assert decode(write_record(lifting))[1].data["lift_asked"] is True


async def test_a_mask_lives_a_day() -> None:
    clock = ManualClock(start=SEC)
    mask, other = PlateMask(clock), PlateMask(clock)
    today = mask.hide("京A12345")
    assert (len(today), mask.hide("京A12345")) == (16, today)
    assert other.hide("京A12345") != today
    await clock.advance(86400.0)
    assert mask.hide("京A12345") != today


def test_pictures_are_cut_out_of_what_nobody_can_read() -> None:
    raw = b'{"imageFile":"' + b"QUJD" * 50_000 + b'","x'
    assert cut_pictures(raw) == b'{"imageFile":"[65522 bytes]'


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "neither JSON nor a form"),
        (b"x=1", "neither JSON nor a form"),
        (b"{", "no JSON"),
        (b"{}", "its serialno is None"),
        (b'{"serialno":"a b"}', "its serialno is 'a b'"),
        (b'{"AlarmInfoPlate":{"serialno":["x"]}}', "its serialno"),
        (plate(plateid=-1), "its plateid is -1"),
        (plate(confidence="high"), "its confidence is 'high'"),
        (b'{"a":' + b"[" * 9000, "no JSON"),
    ],
)
def test_what_is_no_record_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        decode(raw)
    nobody = Envelope(link="l", address="", payload=raw, received=1.0)
    with pytest.raises(ProtocolError, match=why):
        DRIVER.device_address(nobody)


def test_registers_are_no_record() -> None:
    block = Envelope(link="l", address="s", payload=(Registers(function=3, start=0),), received=1)
    with pytest.raises(ProtocolError, match="must be bytes"):
        DRIVER.decode(block, CAMERA)


def test_a_blind_camera_is_seen_by_the_share_of_vehicles_that_it_reads() -> None:
    tally = Tally()
    good, blind = read_record(plate(), hide), read_record(plate(license="_无_"), hide)
    assert [tally.count(good) for _ in range(10)] == [None] * 9 + [100]
    assert [tally.count(blind) for _ in range(10)][-1] == 50
    for said in ({"isoffline": 1}, {"is_fake_plate": 1}, {"triggerType": 64}):
        assert tally.count(read_record(plate(**said), hide)) is None
    assert tally.count(good._replace(serial="another")) is None
    assert [tally.count(blind) for _ in range(50)][-1] == 0
    (report,) = decode(write_record(blind._replace(rate=0)))
    assert [(each.point, each.value) for each in report.samples] == [("plate.rate", 0)]
    assert facts(plate(rate=3, license="_无_")) == [True]
