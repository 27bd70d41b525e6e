"""JSON by table: what becomes a value, what is bad, and what is no business of the model's."""

from __future__ import annotations

import pytest

from device_drivers.catalogue import load_models
from device_drivers.codecs.json_fields import FieldTable, flatten
from device_drivers.payload import read_json, read_table
from hub.errors import ProtocolError
from hub.model.report import Quality

MODEL = """
id = "x"
kind = "sensor"
driver = "x"
name = {}
events = ["opened.locally"]
[points]
"level" = { type = "number", minimum = 0, maximum = 10 }
"wet" = { type = "bool" }
"way" = { type = "enum", values = ["up", "down"] }
"words" = { type = "text" }
[[fields]]
point = "level"
path = "a.level"
scale = 0.1
[[fields]]
point = "wet"
path = "wet"
[[fields]]
point = "way"
path = "way"
decode = { "1" = "up", "true" = "down" }
[[fields]]
point = "words"
path = "words"
[[fields]]
event = "opened.locally"
path = "key"
decode = { "pressed" = "" }
"""
TABLE = FieldTable(load_models({"x.toml": MODEL})["x"])
BAD = (None, Quality.BAD)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"a": {"level": 25}}, 2.5),
        ({"a": {"level": "25.5"}}, 2.55),
        ({"a": {"level": 250}}, None),
        ({"a": {"level": None}}, None),
        ({"a": {"level": True}}, None),
        ({"a": {"level": "nan"}}, None),
        ({"a": {"level": "1e999"}}, None),
        ({"a": {"level": "x"}}, None),
        ({"wet": True}, True),
        ({"wet": "OFF"}, False),
        ({"wet": 1}, True),
        ({"wet": "damp"}, None),
        ({"way": 1}, "up"),
        ({"way": True}, "down"),
        ({"way": "2"}, None),
        ({"words": "well"}, "well"),
        ({"words": "a\x00b"}, None),
    ],
)
def test_what_cannot_be_is_bad_and_never_another_value(
    said: dict[str, object], value: object
) -> None:
    (sample,) = TABLE.samples(flatten(said))
    assert (sample.value, sample.quality) == (BAD if value is None else (value, Quality.GOOD))


def test_what_no_field_names_says_nothing() -> None:
    assert TABLE.samples(flatten({"b": 1, "a": {"lever": 2}, "list": [{"wet": True}, 3]})) == ()


@pytest.mark.parametrize(("said", "told"), [("pressed", 1), ("", 0), (None, 0), ("held", 0)])
def test_an_event_is_told_of_by_its_words(said: object, told: int) -> None:
    events = list(TABLE.events({"key": said}))
    assert events == [("opened.locally", {"said": said})] * told


def test_what_is_too_deep_or_too_much_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(10):
        deep = {"a": deep}
    with pytest.raises(ProtocolError, match="deep"):
        flatten(deep)
    with pytest.raises(ProtocolError, match="more than 1000 values"):
        flatten({str(number): 0 for number in range(1001)})


def test_json_comes_in_utf_8_or_as_chinese_firmware_writes_it() -> None:
    for front in (b"", b"\x00", b"\xef\xbb\xbf"):
        assert read_json(front + '{"a":"门"}'.encode()) == {"a": "门"}
    assert read_table('{"a":"门"}'.encode("gb18030")) == {"a": "门"}


@pytest.mark.parametrize("payload", [b"{", b'{"a":NaN}', b"[1]", b"", b"\x81", b"[" * 5000, ()])
def test_what_is_no_table_is_refused_in_words(payload: object) -> None:
    with pytest.raises(ProtocolError, match=r"JSON|nested"):
        read_table(payload)
