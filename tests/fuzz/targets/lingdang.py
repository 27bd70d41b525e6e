"""The hub's own dialect: a report that can be stored, or one clear refusal."""

from __future__ import annotations

import math

import msgspec

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.dialects.lingdang import LingdangDriver
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality, Report
from hub.ports import Envelope
from tests.fuzz.target import Target

NOW = 1_764_000_000.0
RETAINED = b"!"
STATES = (
    b'{"boot":"b7","seq":17,"ts":1763999990.5,"points":{"arm.position":"open","mode":"auto"}}',
    b'{"seq":1,"ts":"2025-11-24T16:00:00Z","points":{"motor.temperature":41.5}}',
    b'{"ts":1764000000,"late":true,"points":{"boom.broken":false,"motor.temperature":null}}',
)
GOOD = {
    "state": STATES,
    "telemetry": STATES,
    "event": (
        b'{"boot":"b7","seq":18,"ts":1764000000123,"name":"vehicle.passed","data":{"n":"A1"}}',
        b'{"boot":"b7","seq":19,"ts":1764000000,"name":"opened.locally"}',
    ),
    "avail": (b'{"boot":"b7","state":"online"}', b'{"boot":"b7","state":"offline"}'),
    "ack": (b'{"id":"c_1","result":"refused","why":"\xe9\x81\x93\xe9\x97\xb8"}',),
}
WORDS = (
    b"NaN", b"Infinity", b"1e999", b"-0", b"9223372036854775808", b"1e-400", b"null", b"true",
    b'""', b"[]", b"{}", b"[" * 2000, b'{"a":' * 2000, b"\\u0000", b"\\ud800", b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x00", b'"ts":', b'"seq":', b'"points":{', b'"points"', b'"boot":"', b",", b":", b'"', b"}",
    b"-1", b"0.1", b"99999999999999999999", b'"2025-02-30T25:61:00Z"', b'"arm.position":', b"\\",
)  # fmt: skip
DEVICE = Device(
    uid=DeviceUid("u1"),
    id="g",
    address="g1",
    kind=Kind.BARRIER_GATE,
    model="ld-barrier-gate",
    place="p",
)
_driver = LingdangDriver(load_models(shipped_models()))


def check_payload(topic: str, payload: bytes, *, retained: bool = False) -> str:
    """Say whether a message was understood; a refusal names its topic."""
    envelope = Envelope(
        link="mqtt", address=topic, payload=payload, received=NOW, retained=retained
    )
    try:
        address = _driver.device_address(envelope)
        (report,) = _driver.decode(envelope, DEVICE)
    except ProtocolError as error:
        assert topic[:20] in str(error) or repr(topic)[:20] in str(error), payload
        return "refused"
    assert report.address == address
    is_sound(report)
    return "understood"


def is_sound(report: Report) -> None:
    """Check what everybody behind the driver relies on."""
    assert math.isfinite(report.at), report
    for sample in report.samples:
        assert (sample.value is None) == (sample.quality is Quality.BAD), report
        assert not isinstance(sample.value, float) or math.isfinite(sample.value), report
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(report), type=Report)
    assert stored == report
    msgspec.json.encode(report)


def check_message(data: bytes) -> str:
    """Take the first line for the topic, retained where it begins so, and the rest for payload."""
    head, _, payload = data.partition(b"\n")
    topic = head.removeprefix(RETAINED).decode(errors="replace")
    return check_payload(topic, payload, retained=head.startswith(RETAINED))


TARGETS = {
    "lingdang": Target(
        seeds=[
            b"%sld/gs/g1/%s\n%s" % (RETAINED * kept, kind.encode(), payload)
            for kind, payloads in GOOD.items()
            for payload in payloads
            for kept in (0, 1)
        ],
        words=(*WORDS, b"ld/", b"/state\n", b"/event\n", b"/ack\n", b"/avail\n", b"#", b"+"),
        check=check_message,
    )
}
