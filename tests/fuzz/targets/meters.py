"""Meters: what passes for a frame stands in the bytes with its right sum, and any field is sane."""

from __future__ import annotations

import math
from functools import partial

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs import cjt188, digits, dlt645
from device_drivers.dialects.cjt188 import Cjt188Driver
from device_drivers.dialects.dlt645 import Dlt645Driver
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.report import Quality
from hub.ports import Envelope
from tests.fuzz.target import Target

POWER, WATER = "123456789012", "78330011223344"
CODECS = {"dlt645": dlt645, "cjt188": cjt188}
WORDS = (b"\x68", b"\x16", b"\xfe", b"\x33", b"\xff\xff", b"\xee\xee", b"\x91", b"\xb1", b"\xd1")
_models = load_models(shipped_models())
_drivers = {"dlt645": Dlt645Driver(_models), "cjt188": Cjt188Driver(_models)}
_meters = {
    name: Device(
        uid=DeviceUid("u"), id="m", address=number, kind=_models[model].kind, model=model, place="p"
    )
    for name, number, model in (
        ("dlt645", POWER, "dlt645-2007"),
        ("cjt188", WATER, "cjt188-water"),
    )
}


def power(di: str, body: bytes, control: int = 0x91) -> bytes:
    return dlt645.encode(POWER, control, bytes.fromhex(di)[::-1] + body)


def water(body: str, control: int = 0x81) -> bytes:
    return cjt188.encode(0x10, WATER, control, bytes.fromhex(body))


SEEDS = {
    "dlt645": (
        power("00010000", digits.encode(1234.56, "XXXXXX.XX")),
        power("0201FF00", bytes.fromhex("012312239923")),
        power("0202FF00", bytes.fromhex("001500250280")),
        power("040005FF", bytes.fromhex("0400000010008100000000002100")),
        dlt645.ask(POWER, "00010000") + dlt645.encode(POWER, 0xD1, b"\x02"),
        power("0201FF00", b"\x01\x23\x12", 0xB1) + power("0201FF00", b"\x23\x99\x23\x01", 0x92),
    ),
    "cjt188": (
        water("1F9000007766552C007766552C310122110515202184"),
        water("901F0121436500" + "04FF"),
        water("1F900001", 0xC1),
    ),
}


def check(name: str, raw: bytes) -> str:
    """Say what a poll with these bytes is, as they came and with a sum that fits."""
    if len(raw) > 2:
        _check(name, raw[:-2] + bytes([sum(raw[:-2]) & 0xFF, 0x16]))
    return _check(name, raw)


def _check(name: str, raw: bytes) -> str:
    codec, meter = CODECS[name], _meters[name]
    try:
        found = codec.frames(raw)
        for frame in found:
            assert codec.encode(*frame) in raw, raw.hex()
        envelope = Envelope(link="l", address=meter.address, payload=raw, received=1000.0)
        reports = _drivers[name].decode(envelope, meter)
    except ProtocolError as error:
        assert str(error)
        return "refused"
    for sample in (sample for report in reports for sample in report.samples):
        assert (sample.value is None) == (sample.quality is Quality.BAD)
        if isinstance(sample.value, float):
            spec = _models[meter.model].points[sample.point]
            assert math.isfinite(sample.value)
            assert spec.minimum is None or sample.value >= spec.minimum
            assert spec.maximum is None or sample.value <= spec.maximum
    return "read" if reports else "nothing"


TARGETS = {name: Target(SEEDS[name], WORDS, partial(check, name)) for name in CODECS}
