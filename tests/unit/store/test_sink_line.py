"""Lines of InfluxDB's protocol: types, escapes, and what never becomes one."""

from __future__ import annotations

import pytest

from hub.model.report import Quality, Value
from hub.store.sink.line import LineWriter, write_fields, write_head
from hub.store.sink.parcel import Saying, pack
from tests.unit.store.sink_stage import HOUSEHOLD, NOW, PUBLIC, meter, reading

WRITER = LineWriter({device.uid: device for device in (PUBLIC, HOUSEHOLD)})


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (1.5, "value=1.5"),
        (7, "value=7"),
        (2**63, "value=9223372036854775808"),
        (1e22, "value=1e+22"),
        (True, "flag=true"),
        (False, "flag=false"),
        ("open", 'text="open"'),
        ('say "a\\b"', r'text="say \"a\\b\""'),
        ("", 'text=""'),
        (None, ""),
        (float("nan"), ""),
        (float("-inf"), ""),
    ],
)
def test_each_type_of_value_has_a_field_of_its_own(value: Value | None, fields: str) -> None:
    assert write_fields(value, Quality.GOOD) == fields


def test_a_bad_reading_says_so_and_has_no_value() -> None:
    assert write_fields(None, Quality.BAD) == 'quality="bad"'
    assert write_fields(3.0, Quality.BAD) == 'quality="bad"'


def test_an_uncertain_reading_has_both() -> None:
    assert write_fields(3.0, Quality.UNCERTAIN) == 'value=3.0,quality="uncertain"'


def test_a_text_cannot_begin_a_line_of_its_own() -> None:
    forged = "x\nelectricity_meter,device=other value=0\r\n"
    assert "\n" not in write_fields(forged, Quality.GOOD)
    assert "\r" not in write_fields(forged, Quality.GOOD)


def test_tags_are_escaped() -> None:
    head = write_head(meter(id="a b,c=d", place="关山/甲"), "power\nactive")
    assert head == (
        r"electricity_meter,device=a\ b\,c\=d,kind=electricity_meter,place=关山/甲,"
        r"point=power\nactive"
    )


def test_a_line_carries_kind_device_place_point_and_the_instant_in_microseconds() -> None:
    [line] = WRITER.write(pack([reading(0.000_001, 2.5)], {"u1"}))
    assert line == (
        "electricity_meter,device=meter-u1,kind=electricity_meter,place=g/a,point=power.active"
        " value=2.5 1764000000000001"
    )


def test_households_and_strangers_never_become_lines() -> None:
    sayings = [Saying(uid, NOW, {"power.active": 1.0}) for uid in ("u2", "nobody", "u1")]
    assert [line.split(",")[1] for line in WRITER.write(sayings)] == ["device=meter-u1"]
