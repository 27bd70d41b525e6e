"""`lingdang decode`: what the hub makes of one message, fact by fact, without a hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from device_drivers.codecs.blocks import find
from device_drivers.contract import suggest
from hub.assembly.dialects import speak_all
from hub.commands.message_text import TELLERS, read_blocks, read_bytes
from hub.commands.own_models import known_models
from hub.errors import HubError, ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid
from hub.model.instant import to_rfc3339
from hub.model.kinds import HUB_MADE_POINTS, find_core_point
from hub.model.report import Quality, Report
from hub.ports import EVERYBODY, Driver, Envelope, Guesser, Registers, Splitter

Echo = Callable[[str], None]
Payload = bytes | tuple[Registers, ...]
NEEDS_A_MODEL = "modbus"
"""The dialect whose messages say nothing without a map."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What came: exactly one of `hex`, `registers` (`ADDR:HEX`) and `file`; `topic` for MQTT."""

    topic: str = ""
    hex: str = ""
    registers: Sequence[str] = ()
    file: Path | None = None


def decode_message(
    driver: str, model: str, message: Message, *, now: float, models: Sequence[Path], echo: Echo
) -> int:
    """Print one JSON line a fact, and return how many there were.

    Raises HubError with the reason where the message must be rejected.
    """
    known = known_models(models).models
    drivers = speak_all(known)
    if driver not in drivers:
        raise HubError(f"no driver {driver!r}; there are {', '.join(drivers)}")
    payload = _payload(message, driver)
    envelope = Envelope(link="decode", address=message.topic or "1", payload=payload, received=now)
    lines = [
        *_identity(driver, payload, now),
        *_facts_of_each(drivers[driver], known, model, envelope),
    ]
    for line in lines:
        echo(msgspec.json.encode(line).decode())
    return len(lines)


def _payload(message: Message, driver: str) -> Payload:
    given = [bool(message.hex), bool(message.registers), message.file is not None]
    if sum(given) != 1:
        raise HubError("say what came: --hex, --registers or a file, one of them")
    if message.registers:
        return read_blocks(message.registers)
    if message.hex:
        return read_bytes(message.hex)
    raw = _read(message.file)
    return read_bytes(raw.decode()) if driver in TELLERS and raw.isascii() else raw


def _read(file: Path | None) -> bytes:
    try:
        return file.read_bytes() if file else b""
    except OSError as error:
        raise HubError(f"{file}: {error.strerror or error}") from error


def _facts_of_each(
    driver: Driver, models: Mapping[str, DeviceModel], model: str, envelope: Envelope
) -> Iterator[dict[str, Any]]:
    """Yield what the message says; with the `device` where it may tell of several."""
    if not isinstance(driver, Splitter):
        yield from _facts(driver, models, model, envelope)
        return
    if not any(each.driver == driver.name for each in models.values()):
        yield from _announcements(driver, envelope)
        return
    for part in driver.split(envelope):
        if part.address != EVERYBODY and not part.quiet:
            for fact in _facts(driver, models, model, part.envelope, part.address):
                yield {"device": part.address, **fact}


def _announcements(driver: Splitter, envelope: Envelope) -> Iterator[dict[str, Any]]:
    """Yield who announces itself, by a dialect that has no values."""
    for part in driver.split(envelope):
        guess = driver.guess(part.envelope) if isinstance(driver, Guesser) else ""
        data = {"address": part.address, "guess": guess}
        yield {"event": "announced", "data": data, "at": to_rfc3339(envelope.received)}


def _facts(
    driver: Driver,
    models: Mapping[str, DeviceModel],
    model: str,
    envelope: Envelope,
    address: str = "",
) -> list[dict[str, Any]]:
    """Return what the message says by the model, or by the one of the dialect that fits best."""
    own = [each for each in models.values() if each.driver == driver.name]
    names = [each.id for each in own]
    if model and model not in names:
        raise HubError(f"driver {driver.name} has no model {model!r}{suggest(model, names)}")
    if not model and driver.name == NEEDS_A_MODEL:
        raise HubError(f"say which --model: {', '.join(names)}")
    chosen = [each for each in own if not model or each.id == model]
    readings: list[tuple[DeviceModel, Sequence[Report]]] = []
    reason: ProtocolError | None = None
    for each in chosen:
        try:
            device = _device(driver, each, envelope, address)
            readings.append((each, driver.decode(envelope, device)))
        except ProtocolError as error:
            reason = reason or error
    if not readings and reason is not None:
        raise reason
    best, reports = max(readings, key=lambda pair: _worth(pair[1]))
    asked = _given(best, envelope.payload)
    lines = [line for report in reports for line in _lines(report, best)]
    return [line for line in lines if asked is None or line.get("reading") in asked]


def _given(model: DeviceModel, payload: Payload) -> set[str] | None:
    """Return the points whose registers were given; None where it is no matter of registers."""
    if isinstance(payload, bytes):
        return None
    found = (each for each in model.registers if find(payload, each, model.function) is not None)
    return {each.point for each in found}


def _device(driver: Driver, model: DeviceModel, envelope: Envelope, address: str) -> Device:
    address = address or driver.device_address(envelope)
    teller = TELLERS.get(driver.name)
    if teller is not None and isinstance(envelope.payload, bytes):
        address = teller.frames(envelope.payload)[0].address
    return Device(
        uid=DeviceUid("decode"),
        id=address,
        address=address,
        kind=model.kind,
        model=model.id,
        place="",
    )


def _worth(reports: Sequence[Report]) -> int:
    good = [s for report in reports for s in report.samples if s.quality is Quality.GOOD]
    events = sum(bool(report.event) for report in reports)
    return events + sum(sample.point not in HUB_MADE_POINTS for sample in good)


def _lines(report: Report, model: DeviceModel) -> Iterator[dict[str, Any]]:
    at = to_rfc3339(report.at)
    for sample in report.samples:
        if sample.point in HUB_MADE_POINTS and not sample.value:
            continue
        yield {
            "reading": sample.point,
            "value": sample.value,
            "unit": _unit(model, sample.point),
            "quality": sample.quality.value,
            "at": at,
        }
    if report.event:
        yield {"event": report.event, "data": report.data, "at": at}
    if report.online is not None:
        yield {"event": "online" if report.online else "offline", "data": {}, "at": at}
    if report.ack:
        data = {"command": report.ack, "result": report.result, "why": report.why}
        yield {"event": "ack", "data": data, "at": at}


def _unit(model: DeviceModel, point: str) -> str:
    spec = model.points.get(point) or find_core_point(model.kind, point)
    return spec.unit if spec else ""


def _identity(driver: str, payload: Payload, now: float) -> Iterator[dict[str, Any]]:
    """Yield a meter's answer to the question who it is."""
    teller = TELLERS.get(driver)
    if teller is None or not isinstance(payload, bytes):
        return
    for frame in teller.frames(payload):
        if frame.is_answer and not frame.is_refusal and frame.function == teller.READ_ADDRESS:
            yield {"event": "address", "data": {"address": frame.address}, "at": to_rfc3339(now)}
