"""Modbus meters by model file: register blocks to readings.

The register map, scale, order and sentinels are the model's (`device_drivers/models/*.toml`);
one envelope holds all blocks of one poll, so that the points of one meter change together. A
sentinel, NaN, an illegal address or a value outside the point's range gives quality bad.

Sample (CHINT DTSU666, function 3 from 0x2006): `4510 5000` = 2309.0 × 0.1 = 230.9 V.
Source: Modbus Application Protocol V1.1b3; each model names the source of its map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from device_drivers.codecs.blocks import find
from device_drivers.codecs.registers import decode, raw_bits
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, PointSpec, PointType, Register
from hub.model.device import Device
from hub.model.report import Quality, Report, Sample, Topic, Value
from hub.ports import Envelope

DIGITS = 6
"""Decimals that survive scaling: 0.1 × 2309 is 230.9, not 230.90000000000003."""


class ModbusDriver:
    """Translates polls of every model whose driver is `modbus`."""

    name = "modbus"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._models = models

    def device_address(self, envelope: Envelope) -> str:
        """Return the unit id, as text; the link puts it into the envelope."""
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one poll into one report."""
        if isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: a Modbus poll must hold registers, not bytes")
        model = self._models[device.model]
        blocks = [(block.start, block.words) for block in envelope.payload if block.words]
        samples = tuple(_sample(register, blocks, model) for register in model.registers)
        report = Report(
            address=device.address,
            uid=device.uid,
            topic=Topic.TELEMETRY,
            at=envelope.received,
            received=envelope.received,
            samples=samples,
        )
        return (report,)


def _sample(
    register: Register, blocks: Sequence[tuple[int, Sequence[int]]], model: DeviceModel
) -> Sample:
    words = find(blocks, register)
    if words is None or raw_bits(words, register.order) in register.no_value:
        return Sample(register.point, None, Quality.BAD)
    try:
        number = decode(words, register.type, register.order)
    except ProtocolError:
        return Sample(register.point, None, Quality.BAD)
    value = _value(register, number, model.points[register.point])
    return Sample(register.point, value, Quality.BAD if value is None else Quality.GOOD)


def _value(register: Register, number: float, spec: PointSpec) -> Value | None:
    if register.mask:
        number = int(number) & register.mask
    if register.decode:
        return register.decode.get(str(int(number)))
    scaled = round(number * register.scale, DIGITS)
    if spec.type is PointType.BOOL:
        return bool(scaled)
    return scaled if _plausible(scaled, spec) else None


def _plausible(number: float, spec: PointSpec) -> bool:
    low = spec.minimum is None or number >= spec.minimum
    return low and (spec.maximum is None or number <= spec.maximum)
