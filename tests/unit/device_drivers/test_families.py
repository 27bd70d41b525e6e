"""Further dialects of MQTT: each documented sample says what its fixture expects, or is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from device_drivers.dialects.vzenith import VzenithDriver
from device_drivers.family import address_of, instant_of
from device_drivers.payload import cut_images
from hub.assembly.dialects import FAMILIES
from hub.config.families import SHIPPED
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.instant import to_rfc3339
from hub.model.report import Report
from hub.ports import Driver, Envelope, Guesser, Part, Splitter
from tests.support.shipped import MODELS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices"
KEY = bytes(16)
PLATE = blake2b("20210811 京A12345".encode(), key=KEY, digest_size=8).hexdigest()
NOW = 1_764_000_000.0


class Case(NamedTuple):
    """One sample of a fixture."""

    dialect: str
    model: str
    sample: dict[str, Any]


def cases() -> Iterator[Case]:
    of_families = (path for path in FIXTURES.glob("*/*.json") if path.parent.name in FAMILIES)
    for path in sorted(of_families):
        fixture = json.loads(path.read_text("utf-8"))
        for sample in fixture["samples"]:
            yield Case(path.parent.name, sample.get("model", fixture["model"]), sample)


def make(dialect: str) -> Driver:
    if dialect == "vzenith":
        return VzenithDriver(MODELS, key=KEY)
    return FAMILIES[dialect](MODELS)


def envelope_of(sample: dict[str, Any]) -> Envelope:
    text = sample["text"] if "text" in sample else json.dumps(sample["payload"])
    return Envelope(
        link="x",
        address=sample["topic"],
        payload=text.encode(),
        received=NOW,
        retained=sample.get("retained", False),
    )


def told(case: Case) -> list[dict[str, Any]]:
    """Decode a sample as the router does, for devices that are all of the case's model."""
    driver, envelope = make(case.dialect), envelope_of(case.sample)
    facts = []
    parts = driver.split(envelope) if isinstance(driver, Splitter) else ()
    whole = Part(address="", envelope=envelope)
    for part in parts if isinstance(driver, Splitter) else [whole]:
        address = part.address or driver.device_address(envelope)
        model = case.sample.get("models", {}).get(address, case.model) or "ld-gateway"
        device = Device(
            uid=DeviceUid("u"),
            id=address,
            address=address,
            kind=MODELS[model].kind,
            model=model,
            place="p",
        )
        for report in driver.decode(part.envelope, device):
            facts += [fact | ({"of": address} if parts else {}) for fact in lines(report)]
    return facts


def lines(report: Report) -> Iterator[dict[str, Any]]:
    common = {"at": to_rfc3339(report.at), "late": report.late, "grace": report.grace}
    for sample in report.samples:
        yield {
            "reading": sample.point,
            "value": sample.value,
            "quality": sample.quality.value,
            **common,
        }
    if report.event:
        yield {"event": report.event, "data": report.data, **common}
    if report.online is not None:
        yield {"online": report.online, **common}


@pytest.mark.parametrize("dialect", FAMILIES)
def test_every_sample_of_the_documents_says_what_it_must(dialect: str) -> None:
    own = [case for case in cases() if case.dialect == dialect]
    assert own, "a dialect needs a fixture"
    for case in own:
        if "refused" in case.sample:
            with pytest.raises(ProtocolError, match=case.sample["refused"]):
                told(case)
            continue
        text = json.dumps(case.sample["facts"], ensure_ascii=False)
        wanted = json.loads(text.replace("<hash of 京A12345 on 20210811>", PLATE))
        defaults = {"late": False, "quality": "good"}
        facts = [
            {key: fact.get(key) for key in {**fact, **want} if key in {**want, **defaults}}
            for fact, want in zip(told(case), wanted, strict=True)
        ]
        full = [{**{k: v for k, v in defaults.items() if k in fact}, **want}
                for want, fact in zip(wanted, facts, strict=True)]  # fmt: skip
        assert facts == full, case.sample["say"]


def test_strangers_come_with_the_guess_of_their_dialect() -> None:
    own = [case for case in cases() if "newcomers" in case.sample]
    assert own
    for case in own:
        driver, envelope = make(case.dialect), envelope_of(case.sample)
        assert isinstance(driver, Splitter)
        assert isinstance(driver, Guesser)
        found = {part.address: driver.guess(part.envelope) for part in driver.split(envelope)}
        assert found == case.sample["newcomers"], case.sample["say"]


def test_settings_know_every_dialect_that_there_is() -> None:
    assert set(SHIPPED) == set(FAMILIES)


def test_a_prefix_moves_the_whole_tree() -> None:
    for dialect, make_driver in FAMILIES.items():
        topics = make_driver.topics
        own, moved = topics.fill(topics.hears, None), topics.fill(topics.hears, "site/b")
        assert len(own) == len(moved) == len(topics.hears)
        assert all(each.startswith("site/b/") for each in moved), dialect
        assert not any(each.startswith("ld/") for each in own)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("tasmota_5A1B2C", "tasmota_5A1B2C"),
        ("kitchen/leak 1", "kitchen-leak-1-1ba1a3ab"),
        ("泵房水浸", "n-f4c4cfb4"),
    ],
)
def test_a_name_becomes_an_address_that_the_books_can_hold(name: str, address: str) -> None:
    found = address_of(name)
    assert found.rpartition("-")[0] == address.rpartition("-")[0] or found == address
    assert address_of(name) == found
    assert len(address_of(name * 10)) <= 64


def test_names_that_look_alike_have_addresses_of_their_own() -> None:
    assert len({address_of(name) for name in ("a b", "a/b", "a-b", "a  b")}) == 4


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "a\x00"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ProtocolError, match="no name"):
        address_of(name)


def test_an_instant_is_seconds_or_milliseconds_or_arrival() -> None:
    said = (1_764_000_001, 1_764_000_001_500, None, "1764000001", True, -1, 1e300)
    assert [instant_of(each, NOW) - NOW for each in said] == [1, 1.5, 0, 0, 0, 0, 0]


def test_a_picture_is_cut_out_before_anybody_keeps_it() -> None:
    picture = "/9j/4AAQ" + "A1b+" * 300
    payload = json.dumps({"license": "x", "full_image_content": picture}).encode()
    cut = cut_images(payload)
    assert len(cut) < 150
    assert b"[1208 bytes, blake2b " in cut
    assert json.loads(cut)["license"] == "x"
    assert cut_images(payload.replace(b"/", rb"\/")) != payload


def test_a_plate_is_another_word_each_day_and_for_each_hub() -> None:
    words = set()
    for key, second in ((KEY, 0), (KEY, 86_400), (b"k" * 16, 0)):
        words.add(VzenithDriver(MODELS, key=key)._seal("京A12345", NOW + second))
    assert len(words) == 3
