"""Damaged messages of the hub's own dialect: a report that can be stored, or one clear refusal."""

from __future__ import annotations

import math
from collections import Counter

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.dialects.lingdang import LingdangDriver
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality, Report
from hub.ports import Envelope
from hub.settings import FloodSettings
from tests.fuzz.mutation import SEED, damage, is_enough
from tests.unit.intake.stage import GATE, stage

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

NOW = 1_764_000_000.0
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
MESSAGES = 100_000
"""Of each kind."""
THROUGH_THE_INTAKE = 4_000
UNLIMITED = FloodSettings(rate=100_000, burst=1_000_000)
"""Each message has to be looked at, though all are of one device."""

DEVICE = Device(
    uid=DeviceUid("u1"),
    id="g",
    address="g1",
    kind=Kind.BARRIER_GATE,
    model="ld-barrier-gate",
    place="p",
)


@pytest.mark.parametrize("kind", GOOD)
def test_a_damaged_message_is_a_report_that_can_be_stored_or_is_refused_in_words(kind: str) -> None:
    driver = LingdangDriver(load_models(shipped_models()))
    counts: Counter[str] = Counter()
    for payload in damage(GOOD[kind], WORDS, MESSAGES):
        envelope = Envelope(link="mqtt", address=f"ld/gs/g1/{kind}", payload=payload, received=NOW)
        try:
            (report,) = driver.decode(envelope, DEVICE)
        except ProtocolError as error:
            assert envelope.address in str(error), payload
            counts["refused"] += 1
        else:
            is_sound(report)
            counts["understood"] += 1
    print(f"\nseed {SEED}: {counts.total():,} messages of kind {kind}: {dict(counts)}")
    assert is_enough(min(counts["refused"], counts["understood"]), MESSAGES // 50)


def is_sound(report: Report) -> None:
    """Check what everybody behind the driver relies on."""
    assert math.isfinite(report.at), report
    for sample in report.samples:
        assert (sample.value is None) == (sample.quality is Quality.BAD), report
        assert not isinstance(sample.value, float) or math.isfinite(sample.value), report
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(report), type=Report)
    assert stored == report
    msgspec.json.encode(report)


async def test_every_damaged_message_is_acknowledged_once_and_the_intake_lives_on() -> None:
    async with stage(flood=UNLIMITED) as run:
        spoken = [
            (kind, payload)
            for kind, good in GOOD.items()
            for payload in damage(good, WORDS, THROUGH_THE_INTAKE)
        ]
        for sent, (kind, payload) in enumerate(spoken):
            run.raw(f"ld/gs/{GATE.address}/{kind}", payload)
            if not sent % 500:
                await run.settle()
        await run.settle()
        assert len(run.acknowledged) == len(spoken)
        assert len({id(each.token) for each in run.acknowledged}) == len(spoken)
        run.say("state", {"points": {"boom.broken": True}, "boot": "after", "seq": 1})
        await run.settle(10)
        assert "barrier-boom-broken" in await run.open_tickets()
