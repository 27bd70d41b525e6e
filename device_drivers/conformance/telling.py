"""Decodes a message as the hub does, for devices that are all in the books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid
from hub.model.instant import to_rfc3339
from hub.model.report import Report
from hub.ports import EVERYBODY, Driver, Envelope, Part, Splitter

ANYBODY = "device-1"
"""The address of the device where a message is about each one of its link."""


class Told(NamedTuple):
    """What one message says of one device."""

    device: Device
    reports: Sequence[Report]


def tell(
    driver: Driver,
    envelope: Envelope,
    models: Mapping[str, DeviceModel],
    model: str,
    of: Mapping[str, str] = {},
) -> Iterator[Told]:
    """Yield what a driver makes of a message; `of` maps addresses to further models than `model`.

    Raises whatever the driver raises.
    """
    for part in parts_of(driver, envelope):
        address = ANYBODY if part.address == EVERYBODY else part.address
        device = stand_in(address, models[of.get(part.address, model) or model])
        yield Told(device, driver.decode(part.envelope, device))


def parts_of(driver: Driver, envelope: Envelope) -> Sequence[Part]:
    """Return of which devices a message is."""
    if isinstance(driver, Splitter):
        return driver.split(envelope)
    return (Part(address=driver.device_address(envelope), envelope=envelope),)


def stand_in(address: str, model: DeviceModel) -> Device:
    """Return a device of that address and model."""
    return Device(
        uid=DeviceUid("d_1"),
        id=address,
        address=address,
        kind=model.kind,
        model=model.id,
        place="p",
    )


def facts_of(report: Report, model: DeviceModel) -> Iterator[dict[str, Any]]:
    """Yield the lines that fixtures are written in."""
    common = {"at": to_rfc3339(report.at), "late": report.late, "grace": report.grace}
    for sample in report.samples:
        spec = model.points.get(sample.point)
        yield {
            "reading": sample.point,
            "value": sample.value,
            "unit": spec.unit if spec else "",
            "quality": sample.quality.value,
            **common,
        }
    if report.event:
        yield {"event": report.event, "data": report.data, **common}
    if report.online is not None:
        yield {"online": report.online, **common}
    if report.ack:
        yield {"ack": report.ack, "result": report.result, "why": report.why, **common}
