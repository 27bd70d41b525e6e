"""Modbus meters by model file: register blocks to readings.

The register map, scale, order and sentinels are the model's (`device_drivers/models/*.toml`);
one envelope holds all blocks of one poll, so that the points of one meter change together. A
sentinel, NaN, an illegal address, a counter below 0 or what its point does not allow is bad. A
slave that answers every block with an exception lives and gives nothing: `link.refusal` is the
code of the first, and 0 while any block has values.

Sample (CHINT DTSU666, function 3 from 0x2006): `4510 5000` = 2309.0 × 0.1 = 230.9 V.
Source: Modbus Application Protocol V1.1b3; each model names the source of its map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from device_drivers.codecs.blocks import find
from device_drivers.codecs.registers import decode, raw_bits
from device_drivers.contract import PointTable
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, PointType, Register
from hub.model.device import Device
from hub.model.report import Quality, Report, Sample, Topic, Value
from hub.ports import Envelope, Registers

REFUSAL = "link.refusal"
DIGITS = 6
"""Decimals that survive scaling: 0.1 × 2309 is 230.9, not 230.90000000000003."""


class ModbusDriver:
    """Translates polls of every model whose driver is `modbus`."""

    name = "modbus"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._models = models
        self._known: dict[str, _Model] = {}

    def device_address(self, envelope: Envelope) -> str:
        """Return the unit id, as text; the link puts it into the envelope."""
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one poll into one report."""
        if isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: a Modbus poll must hold registers, not bytes")
        model = self._model(device.model)
        blocks = [block for block in envelope.payload if block.words]
        samples = [_sample(register, blocks, model) for register in model.registers]
        samples.append(Sample(REFUSAL, 0 if blocks else _first_exception(envelope.payload)))
        report = Report(
            address=device.address,
            uid=device.uid,
            topic=Topic.TELEMETRY,
            at=envelope.received,
            received=envelope.received,
            samples=tuple(samples),
        )
        return (report,)

    def _model(self, name: str) -> _Model:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _describe(self._models[name])
        return known


def _first_exception(blocks: Sequence[Registers]) -> int:
    return next((block.exception for block in blocks if block.exception), 0)


class _Model(NamedTuple):
    """What is needed of a model: its function, its registers, and what its points allow."""

    function: int
    registers: Sequence[Register]
    types: Mapping[str, PointType]
    table: PointTable


def _describe(model: DeviceModel) -> _Model:
    types = {name: spec.type for name, spec in model.points.items()}
    return _Model(model.function, model.registers, types, PointTable(model))


def _sample(register: Register, blocks: Sequence[Registers], model: _Model) -> Sample:
    point = register.point
    words = find(blocks, register, model.function)
    if words is None or raw_bits(words, register.order) in register.no_value:
        return Sample(point, None, Quality.BAD)
    try:
        number = decode(words, register.type, register.order)
        return model.table.judge(point, _value(register, number, model.types[point]))
    except ProtocolError:
        return Sample(point, None, Quality.BAD)


def _value(register: Register, number: float, kind: PointType) -> Value | None:
    if register.mask:
        number = int(number) & register.mask
    if register.decode:
        return register.decode.get(str(int(number)))
    scaled = round(number * register.scale, DIGITS)
    return bool(scaled) if kind is PointType.BOOL else scaled
