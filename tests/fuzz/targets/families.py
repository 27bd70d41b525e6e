"""Further dialects of MQTT: reports that can be stored, or one clear refusal."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.dialects import FAMILIES
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.ports import Driver, Envelope, Guesser, Part, Splitter
from tests.fuzz.target import Target
from tests.fuzz.targets.lingdang import NOW, RETAINED, WORDS, is_sound

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices"
_models = load_models(shipped_models())
_drivers = {name: make(_models) for name, make in FAMILIES.items()}


def _seeds(dialect: str) -> list[bytes]:
    found = []
    for path in sorted((FIXTURES / dialect).glob("*.json")):
        for each in json.loads(path.read_text("utf-8"))["samples"]:
            text = each["text"] if "text" in each else json.dumps(each["payload"])
            found.append(f"{each['topic']}\n{text}".encode())
    return found


def _parts(driver: Driver, envelope: Envelope) -> list[Part]:
    if isinstance(driver, Splitter):
        return list(driver.split(envelope))
    return [Part(address=driver.device_address(envelope), envelope=envelope)]


def check(dialect: str, data: bytes) -> str:
    """Take the first line for the topic, retained where it begins so, and the rest for payload."""
    head, _, payload = data.partition(b"\n")
    topic, retained = head.removeprefix(RETAINED), head.startswith(RETAINED)
    envelope = Envelope(
        link="x",
        address=topic.decode(errors="replace"),
        payload=payload,
        received=NOW,
        retained=retained,
    )
    driver = _drivers[dialect]
    try:
        reports = [
            report for part in _parts(driver, envelope) for report in _take(driver, part, dialect)
        ]
    except ProtocolError as error:
        assert str(error)
        return "refused"
    for report in reports:
        is_sound(report)
    return "understood"


def _take(driver: Driver, part: Part, dialect: str) -> list[object]:
    assert 1 <= len(part.address) <= 64
    assert part.address.isascii()
    if isinstance(driver, Guesser):
        assert driver.guess(part.envelope)
    found: list[object] = []
    for model in _models.values():
        if model.driver == dialect:
            device = Device(
                uid=DeviceUid("u"),
                id="d",
                address=part.address,
                kind=model.kind,
                model=model.id,
                place="p",
            )
            found += driver.decode(part.envelope, device)
    return found


TARGETS = {
    dialect: Target(_seeds(dialect), (*WORDS, b"/", b"+", b"\n"), partial(check, dialect))
    for dialect in FAMILIES
}
