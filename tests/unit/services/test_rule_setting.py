"""Parameters as people set them: one place after the other, each value like the rule's own."""

from __future__ import annotations

import pytest

from hub.errors import InvalidRequestError
from hub.model.report import Value
from hub.ports import Setting
from hub.services.rule_setting import read_values, set_also, set_no_more

EAST = Setting(values={"limit": "5m", "most": 3}, place="gs/a")
MODEL = Setting(values={"limit": "4m"}, model="ld")


def test_setting_one_place_leaves_the_others_and_what_is_not_named() -> None:
    also = set_also([EAST, MODEL], Setting(values={"limit": "6m"}, place="gs/a"))
    assert also == [MODEL, Setting(values={"limit": "6m", "most": 3}, place="gs/a")]
    assert set_also([], EAST) == [EAST]
    assert set_no_more([EAST, MODEL], Setting(values={}, place="gs/a")) == [MODEL]
    with pytest.raises(InvalidRequestError):
        set_no_more([EAST], Setting(values={}, place="gs"))


@pytest.mark.parametrize(
    ("text", "known", "value"),
    [("5m", "3m", "5m"), ("true", False, True), ("3", 1, 3), ("2.5", 1, 2.5), ("2", 0.5, 2)],
)
def test_a_value_is_read_as_the_rules_own(text: str, known: Value, value: Value) -> None:
    found = read_values({"x": text}, {"x": known})
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [("x", "yes", True), ("x", "much", 3), ("x", "nan", 3), ("x", "inf", 3), ("y", "3", 3)],
)
def test_a_value_that_is_not_like_it_is_refused_by_name(name: str, text: str, known: Value) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read_values({name: text}, {"x": known})
    assert list(refused.value.problems) == [name]
