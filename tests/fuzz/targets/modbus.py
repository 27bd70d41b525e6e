"""Modbus: what passes for a reading carries its right checksum, and any registers give sense."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from functools import partial

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.blocks import Block
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.modbus_wire import ModbusSettings, ModbusWire
from hub.errors import LinkError, ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.report import Quality, Sample
from hub.ports import Envelope, Registers
from tests.fuzz.target import Target

UNIT, FUNCTION, BLOCK, TRANSACTION = 17, 3, Block(start=0x2006, count=4), 5
WORDS = (b"\x00\x00", b"\xff\xff", b"\x11\x83\x02", b"\x11\x03\x08", b"\x7f\xff", b"\x11\x04\x08")


def crc(data: bytes) -> int:
    """Compute the checksum of Modbus over serial line, specification V1.02, appendix B."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


def sign(body: bytes) -> bytes:
    return body + struct.pack("<H", crc(body))


def rtu(pdu: bytes, unit: int = UNIT) -> bytes:
    return sign(bytes([unit]) + pdu)


def tcp(pdu: bytes, unit: int = UNIT) -> bytes:
    return struct.pack(">HHHB", TRANSACTION, 0, len(pdu) + 1, unit) + pdu


READING = bytes([FUNCTION, 8]) + bytes.fromhex("4510500045107000")
PDUS = (READING, bytes([FUNCTION, 2, 1, 2]), b"\x83\x02", b"\x83\x0b", bytes([4, 8]) + bytes(8))
PACK: dict[str, Callable[[bytes], bytes]] = {"rtu": rtu, "tcp": tcp}
_decoder = DecodePDU(is_server=False)
_framers = {"rtu": FramerRTU(_decoder), "tcp": FramerSocket(_decoder)}
_wire = ModbusWire(ModbusSettings(name="bus-1", host="gateway"))
_models = {name: model for name, model in load_models(shipped_models()).items() if model.registers}
_driver = ModbusDriver(_models)
MODELS = tuple(_models)


def check_frame(framing: str, frame: bytes) -> str:
    """Say what the link makes of what came on the wire."""
    try:
        _, reply = _framers[framing].handleFrame(frame, UNIT, TRANSACTION)
    except ModbusException:
        return "closed"
    verdict, found = _judge(reply)
    if found is not None and found.words:
        assert _stands_in(frame, struct.pack(">4H", *found.words), framing), frame.hex()
    return verdict


def _stands_in(frame: bytes, words: bytes, framing: str) -> bool:
    """Tell whether the words are in the frame as the question's answer, checksum included.

    A size of 9 is no slave's, but pymodbus passes over the odd byte, and what it reads is right.
    """
    for size in (8, 9):
        head = bytes([UNIT, FUNCTION, size]) + words
        for found in re.finditer(re.escape(head), frame):
            end = found.start() + 3 + size
            signed = sign(frame[found.start() : end]) == frame[found.start() : end + 2]
            if signed or framing == "tcp":
                return True
    return False


def _judge(reply: ModbusPDU | None) -> tuple[str, Registers | None]:
    if reply is None:
        return "nothing yet", None
    try:
        found = _wire._check(reply, UNIT, FUNCTION, BLOCK)
    except (LinkError, ProtocolError) as error:
        assert str(UNIT) in str(error)
        return "refused", None
    return ("exception" if found.exception else "read"), found


def check_rtu(frame: bytes) -> str:
    """Try a frame as it came, and with a checksum that fits, which chance would never find."""
    check_frame("rtu", sign(frame))
    return check_frame("rtu", frame)


def check_registers(name: str, start: int, words: tuple[int, ...]) -> tuple[Sample, ...]:
    """Return the samples of a poll, each in its range or none."""
    device = Device(
        uid=DeviceUid("u"), id="m", address="1", kind=_models[name].kind, model=name, place="p"
    )
    block = Registers(function=3, start=start, words=words)
    poll = Envelope(link="bus-1", address="1", payload=(block,), received=1000.0)
    (report,) = _driver.decode(poll, device)
    for sample in report.samples:
        assert (sample.value is None) == (sample.quality is Quality.BAD)
        if isinstance(sample.value, float):
            spec = _models[name].points[sample.point]
            assert math.isfinite(sample.value)
            assert spec.minimum is None or sample.value >= spec.minimum
            assert spec.maximum is None or sample.value <= spec.maximum
    return report.samples


def first_register(name: str, index: int) -> int:
    """Return the address of one of a model's registers."""
    registers = _models[name].registers
    return registers[index % len(registers)].address


def check_poll(data: bytes) -> str:
    """Take two bytes for model and register, and the rest for what it holds."""
    if len(data) < 2:
        return "short"
    name = MODELS[data[0] % len(MODELS)]
    words = struct.unpack(f">{len(data) // 2 - 1}H", data[2 : len(data) // 2 * 2])[:125]
    samples = check_registers(name, first_register(name, data[1]), words)
    return "good" if any(sample.quality is Quality.GOOD for sample in samples) else "bad"


TARGETS = {
    "modbus-rtu": Target([rtu(pdu) for pdu in PDUS], WORDS, check_rtu),
    "modbus-tcp": Target([tcp(pdu) for pdu in PDUS], WORDS, partial(check_frame, "tcp")),
    "modbus-registers": Target(
        [
            bytes([model, register]) + bytes.fromhex("4368000043690000") * 8
            for model in range(len(MODELS))
            for register in (0, 1, 5)
        ],
        (b"\x7f\x80", b"\x7f\xc0", b"\xff\xff", b"\x80\x00", b"\x00\x00", b"\x7f\xff"),
        check_poll,
    ),
}
