"""Whatever somebody writes into a model file, the check says what is wrong, or that nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_drivers.catalogue import shipped_models
from device_drivers.codecs.blocks import plan
from device_drivers.register_trial import look, orders_of, others_of
from hub.commands.model_check import check_model
from hub.commands.model_words import say_faults
from hub.errors import ConfigError
from hub.model.catalogue import DeviceModel
from hub.ports import Registers
from tests.support.shipped import MODELS

NAMES = (
    "chint-dtsu666.toml",
    "relay-barrier-limits.toml",
    "dlt645-2007-single.toml",
    "apc-smart-ups.toml",
)
TEXTS = [shipped_models()[name] for name in NAMES]
WORDS = (
    *("", "0", "-1", "1e400", "nan", "[]", "{}", '""', "true", '"bit"', '"ABCD"', '"float64"'),
    *("[[registers]]", "[[examples]]", "[[orders]]", "[points]", "=", "point", "65535", '"铃"'),
)
EDITS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 12), st.sampled_from(WORDS)),
    min_size=1,
    max_size=6,
)


def edit(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """Replace words of lines, or drop lines where the word is empty."""
    lines = text.splitlines()
    for line, place, word in edits:
        at = line % len(lines)
        words = lines[at].split(" ")
        words[place % len(words)] = word
        lines[at] = " ".join(words) if word else ""
    return "\n".join(lines)


@given(text=st.sampled_from(TEXTS), edits=EDITS)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_edit_of_a_model_file_is_checked(
    tmp_path: Path, text: str, edits: list[tuple[int, int, str]]
) -> None:
    file = tmp_path / "x.toml"
    file.write_text(edit(text, edits), encoding="utf-8")
    said: list[str] = []
    try:
        check_model(file, said.append)
    except ConfigError as error:
        told = list(say_faults(error))
        assert all(problem.line >= 1 for problem in error.problems)
        assert len(told) >= len(error.problems) > 0
    else:
        assert "没有错误" in said[0]


@pytest.mark.parametrize(
    "junk", ["", "\0", "[[", "points = 1", "kind = 3\nid = []", "registers = {}"]
)
def test_what_is_no_model_at_all_is_told(tmp_path: Path, junk: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(junk, encoding="utf-8")
    with pytest.raises(ConfigError):
        check_model(file, print)


MODBUS = [model for model in MODELS.values() if model.driver == "modbus"]


@given(model=st.sampled_from(MODBUS), data=st.data())
@settings(max_examples=200)
def test_whatever_a_device_answers_each_point_has_its_line(
    model: DeviceModel, data: st.DataObject
) -> None:
    for variant in (model, *(each.model for each in (*orders_of(model), *others_of(model)))):
        blocks = []
        for block in plan(variant.registers, limit=variant.max_registers):
            words = data.draw(
                st.lists(st.integers(0, 0xFFFF), min_size=block.count, max_size=block.count)
            )
            code = data.draw(st.sampled_from((0, 0, 0, 1, 2, 4, 77)))
            said = () if code else tuple(words)
            function = block.function or variant.function
            blocks.append(
                Registers(function=function, start=block.start, words=said, exception=code)
            )
        seen = look(variant, blocks)
        assert [each.point for each in seen] == [each.point for each in variant.registers]
        assert all(each.doubt or each.value is not None for each in seen)
        assert all(not each.doubt or (each.doubt.zh and each.doubt.en) for each in seen)
