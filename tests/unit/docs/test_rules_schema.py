"""`docs/rules.schema.json` refuses what the reader of rule files refuses, and nothing else."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from hub.assembly.loading import shipped_rules
from hub.cli import app
from rules.draft import RULE_KEYS, read_rule
from rules.schedule import read_schedules
from rules.source import Block
from tests.support.json_schema import accepts

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "rules.schema.json").read_text("utf-8"))
MANUAL = tomllib.loads((DOCS / "rules.md").read_text("utf-8").split("```toml\n")[1].split("```")[0])
GOOD: dict[str, Any] = {
    "id": "barrier-stuck-open",
    "fault": "gate.stuck_open",
    "name": {"zh": "道闸长时间不落杆", "en": "Barrier stays open"},
    "kind": ["barrier_gate"],
    "params": {"limit": "3m", "share": 0.5},
    "when": "arm.position == 'open'",
    "hold": "param.limit",
    "gap": "60s",
    "clear": "arm.position == 'closed'",
    "release": "30s",
    "severity": "major",
    "tell": ["guard"],
    "inhibit": ["fire"],
    "explains": "silence",
    "discreet": False,
    "trial": True,
    "ticket": {"urgency": "normal", "class": "general", "trade": "gate", "report": "never"},
    "stage": [{"when": "True", "hold": "1h", "severity": "critical", "ticket": {}, "tell": []}],
    "example": [
        {
            "name": "a van",
            "from": "2026-03-02T21:50",
            "story": ["0s mode=auto"],
            "expect": [],
            "model": "",
            "device": {"sole_entrance": True},
            "place": {},
        }
    ],
}
MISSED = {"after": "command('open')", "expect": "loop.occupied", "within": "8s"}
VALUES: list[Any] = [
    0, 1.5, True, "", "x", "3m", "any", "camera", "fire", "critical", "2026-03-02",
    [], ["x"], ["camera"], [1], [[]], [{}], {}, {"x": 1}, {"x": []}, {"zh": "x", "en": "x"},
    {"zh": 1, "en": "x"}, {"urgency": "urgent"}, [{"name": "x"}], [{"when": 1}],
]  # fmt: skip


def reader_accepts(table: dict[str, Any]) -> bool:
    draft, problems = read_rule("x.toml", table, [Block("rule", 1, {})], trial=False)
    return draft is not None and not problems and bool(draft.rule.examples)


def schema_accepts(table: dict[str, Any]) -> bool:
    return accepts(SCHEMA, {"rule": [table]})


def test_the_published_schema_is_what_the_command_prints() -> None:
    told = CliRunner().invoke(app, ["rules", "schema"]).output
    published = (DOCS / "rules.schema.json").read_text("utf-8")
    assert told == published, "lingdang rules schema > docs/rules.schema.json"


def test_every_shipped_file_and_the_manual_are_valid() -> None:
    texts = shipped_rules()
    assert len(texts) > 10
    assert all(accepts(SCHEMA, tomllib.loads(text)) for text in texts.values())
    assert accepts(SCHEMA, MANUAL)


@pytest.mark.parametrize("missed", [{}, MISSED])
def test_what_is_right_is_right_for_both(missed: dict[str, Any]) -> None:
    assert reader_accepts(GOOD | missed)
    assert schema_accepts(GOOD | missed)


@pytest.mark.parametrize(
    "wrong",
    [
        {"idd": "x"},
        {"severity": "hihg"},
        {"kind": "barier_gate"},
        {"kind": []},
        {"hold": 180},
        {"hold": "3 minutes"},
        {"hold": "30s2m"},
        {"quiet": "10m"},
        {"release": "10m", "quiet": "10m"},
        {"within": "8s"},
        {"after": "x", "expect": "y"},
        {"tell": "guard"},
        {"inhibit": ["fires"]},
        {"explains": "silent"},
        {"trial": "yes"},
        {"name": {"zh": "x"}},
        {"name": {"zh": "x", "en": "x", "fr": "x"}},
        {"params": {"limit": "3m", "list": [1]}},
        {"ticket": {"urgency": "soon"}},
        {"ticket": {"clas": "general"}},
        {"stage": {"when": "True"}},
        {"stage": [{"release": "1m"}]},
        {"example": [{"story": "0s mode=auto"}]},
        {"example": [{"from": "yesterday"}]},
        {"example": []},
    ],
    ids=str,
)
def test_what_is_wrong_is_wrong_for_both(wrong: dict[str, Any]) -> None:
    assert not reader_accepts(GOOD | wrong)
    assert not schema_accepts(GOOD | wrong)


@pytest.mark.parametrize("key", ["id", "name", "kind", "example", "when", "fault", "hold", "tell"])
def test_what_may_be_left_out_is_the_same_for_both(key: str) -> None:
    table = {name: value for name, value in GOOD.items() if name != key}
    assert schema_accepts(table) is reader_accepts(table) is (key in {"fault", "hold", "tell"})


@st.composite
def operations(draw: st.DrawFn) -> dict[str, Any]:
    """Return a rule with some keys, at any depth, gone, renamed or of another value.

    None of its times is a parameter: whether that exists only the reader knows.
    """
    table = copy.deepcopy(draw(st.sampled_from([GOOD, GOOD | MISSED]))) | {"hold": "3m"}
    for _ in range(draw(st.integers(1, 3))):
        place: Any = table
        while True:
            inner = [each for each in _values(place) if isinstance(each, dict | list) and each]
            if not inner or draw(st.booleans()):
                break
            place = draw(st.sampled_from(inner))
        _cut(draw, place)
    return table


def _values(place: dict[str, Any] | list[Any]) -> list[Any]:
    return list(place.values()) if isinstance(place, dict) else place


def _cut(draw: st.DrawFn, place: dict[str, Any] | list[Any]) -> None:
    keys = sorted(place) if isinstance(place, dict) else range(len(place))
    if not keys:
        return
    key: Any = draw(st.sampled_from(keys))
    if isinstance(place, dict) and draw(st.integers(0, 3)) == 0:
        place[draw(st.sampled_from([*RULE_KEYS, "x"]))] = place.pop(key)
    elif draw(st.booleans()):
        place[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    else:
        del place[key]


@settings(max_examples=400, deadline=None)
@given(operations())
def test_reader_and_schema_agree_about_whatever_is_written(table: dict[str, Any]) -> None:
    assert schema_accepts(table) is reader_accepts(table)


@pytest.mark.parametrize(
    ("table", "right"),
    [
        ({"days": ["mon"], "times": ["07:00-09:00", "22:00 - 24:00"]}, True),
        ({}, True),
        ({"days": ["mo"]}, False),
        ({"days": []}, False),
        ({"times": "07:00-09:00"}, False),
        ({"times": ["7-9"]}, False),
        ({"time": ["07:00-09:00"]}, False),
    ],
)
def test_schedules_are_judged_alike(table: dict[str, Any], right: bool) -> None:
    problems: list[Any] = []
    read_schedules("x.toml", {"peak": table}, [], problems)
    assert (not problems) is right
    assert accepts(SCHEMA, {"schedule": {"peak": table}}) is right


def test_a_file_has_no_other_tables() -> None:
    assert not accepts(SCHEMA, {"rules": []})
    assert not accepts(SCHEMA, {"rule": {}})


def test_an_editor_can_say_what_each_key_is_for_in_both_languages() -> None:
    rule = SCHEMA["properties"]["rule"]["items"]["properties"]
    parts = [rule, rule["ticket"]["properties"]]
    parts += [rule[each]["items"]["properties"] for each in ("stage", "example")]
    parts.append(SCHEMA["properties"]["schedule"]["additionalProperties"]["properties"])
    for key, schema in (pair for part in parts for pair in part.items()):
        zh, _, en = schema.get("description", "").partition(" / ")
        assert zh, key
        assert en, key
