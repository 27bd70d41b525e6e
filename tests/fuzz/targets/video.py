"""Video and access over HTTP: damaged messages are read as something sane, or refused in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.dahua import read_channels, read_events, write_event
from device_drivers.codecs.isapi import read_alert, write_alert
from device_drivers.codecs.manscdp import read_notices, write_notice
from device_drivers.codecs.multipart import LONGEST, PartReader
from device_drivers.codecs.rtsp import read_finding, read_place, write_finding
from device_drivers.codecs.sip import frame_length, read_message
from device_drivers.codecs.vzenith import (
    cut_pictures,
    may_lift,
    read_record,
    reply_to,
    write_record,
)
from device_drivers.dialects.dahua import DahuaDriver
from device_drivers.dialects.gb28181 import Gb28181Driver
from device_drivers.dialects.isapi import IsapiDriver
from device_drivers.dialects.rtsp import RtspDriver
from device_drivers.dialects.vzenith_push import VzenithPushDriver
from device_drivers.links.registrar import Registrar, RegistrarSettings
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.report import Quality
from hub.ports import Driver, Envelope
from simulators import isapi
from tests.fuzz.target import Target

GB_ID = "34020000001320000001"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices"
ALERTS = tuple(path.read_bytes() for path in sorted((FIXTURES / "isapi").iterdir()))
_models = load_models(shipped_models())
_drivers: Mapping[str, Driver] = {
    driver.name: driver
    for driver in (
        IsapiDriver(_models),
        VzenithPushDriver(_models),
        DahuaDriver(_models),
        RtspDriver(_models),
        Gb28181Driver(_models),
    )
}


def _parts(*bodies: bytes) -> bytes:
    return b"".join(
        b"--b\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(b), b)
        for b in bodies
    )


RECORDS = tuple(path.read_bytes() for path in sorted((FIXTURES / "vzenith-push").iterdir()))
SEEDS = {
    "vzenith-push": RECORDS,
    "dahua": tuple(path.read_bytes() for path in sorted((FIXTURES / "dahua").iterdir())),
    "isapi": (*ALERTS, isapi.alert("videoloss", 2, 1.7e9).encode()),
    "rtsp": (
        *(path.read_bytes() for path in sorted((FIXTURES / "rtsp").iterdir())),
        b"rtsp://[fd00::1]:554/a",
    ),
    "gb28181": tuple(path.read_bytes() for path in sorted((FIXTURES / "gb28181").glob("*.xml"))),
    "sip": (
        (FIXTURES / "gb28181" / "register.sip").read_bytes(),
        (FIXTURES / "gb28181" / "register.sip").read_bytes().replace(b"REGISTER", b"MESSAGE")
        + (FIXTURES / "gb28181" / "keepalive.xml").read_bytes(),
    ),
    "multipart": (_parts(*ALERTS[:2]), _parts(b"<a/>", b"<b/>") + b"--b--\r\n"),
}
WORDS = {
    "vzenith-push": (b"AlarmInfoPlate", b"serialno", b"null", b"{}", b"1e99", b'"1"', b"true"),
    "isapi": (b"<", b"&a;", b"<!DOCTYPE a>", b"eventType", b"-1", b"99999999999", b"null", b"\xff"),
    "dahua": (b"Code=", b";data=", b"{", b"\n", b"action=Start", b"index=9999", b'"RealUTC"'),
    "rtsp": (b"RTSP/1.0 200", b"\r\n\r\n", b"m=video", b"a=control:", b"null", b"-1", b":", b"/"),
    "gb28181": (b"<DeviceID>", b"<Item>", b"</", b"&", b"<!DOCTYPE a>", b"Catalog", b"\xff"),
    "sip": (b"\r\n\r\n", b"l: 5", b"Via: ", b"branch=", b"Digest ", b"nonce=", b"sip:"),
    "multipart": (b"--b", b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"image/jpeg", b"999999"),
}


def check_message(name: str, raw: bytes) -> str:
    """Say what every model of a dialect makes of a message."""
    driver, seen = _drivers[name], "refused"
    for model in (each for each in _models.values() if each.driver == name):
        device = Device(
            uid=DeviceUid("u"), id="d", address="1", kind=model.kind, model=model.id, place="p"
        )
        envelope = Envelope(link="l", address="1", payload=raw, received=1000.0)
        try:
            reports = driver.decode(envelope, device)
        except ProtocolError as error:
            assert str(error)
            continue
        seen = "read"
        for report in reports:
            assert not report.event or report.event in model.events
            for sample in report.samples:
                assert sample.point in model.points
                assert (sample.value is None) == (sample.quality is Quality.BAD)
    return seen


def check_isapi(raw: bytes) -> str:
    """Say what an alert is; what the hub keeps of it says the same."""
    seen = check_message("isapi", raw)
    if seen == "read":
        alert = read_alert(raw)
        assert read_alert(write_alert(alert)) == alert
    return seen


def check_dahua(raw: bytes) -> str:
    """Say what events are; what the hub keeps of them says the same."""
    seen = check_message("dahua", raw)
    if seen == "read":
        for event in read_events(raw):
            assert list(read_events(write_event(event))) == [event]
    assert len(read_channels(raw.decode("latin-1")) or ()) <= 10_000
    return seen


def check_rtsp(raw: bytes) -> str:
    """Say what a finding is; a place is one again as it was written."""
    seen = check_message("rtsp", raw)
    if seen == "read":
        finding = read_finding(raw)
        assert read_finding(write_finding(finding)) == finding
    try:
        place = read_place(raw.decode("latin-1"))
    except ProtocolError:
        return seen
    assert read_place(place.uri) == place
    return "read"


def check_vzenith(raw: bytes) -> str:
    """Say what a record is; no plate comes out of it, and no answer lifts by itself."""
    seen = check_message("vzenith-push", raw)
    assert len(cut_pictures(raw)) <= 65_536
    if seen == "read":
        record = read_record(raw, lambda plate: "k" * 16)
        assert read_record(write_record(record)) == record
        assert b'"ok"' not in reply_to(record)
        assert isinstance(may_lift(record, 2e9), bool)
        assert record.plate_id is None or b"retransfer_stop" in reply_to(record)
    return seen


def check_gb28181(raw: bytes) -> str:
    """Say what a message of MANSCDP is; what the hub keeps of it says the same."""
    seen = check_message("gb28181", raw)
    if seen == "read":
        for notice in read_notices(raw):
            assert list(read_notices(write_notice(notice))) == [notice]
    return seen


def check_sip(raw: bytes) -> str:
    """Say what a message of SIP is; nobody gets in by it, and every answer is one."""
    registrar = Registrar(RegistrarSettings(id="3" * 20, domain="3" * 10, password="p"), [GB_ID])
    try:
        length = frame_length(raw)
        message = read_message(raw)
    except ProtocolError as error:
        assert str(error)
        return "refused"
    assert length is None or 0 < length <= len(raw)
    taken = registrar.take(message, ("10.0.0.1", 5060), "UDP", 1000.0)
    assert not registrar.registered
    assert not taken.answer or read_message(taken.answer).status
    return "read"


def check_parts(raw: bytes) -> str:
    """Say what a stream is, in one piece and in many, within bounds."""
    seen = set()
    for step in (len(raw) or 1, 61):
        reader, count = PartReader("b"), 0
        try:
            for start in range(0, len(raw), step):
                count += len(list(reader.feed(raw[start : start + step])))
                assert len(reader._waiting) <= LONGEST + step
        except ProtocolError as error:
            assert str(error)
            seen.add("refused")
        seen.add("read" if count else "nothing")
    return max(seen)


CHECKS: Mapping[str, Callable[[bytes], str]] = {
    "isapi": check_isapi,
    "vzenith-push": check_vzenith,
    "dahua": check_dahua,
    "rtsp": check_rtsp,
    "gb28181": check_gb28181,
    "sip": check_sip,
    "multipart": check_parts,
}
TARGETS = {name: Target(SEEDS[name], WORDS[name], partial(check)) for name, check in CHECKS.items()}
