"""Electricity meters by DL/T 645-2007 and -1997: frames of one poll to readings.

A payload is what went over the line, questions and answers, so that a refusal is known by its
question. Frames of other meters, echoes and noise are passed over; without any sound frame it is
refused. Which identifier holds which point is the model's (`device_drivers/models/dlt645-*.toml`).
What follows in further frames (B1, 92, B2) is put together. FF…FF and EE…EE are no value, and a
nibble that is no digit is bad. Currents, powers and factors carry their sign in the highest bit.
Where a meter refuses all that it is asked, `link.refusal` is its error byte, and 0 otherwise.

The line is a converter's (TCP), or a DTU's in transparent mode (MQTT, `[[dtu]]`).

Sample: `68 12 90 78 56 34 12 68 91 08 33 33 34 33 89 67 45 33 54 16` = 1234.56 kWh imported.
Source: DL/T 645-2007, DL/T 645-1997.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from device_drivers.codecs.dlt645 import Frame, frames, is_same
from device_drivers.codecs.fields import sample_of
from device_drivers.contract import PointTable
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, Item, PointType
from hub.model.device import Device
from hub.model.report import Report, Sample, Topic
from hub.ports import Envelope

REFUSAL = "link.refusal"


class Dlt645Driver:
    """Translates polls of every model whose driver is `dlt645`."""

    name = "dlt645"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._models = models
        self._known: dict[str, _Model] = {}

    def device_address(self, envelope: Envelope) -> str:
        """Return the meter's twelve digits; the link puts them into the envelope."""
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one poll into one report; none where no meter's answer is in it."""
        if not isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: a poll of DL/T 645 must be bytes, not registers")
        own = [each for each in frames(envelope.payload) if is_same(device.address, each.address)]
        if not own:
            raise ProtocolError(f"{device.id}: no frame is of meter {device.address}")
        samples = list(_samples(_bodies(own), self._model(device.model)))
        if any(each.is_answer for each in own):
            refused = [each.data[0] for each in own if each.is_refusal and each.data]
            answered = any(each.is_answer and not each.is_refusal for each in own)
            samples.append(Sample(REFUSAL, 0 if answered or not refused else refused[0]))
        if not samples:
            return ()
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
            model = self._models[name]
            types = {point: spec.type for point, spec in model.points.items()}
            known = self._known[name] = _Model(model.items, types, PointTable(model))
        return known


class _Model(NamedTuple):
    """What is needed of a model: where its points lie, and what they allow."""

    items: Sequence[Item]
    types: Mapping[str, PointType]
    table: PointTable


def _bodies(own: Sequence[Frame]) -> dict[str, bytes]:
    """Return what the meter said, by identifier; empty where it refused."""
    bodies: dict[str, bytes] = {}
    asked = ""
    for frame in own:
        if not frame.is_answer:
            asked = frame.di
        elif frame.is_refusal:
            bodies.setdefault(asked, b"")
        elif frame.di:
            before = bodies.get(frame.di, b"") if frame.is_continued else b""
            bodies[frame.di] = before + frame.body
    return bodies


def _samples(bodies: Mapping[str, bytes], model: _Model) -> list[Sample]:
    """Return one sample a point: of its first item that was answered, else what is bad."""
    best: dict[str, Sample] = {}
    for item in model.items:
        body = bodies.get(item.di)
        if body is None or (item.point in best and best[item.point].value is not None):
            continue
        best[item.point] = sample_of(item, body, model.table, model.types[item.point])
    return list(best.values())
