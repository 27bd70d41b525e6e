"""An example of a model file, decoded by the hub's own driver and held against what it expects."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hub.assembly.dialects import speak_all
from hub.commands.message_text import TELLERS, read_blocks, read_bytes
from hub.errors import HubError
from hub.model.catalogue import DeviceModel, Example
from hub.model.device import Device, DeviceUid
from hub.model.report import Value
from hub.ports import Driver, Envelope, Registers, Splitter

BAD = "bad"
"""What an example expects of a point that has no value."""
CLOSE = 1e-6
"""Share by which a float of 32 bits may miss what a person writes."""


def run_example(model: DeviceModel, example: Example) -> Iterator[tuple[str, str]]:
    """Yield (point, what is wrong with it) where the driver makes something else of it."""
    try:
        got = read_example(model, example)
    except HubError as error:
        yield "", f"it is rejected: {error}"
        return
    for point, expected in example.expect.items():
        if point not in got:
            yield point, f"nothing is said of {point!r}"
        elif not _is_same(got[point], expected):
            shown = BAD if got[point] is None else got[point]
            yield point, f"{point} is {shown}, not {expected}"


def read_example(model: DeviceModel, example: Example) -> dict[str, Value | None]:
    """Return what the example says by its model, point by point; None where that is bad.

    Raises HubError where it cannot be read, or the driver rejects it.
    """
    driver = speak_all({model.id: model}).get(model.driver)
    if driver is None:
        raise HubError(f"no dialect {model.driver!r}")
    address = example.topic or "1"
    payload = _payload(example)
    envelope = Envelope(link="example", address=address, payload=payload, received=1e9)
    return dict(_samples(driver, model, envelope))


def _payload(example: Example) -> bytes | tuple[Registers, ...]:
    given = [bool(each) for each in (example.registers, example.hex, example.message)]
    if sum(given) != 1:
        raise HubError("an example has registers, hex or message: one of them")
    if example.registers:
        return read_blocks(example.registers)
    return read_bytes(example.hex) if example.hex else example.message.encode()


def _samples(
    driver: Driver, model: DeviceModel, envelope: Envelope
) -> Iterator[tuple[str, Value | None]]:
    envelopes = [envelope]
    if isinstance(driver, Splitter):
        envelopes = [part.envelope for part in driver.split(envelope)]
    for each in envelopes:
        device = Device(
            uid=DeviceUid("example"),
            id="example",
            address=_sender(driver, each),
            kind=model.kind,
            model=model.id,
            place="",
        )
        for report in driver.decode(each, device):
            yield from ((sample.point, sample.value) for sample in report.samples)


def _sender(driver: Driver, envelope: Envelope) -> str:
    teller = TELLERS.get(driver.name)
    if teller is None or not isinstance(envelope.payload, bytes):
        return driver.device_address(envelope)
    return str(teller.frames(envelope.payload)[0].address)


def _is_same(value: Value | None, expected: Value) -> bool:
    if expected == BAD or value is None:
        return value is None and expected == BAD
    if isinstance(value, bool) or isinstance(expected, bool) or isinstance(value, str):
        return value is expected or (isinstance(value, str) and value == expected)
    return not isinstance(expected, str) and math.isclose(value, expected, rel_tol=CLOSE)
