"""Water meters by CJ/T 188-2004 and -2018: frames of one poll to readings.

A payload is what went over the line, questions and answers. Frames of other meters, echoes and
noise are passed over; without any sound frame it is refused. Meters send 901F in a long form of 22
bytes (total, its unit, settlement, its unit, time, status) or in short ones (total, status), so
places are counted from the end too, by the model (`device_drivers/models/cjt188-*.toml`). Litres
become cubic metres; a unit that is no volume makes the total bad.

The line is a converter's (TCP), or a DTU's in transparent mode (MQTT, `[[dtu]]`).

Sample: `68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C …` = 556677.00 m³.
Source: CJ/T 188-2004, CJ/T 188-2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from device_drivers.codecs.cjt188 import READ, UNITS, Frame, frames
from device_drivers.codecs.digits import width
from device_drivers.codecs.fields import sample_of
from device_drivers.contract import PointTable
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, Item
from hub.model.device import Device
from hub.model.report import Quality, Report, Sample, Topic
from hub.ports import Envelope

REFUSAL = "link.refusal"
LONG_BODY = 19
"""Bytes of an answer in which each number is followed by its unit code."""
DIGITS = 6


class Cjt188Driver:
    """Translates polls of every model whose driver is `cjt188`."""

    name = "cjt188"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._models = models
        self._known: dict[str, _Model] = {}

    def device_address(self, envelope: Envelope) -> str:
        """Return the meter's fourteen digits; the link puts them into the envelope."""
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one poll into one report; none where no meter's answer is in it."""
        if not isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: a poll of CJ/T 188 must be bytes, not registers")
        own = [each for each in frames(envelope.payload) if each.address == device.address]
        if not own:
            raise ProtocolError(f"{device.id}: no frame is of meter {device.address}")
        samples = [sample for each in own for sample in self._samples(each, device.model)]
        if not samples:
            return ()
        report = Report(
            address=device.address,
            uid=device.uid,
            topic=Topic.TELEMETRY,
            at=envelope.received,
            received=envelope.received,
            samples=tuple({sample.point: sample for sample in samples}.values()),
        )
        return (report,)

    def _samples(self, frame: Frame, model: str) -> Iterator[Sample]:
        if not frame.is_answer or frame.function != READ:
            return
        known = self._model(model)
        if frame.is_refusal:
            yield Sample(REFUSAL, frame.data[-1] if frame.data else 1)
            yield from (Sample(item.point, None, Quality.BAD) for item in known.items)
            return
        yield Sample(REFUSAL, 0)
        for item in known.items:
            if item.di == frame.di:
                yield _measure(item, frame.body, known)

    def _model(self, name: str) -> _Model:
        known = self._known.get(name)
        if known is None:
            model = self._models[name]
            known = self._known[name] = _Model(model.items, model, PointTable(model))
        return known


class _Model(NamedTuple):
    """What is needed of a model: where its points lie, and what they allow."""

    items: Sequence[Item]
    model: DeviceModel
    table: PointTable


def _measure(item: Item, body: bytes, known: _Model) -> Sample:
    """Return what a field says, in the point's own unit."""
    spec = known.model.points[item.point]
    sample = sample_of(item, body, known.table, spec.type)
    behind = item.at + width(item.format)
    value = sample.value
    if not item.format or not isinstance(value, float) or len(body) != LONG_BODY:
        return sample
    unit, factor = UNITS.get(body[behind], ("", 1.0)) if item.at >= 0 else (spec.unit, 1.0)
    if unit != spec.unit:
        return Sample(item.point, None, Quality.BAD)
    return msgspec.structs.replace(sample, value=round(value * factor, DIGITS))
