"""People read words: every value, unit and event of every kind has them in both languages."""

from __future__ import annotations

from itertools import chain

import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.console.frame.language import Language, words_of
from hub.model.catalogue import PointSpec, PointType
from hub.model.kinds import CORE_EVENTS, CORE_POINTS
from hub.model.wording import (
    EVENTS,
    ORDERS,
    UNITS,
    name_point,
    write_event,
    write_span,
    write_value,
    write_word,
)

MODELS = load_models(shipped_models())
CORE = [spec for table in CORE_POINTS.values() for spec in table.values()]
ALL = [*CORE, *chain.from_iterable(model.points.values() for model in MODELS.values())]
ENUMS = sorted({(spec.name, value) for spec in ALL for value in spec.values})


@pytest.mark.parametrize(("point", "value"), ENUMS)
def test_each_value_of_an_enum_has_words(point: str, value: str) -> None:
    assert not write_word(point, value, "zh").isascii()
    assert write_word(point, value, "en").isascii()


@pytest.mark.parametrize("event", sorted(set(chain.from_iterable(CORE_EVENTS.values()))))
def test_each_event_has_words_and_the_pages_use_the_same(event: str) -> None:
    for language in Language:
        assert write_event(event, language) == words_of(language).name("event", event)
    assert event in EVENTS


def test_units_are_those_of_the_pages() -> None:
    for unit, pair in UNITS.items():
        assert tuple(words_of(each).name("unit", unit) for each in Language) == pair


def test_each_order_of_a_model_has_words() -> None:
    assert {order for model in MODELS.values() for order in model.commands} <= set(ORDERS)


@pytest.mark.parametrize("spec", CORE, ids=lambda spec: spec.name)
def test_each_core_point_has_a_name(spec: PointSpec) -> None:
    assert not name_point(spec, "zh").isascii()
    assert name_point(spec, "en") not in {spec.name, ""}


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (True, "是", "yes"),
        (None, "未知", "unknown"),
        (230, "230 ℃", "230 °C"),
        (5001234.25, "5001234.25 ℃", "5001234.25 °C"),
        (0.04, "0.04 ℃", "0.04 °C"),
        (-2.0, "-2 ℃", "-2 °C"),
    ],
)
def test_a_value_is_written_with_its_unit_and_without_powers_of_ten(
    value: float | None, zh: str, en: str
) -> None:
    spec = PointSpec(name="motor.temperature", type=PointType.NUMBER, unit="degC")
    assert (write_value(spec, value, "zh"), write_value(spec, value, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (2.5, "2.5 秒", "2.5 s"),
        (180, "3 分钟", "3 min"),
        (9000, "2 小时 30 分钟", "2 h 30 min"),
        (86_400, "1 天", "1 d"),
    ],
)
def test_a_length_of_time_is_exact(seconds: float, zh: str, en: str) -> None:
    assert (write_span(seconds, "zh"), write_span(seconds, "en")) == (zh, en)


def test_an_order_and_what_a_rule_missed_are_said_in_words() -> None:
    assert write_event("command:open", "zh") == "打开指令"
    assert write_event("door-wont-unlock.missed", "en") == "What was expected did not come"
    assert write_event("own.event", "zh") == "own.event"
