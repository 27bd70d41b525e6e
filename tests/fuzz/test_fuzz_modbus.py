"""Damaged Modbus frames and any registers: what passes for a reading carries its right checksum."""

from __future__ import annotations

import math
import struct
from collections import Counter
from random import Random

import pytest
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.blocks import Block
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.modbus_wire import ModbusSettings, ModbusWire
from hub.errors import LinkError, ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.report import Quality
from hub.ports import Envelope, Registers
from tests.fuzz.mutation import SEED, damage, is_enough, times

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

UNIT, FUNCTION, BLOCK, TRANSACTION = 17, 3, Block(start=0x2006, count=4), 5
FRAMES = 200_000
POLLS = 60_000
WORDS = (b"\x00\x00", b"\xff\xff", b"\x11\x83\x02", b"\x11\x03\x08", b"\x7f\xff", b"\x11\x04\x08")


def crc(data: bytes) -> int:
    """Compute the checksum of Modbus over serial line, specification V1.02, appendix B."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


def rtu(pdu: bytes, unit: int = UNIT) -> bytes:
    body = bytes([unit]) + pdu
    return body + struct.pack("<H", crc(body))


def tcp(pdu: bytes, unit: int = UNIT) -> bytes:
    return struct.pack(">HHHB", TRANSACTION, 0, len(pdu) + 1, unit) + pdu


READING = bytes([FUNCTION, 8]) + bytes.fromhex("4510500045107000")
PDUS = (READING, bytes([FUNCTION, 2, 1, 2]), b"\x83\x02", b"\x83\x0b", bytes([4, 8]) + bytes(8))


def judge(wire: ModbusWire, reply: ModbusPDU | None) -> tuple[str, Registers | None]:
    """Return what the link makes of a reply."""
    if reply is None:
        return "nothing yet", None
    try:
        found = wire._check(reply, UNIT, FUNCTION, BLOCK)
    except (LinkError, ProtocolError) as error:
        assert str(UNIT) in str(error)
        return "refused", None
    return ("exception" if found.exception else "read"), found


@pytest.mark.parametrize(("framing", "pack"), [("rtu", rtu), ("tcp", tcp)])
def test_a_damaged_frame_never_passes_for_another_reading(framing: str, pack: type) -> None:
    decoder = DecodePDU(is_server=False)
    framer = FramerRTU(decoder) if framing == "rtu" else FramerSocket(decoder)
    wire = ModbusWire(ModbusSettings(name="bus-1", host="gateway"))
    good = [pack(pdu) for pdu in PDUS]
    counts: Counter[str] = Counter()
    for frame in damage(good, WORDS, FRAMES):
        try:
            _, reply = framer.handleFrame(frame, UNIT, TRANSACTION)
        except ModbusException:
            counts["closed"] += 1
            continue
        verdict, found = judge(wire, reply)
        counts[verdict] += 1
        if found is not None and found.words:
            pdu = bytes([FUNCTION, 8]) + struct.pack(">4H", *found.words)
            assert (rtu(pdu) if framing == "rtu" else pdu) in frame, frame.hex()
    print(f"\nseed {SEED}: {counts.total():,} frames of Modbus {framing}: {dict(counts)}")
    assert is_enough(counts["read"], 100)
    assert is_enough(counts.total() - counts["read"], FRAMES // 2)


def test_any_registers_give_finite_values_in_their_range_or_none() -> None:
    models = {
        name: model for name, model in load_models(shipped_models()).items() if model.registers
    }
    driver, chance = ModbusDriver(models), Random(SEED)
    edges = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7F80, 0xFF80, 0x7FC0)
    counts: Counter[str] = Counter()
    for _ in times(POLLS):
        name = chance.choice(list(models))
        count = chance.randrange(126)
        words = tuple(
            chance.choice(edges) if chance.random() < 0.5 else chance.randrange(0x10000)
            for _ in range(count)
        )
        start = max(0, chance.choice(models[name].registers).address - chance.randrange(count + 1))
        device = Device(
            uid=DeviceUid("u"), id="m", address="1", kind=models[name].kind, model=name, place="p"
        )
        block = Registers(function=3, start=start, words=words)
        poll = Envelope(link="bus-1", address="1", payload=(block,), received=1000.0)
        (report,) = driver.decode(poll, device)
        for sample in report.samples:
            counts[sample.quality] += 1
            assert (sample.value is None) == (sample.quality is Quality.BAD)
            if isinstance(sample.value, float):
                spec = models[name].points[sample.point]
                assert math.isfinite(sample.value)
                assert spec.minimum is None or sample.value >= spec.minimum
                assert spec.maximum is None or sample.value <= spec.maximum
    print(f"\nseed {SEED}: samples of {len(times(POLLS)):,} polls: {dict(counts)}")
    assert is_enough(min(counts["good"], counts["bad"]), 1000)
