"""Reads a meter on a transparent line (DL/T 645, CJ/T 188) by a model, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from device_drivers.dialects.cjt188 import Cjt188Driver
from device_drivers.dialects.dlt645 import Dlt645Driver
from device_drivers.links.line import LineReader, LineSettings
from device_drivers.links.line_meter import LineMeter, meters_of
from device_drivers.links.line_way import TcpWay
from device_drivers.links.polling import NoAnswerError
from device_drivers.plausible import Doubt, doubt, doubt_power
from device_drivers.register_trial import POWER, Seen
from hub.clock import SystemClock
from hub.commands.trial_report import Found, Target
from hub.errors import InvalidRequestError, LinkError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid
from hub.model.report import Value
from hub.ports import Envelope

DRIVERS: dict[str, type[Dlt645Driver | Cjt188Driver]] = {
    "dlt645": Dlt645Driver,
    "cjt188": Cjt188Driver,
}
ANY_METER = "A" * 12
"""The address to which the only DL/T 645 meter of a line answers, whatever its number is."""
SILENT = Doubt("仪表没有这一项，或拒绝回答", "the meter has no such item, or refuses it")
NO_VALUE = Doubt(
    "仪表说没有这一项或没有值，或数值不可能",
    "the meter has no such item, no value, or one that cannot be",
)


async def try_line(model: DeviceModel, target: Target) -> Found:
    """Ask for every item of the model. Raises LinkError where the line or the meter is silent."""
    device = _device(model, target)
    meters = meters_of([device], {model.id: model}, target.timeout)
    if not meters:
        raise InvalidRequestError(
            f"--address {target.address or '(none)'}: write the meter's number, 12 digits for"
            " DL/T 645, 14 for CJ/T 188",
            zh="--address 写表号：DL/T 645 十二位，CJ/T 188 十四位。",
        )
    name = f"{target.host}:{target.port}"
    way = TcpWay(name, target.host, target.port)
    reader = LineReader(LineSettings(name=name), way, SystemClock())
    try:
        raw = await _read(reader, meters[0], target)
    finally:
        reader.close()
    driver = DRIVERS[model.driver]({model.id: model})
    envelope = Envelope(link="trial", address=device.address, payload=raw, received=1e9)
    values = {
        sample.point: sample.value
        for report in driver.decode(envelope, device)
        for sample in report.samples
    }
    return Found(list(_see(model, values)), 1, 1, [])


async def _read(reader: LineReader, meter: LineMeter, target: Target) -> bytes:
    where = f"{target.host}:{target.port}"
    try:
        await reader.open()
        return await reader.read(meter)
    except NoAnswerError as error:
        raise LinkError(
            f"{error}; look at its number, wiring A/B, baud rate and parity of the converter",
            zh=f"转换器 {where} 通，表 {meter.address} 没有回答：看表号、接线、波特率、校验位。",
        ) from error
    except LinkError as error:
        zh = f"连不上转换器 {where}：看它有没有电、网络通不通、端口对不对。"
        raise LinkError(str(error), zh=zh) from error


def _see(model: DeviceModel, values: Mapping[str, Value | None]) -> Iterator[Seen]:
    numbers = {point: value for point, value in values.items() if isinstance(value, float)}
    odd = doubt_power(numbers)
    for point in dict.fromkeys(each.point for each in model.items):
        if point not in values:
            yield Seen(point, None, "", SILENT)
            continue
        value = values[point]
        found = NO_VALUE if value is None else doubt(model.points[point], value)
        yield Seen(point, value, "", odd if point == POWER and odd else found)


def _device(model: DeviceModel, target: Target) -> Device:
    address = target.address or (ANY_METER if model.driver == "dlt645" else "")
    return Device(
        uid=DeviceUid("trial"),
        id="trial",
        address=address,
        kind=model.kind,
        model=model.id,
        place="",
    )
