"""A Modbus model held against what a device answered: each register's value, and whether it fits.

Where values make no sense, other orders of bytes and words, the other function and addresses one
off (manuals count from 1) are weighed by how many values would then make sense.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from device_drivers.codecs.blocks import find
from device_drivers.codecs.registers import ORDERS, decode, raw_bits, words_of
from device_drivers.dialects.modbus import DIGITS, ModbusDriver
from device_drivers.plausible import Doubt, doubt, doubt_float, doubt_power
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, Register
from hub.model.device import Device, DeviceUid
from hub.model.report import Value
from hub.ports import Envelope, Registers

POWER = "power.active"
REFUSED = {
    1: Doubt("仪表不支持这个功能码（非法功能 01）", "the device has no such function (01)"),
    2: Doubt("没有这个地址（非法地址 02）", "there is no such address (02)"),
    3: Doubt("不接受这个数量（非法数据 03）", "it takes no such count (03)"),
    4: Doubt("设备内部故障（04）", "the device has failed (04)"),
    5: Doubt("已收到，处理中（05）", "it needs longer (05)"),
    6: Doubt("设备忙（06）", "the device is busy (06)"),
    8: Doubt("存储校验错（08）", "its memory is damaged (08)"),
}
"""Exception code of the device itself → its meaning."""


class Seen(NamedTuple):
    """One point: its value, the words it was made of, and why it is doubted."""

    point: str
    value: Value | None
    raw: str
    doubt: Doubt | None

    @property
    def tells(self) -> bool:
        """Whether it makes sense and says something: a 0 proves nothing."""
        return self.doubt is None and self.value not in {0, None, ""}


class Variant(NamedTuple):
    """Another reading of the same device: what is changed in the file, and the model then."""

    change: Doubt
    model: DeviceModel


def look(model: DeviceModel, blocks: Sequence[Registers]) -> list[Seen]:
    """Return what each register says by the hub's own driver, in the order of the file."""
    device = Device(
        uid=DeviceUid("trial"), id="trial", address="1", kind=model.kind, model=model.id, place=""
    )
    envelope = Envelope(link="trial", address="1", payload=tuple(blocks), received=1e9)
    (report,) = ModbusDriver({model.id: model}).decode(envelope, device)
    values = {sample.point: sample.value for sample in report.samples}
    seen = [_see(model, each, blocks, values[each.point]) for each in model.registers]
    numbers = {s.point: s.value for s in seen if isinstance(s.value, float) and not s.doubt}
    odd = doubt_power(numbers)
    return [each._replace(doubt=odd) if odd and each.point == POWER else each for each in seen]


def _see(
    model: DeviceModel, register: Register, blocks: Sequence[Registers], value: Value | None
) -> Seen:
    words = find(blocks, register, model.function)
    if words is None:
        return Seen(register.point, None, "", _refusal(model, register, blocks))
    raw = " ".join(f"{word:04X}" for word in words)
    if value is not None:
        odd = doubt(model.points[register.point], value)
        if odd is None and register.type.startswith("float"):
            odd = doubt_float(decode(words, register.type, register.order))
        return Seen(register.point, value, raw, odd)
    return Seen(register.point, None, raw, _why_bad(model, register, words))


def _why_bad(model: DeviceModel, register: Register, words: Sequence[int]) -> Doubt:
    if raw_bits(words, register.order) in register.no_value:
        return Doubt("仪表说没有值", "the device says that it has no value")
    try:
        number = decode(words, register.type, register.order)
    except ProtocolError as error:
        return Doubt(f"不是数：{error}", str(error))
    if register.decode:
        return Doubt(f"decode 里没有 {number:g}", f"decode has no {number:g}")
    scaled = round(number * register.scale, DIGITS)
    found = doubt(model.points[register.point], scaled)
    return found or Doubt(f"{scaled:g} 不可能", f"{scaled:g} cannot be")


def _refusal(model: DeviceModel, register: Register, blocks: Sequence[Registers]) -> Doubt:
    function = register.function or model.function
    alone = [b for b in blocks if b.exception and b.start <= register.address]
    fitting = [b for b in alone if (b.function or model.function) == function]
    code = max(fitting, key=lambda block: block.start).exception if fitting else 0
    return REFUSED.get(code) or Doubt(f"没有回答（{code}）", f"no answer ({code})")


def orders_of(model: DeviceModel) -> Iterator[Variant]:
    """Yield the model with each other order for what is longer than a word: no need to ask anew."""
    long = {register.order for register in model.registers if words_of(register.type) > 1}
    for order in ORDERS:
        if long and long != {order}:
            registers = tuple(_in_order(each, order) for each in model.registers)
            text = f'order = "{order}"'
            yield Variant(Doubt(text, text), msgspec.structs.replace(model, registers=registers))


def others_of(model: DeviceModel) -> Iterator[Variant]:
    """Yield models for which the device has to be asked anew: other function, address one off."""
    if model.function in {3, 4}:
        function = 7 - model.function
        text = f"function = {function}"
        yield Variant(Doubt(text, text), msgspec.structs.replace(model, function=function))
    for step in (-1, 1):
        if all(0 <= each.address + step <= 0xFFFF for each in model.registers):
            registers = tuple(
                msgspec.structs.replace(each, address=each.address + step)
                for each in model.registers
            )
            change = Doubt(f"每个 address {step:+d}", f"each address {step:+d}")
            yield Variant(change, msgspec.structs.replace(model, registers=registers))


def _in_order(register: Register, order: str) -> Register:
    if words_of(register.type) == 1:
        return register
    return msgspec.structs.replace(register, order=order)
