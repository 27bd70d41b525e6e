"""Reads a Modbus device by a model, round after round, and finds what would make sense of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from device_drivers.links.modbus import BlockReader
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import FRAMERS, ModbusSettings, ModbusWire
from device_drivers.links.polling import NoAnswerError
from device_drivers.plausible import Doubt
from device_drivers.register_trial import Seen, Variant, look, orders_of, others_of
from hub.clock import SystemClock
from hub.commands.trial_report import Found, Target
from hub.errors import InvalidRequestError, LinkError, ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid
from hub.ports import Registers

PAUSE = 1.0
"""Seconds between two rounds."""
HIGHEST_UNIT = 247


class _Try(NamedTuple):
    """What a variant would make of the device."""

    variant: Variant
    seen: Sequence[Seen]

    @property
    def telling(self) -> int:
        return sum(each.tells for each in self.seen)

    @property
    def is_whole(self) -> bool:
        return self.telling > 0 and not any(each.doubt for each in self.seen)


async def try_modbus(model: DeviceModel, target: Target) -> Found:
    """Read until the time is over. Raises LinkError, in words that tell gateway from slave."""
    wire, clock = ModbusWire(_settings(target)), SystemClock()
    await _open(wire, target)
    try:
        reader, slave = BlockReader(wire, clock), _slave(model, target)
        until, asked = clock.now() + target.seconds, 0
        answers: list[Sequence[Registers]] = []
        why: LinkError | ProtocolError | None = None
        while not asked or clock.now() < until:
            asked += 1
            try:
                answers.append(await reader.read(slave))
            except (NoAnswerError, ProtocolError) as error:
                why = error
            await clock.sleep(min(PAUSE, max(until - clock.now(), 0.0)))
        if not answers:
            raise _silent(target, why)
        seen = look(model, answers[-1])
        doubted = any(each.doubt for each in seen)
        advice = await _advise(model, target, reader, answers[-1]) if doubted else []
        return Found(seen, asked, len(answers), advice)
    finally:
        wire.close()


async def _open(wire: ModbusWire, target: Target) -> None:
    try:
        await wire.open()
    except LinkError as error:
        where = f"{target.host}:{target.port}"
        raise LinkError(
            str(error), zh=f"连不上网关 {where}：看网关有没有电、网络通不通、端口对不对。"
        ) from error


def _silent(target: Target, why: Exception | None) -> LinkError:
    """Return the error of a connection on which the slave gave no answer that could be read."""
    if isinstance(why, NoAnswerError) and why.gateway:
        hint = "看从站号、接线 A/B、网关的波特率和校验位。"
        zh = f"网关通，但它说从站 {target.unit} 没有回答：{hint}"
        next_step = "look at unit id, wiring A/B, baud rate and parity of the gateway"
    elif isinstance(why, ProtocolError):
        zh = f"从站 {target.unit} 的回答对不上所问：是不是 --framing 选错，或线上有两台同号？"
        next_step = "is --framing right, and is the unit id there only once?"
    else:
        hint = "看从站号、接线 A/B、波特率，透明转换器要 --framing rtu_over_tcp。"
        zh = f"网关通，从站 {target.unit} 没有回答：{hint}"
        next_step = "look at unit id and wiring; a transparent converter needs rtu_over_tcp"
    return LinkError(f"{why}; {next_step}", zh=zh)


async def _advise(
    model: DeviceModel, target: Target, reader: BlockReader, blocks: Sequence[Registers]
) -> list[Doubt]:
    """Return what to change in the file, where more values would make sense then."""
    now = _Try(Variant(Doubt("", ""), model), look(model, blocks))
    tries = [_Try(each, look(each.model, blocks)) for each in orders_of(model)]
    # Words that are one address off look much like words in another order: ask for both.
    if not any(each.is_whole for each in tries):
        tries += [each async for each in _anew(model, target, reader)]
    best = max(tries, key=lambda each: each.telling, default=now)
    if best.telling <= now.telling:
        return []
    change, count = best.variant.change, f"{best.telling}/{len(best.seen)}"
    return [
        Doubt(
            f"试试 {change.zh}：{count} 个测点有合理的值，现在是 {now.telling} 个",
            f"try {change.en}: {count} points have values that make sense, now {now.telling}",
        )
    ]


async def _anew(model: DeviceModel, target: Target, reader: BlockReader) -> AsyncIterator[_Try]:
    for variant in others_of(model):
        try:
            blocks = await reader.read(_slave(variant.model, target))
        except (LinkError, ProtocolError):
            continue
        yield _Try(variant, look(variant.model, blocks))
        for order in orders_of(variant.model):
            zh = f"{variant.change.zh} 并 {order.change.zh}"
            change = Doubt(zh, f"{variant.change.en} and {order.change.en}")
            yield _Try(Variant(change, order.model), look(order.model, blocks))


def _slave(model: DeviceModel, target: Target) -> Slave:
    uid, address = DeviceUid("trial"), str(target.unit)
    device = Device(uid=uid, id="trial", address=address, kind=model.kind, model=model.id, place="")
    return Slave(device, model, target.timeout)


def _settings(target: Target) -> ModbusSettings:
    if target.framing not in FRAMERS or not 0 < target.unit <= HIGHEST_UNIT:
        raise InvalidRequestError(
            f"--framing is one of {', '.join(FRAMERS)}, --unit 1 to {HIGHEST_UNIT}",
            zh=f"--framing 写 {' 或 '.join(FRAMERS)}，--unit 写 1 到 {HIGHEST_UNIT}。",
        )
    return ModbusSettings(
        name=f"{target.host}:{target.port}",
        host=target.host,
        port=target.port,
        framing=target.framing,
        timeout=target.timeout,
    )
