"""Further dialects of MQTT: their topics, names, instants, pictures and sealed plates."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path

import pytest

from device_drivers.dialects.vzenith import VzenithDriver
from device_drivers.family import address_of, instant_of
from device_drivers.payload import cut_images
from hub.assembly.dialects import FAMILIES
from hub.config.families import SHIPPED
from hub.errors import ProtocolError
from tests.support.shipped import MODELS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices"
KEY = bytes(16)
PLATE = blake2b("20210811 京A12345".encode(), key=KEY, digest_size=8).hexdigest()
NOW = 1_764_000_000.0


def test_the_plates_of_the_samples_are_sealed_as_they_must_be() -> None:
    text = (FIXTURES / "vzenith" / "protocol-1.1.json").read_text("utf-8")
    assert text.count(f'"plate": "{PLATE}"') == 5


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
