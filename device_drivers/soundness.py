"""What everybody behind a driver relies on: a report that breaks it must not get past."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import msgspec

from device_drivers.contract import PointTable, has_control_characters
from device_drivers.payload import check_data
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.kinds import HUB_MADE_EVENTS, HUB_MADE_POINTS
from hub.model.report import Quality, Report, Sample

LONGEST_TEXT = 500


class Soundness:
    """Looks at reports by the models of their devices."""

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._models = models
        self._tables: dict[str, PointTable] = {}

    def fault_of(self, report: object, device: Device) -> str:
        """Say what is wrong with a report about a device; empty where nothing is."""
        if not isinstance(report, Report):
            return f"it returned {type(report).__name__} where a Report belongs"
        try:
            msgspec.convert(msgspec.to_builtins(report), Report)
            check_data(report.data)
        except (TypeError, ValueError, ProtocolError) as error:
            return f"its report cannot be stored: {error}"
        return next(self._faults(report, device), "")

    def _faults(self, report: Report, device: Device) -> Iterator[str]:
        if (report.uid, report.address) != (device.uid, device.address):
            yield f"its report is of {report.address!r}, but the message was of {device.address!r}"
        if not math.isfinite(report.at):
            yield f"its report has the instant {report.at}; write epoch seconds"
        said = (bool(report.samples), bool(report.event), report.online is not None)
        if sum((*said, bool(report.ack))) != 1:
            yield "its report must have samples, an event, online or ack, and one of them alone"
        texts = (report.event, report.boot, report.ack, report.result, report.why, report.digest)
        if any(has_control_characters(text) or len(text) > LONGEST_TEXT for text in texts):
            yield "its report has a text with control characters, or one without end"
        if report.event and report.event not in {*self._events(device), *HUB_MADE_EVENTS}:
            yield f"model {device.model} has no event {report.event!r:.80}"
        for sample in report.samples:
            yield from self._faults_of(sample, device)

    def _faults_of(self, sample: Sample, device: Device) -> Iterator[str]:
        if (sample.value is None) != (sample.quality is Quality.BAD):
            yield (
                f"{sample.point} is {sample.value!r:.40} and of quality {sample.quality}: a value "
                "that is bad is None, and only that"
            )
        if sample.point in HUB_MADE_POINTS:
            return
        try:
            judged = self._table(device.model).judge(sample.point, sample.value)
        except ProtocolError as error:
            yield str(error)
            return
        if judged.quality is Quality.BAD and sample.quality is not Quality.BAD:
            yield f"{sample.point} is {sample.value!r:.40}, which its point does not allow"

    def _events(self, device: Device) -> tuple[str, ...]:
        return self._models[device.model].events

    def _table(self, model: str) -> PointTable:
        table = self._tables.get(model)
        if table is None:
            table = self._tables[model] = PointTable(self._models[model])
        return table
