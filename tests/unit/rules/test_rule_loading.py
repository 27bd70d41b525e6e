"""Loading rule files: strict, everything wrong at once, and at the word."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hub.assembly.loading import shipped_rules
from hub.errors import ConfigError, Problem
from hub.model.alarm import Severity
from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Kind
from rules.ruleset import load_rules
from rules.source import cut_rules

GOOD = """
[[rule]]
id       = "barrier-stuck-open"
fault    = "gate.stuck_open"
name     = { zh = "道闸长时间不落杆", en = "Barrier stays open" }
kind     = "barrier_gate"
params   = { limit = "3m" }
when     = "arm.position == 'open' and not loop.occupied and mode == 'auto'"
hold     = "param.limit"
clear    = "arm.position == 'closed'"
release  = "30s"
severity = "major"
tell     = ["guard", "crew"]
inhibit  = ["fire", "maintenance", "notice"]
ticket   = { urgency = "normal", class = "general", trade = "gate", report = "at_once" }

[[rule.stage]]
when     = "device.sole_entrance or time_between('22:00','06:00')"
severity = "critical"
ticket   = { urgency = "urgent" }

[[rule.example]]
name   = "a removal van holds the arm up"
story  = ["0s arm.position=open loop.occupied=true mode=auto", "9m loop.occupied=false",
          "10m arm.position=closed", "12m arm.position=open", "20m arm.position=closed"]
expect = ["15m raise", "20m30s clear"]
"""
CONDITION = "arm.position == 'open' and not loop.occupied and mode == 'auto'"


def faults(text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load_rules({"gates.toml": text}, {})
    return list(caught.value.problems)


def fault(text: str) -> Problem:
    (found,) = faults(text)
    return found


def condition(text: str) -> Problem:
    """Return the fault of the rule with another condition; the first one counts."""
    return faults(GOOD.replace(CONDITION, text).replace('hold     = "param.limit"\n', ""))[0]


def test_the_rule_of_the_design_loads() -> None:
    (rule,) = load_rules({"gates.toml": GOOD}, {})
    assert rule.hold == 180.0
    assert rule.release == 30.0
    assert rule.kinds == (Kind.BARRIER_GATE,)
    assert rule.stages[0].severity is Severity.CRITICAL
    assert not rule.trial


def test_an_error_stands_at_the_word_and_offers_the_nearest_name() -> None:
    found = fault(GOOD.replace("arm.position == 'open' and", "arm.positon == 'open' and"))
    assert (found.file, found.line, found.column) == ("gates.toml", 8, 13)
    assert "没有测点" in found.message
    assert "there is no point" in found.message
    assert "'arm.position'" in found.hint


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("mode == 'auto' and arm.position == 'opne'", 48, "'open'"),
        ("mode == 'auto' and silnt('3m')", 32, "'silent'"),
        ("mode == 'auto' and param.limt == 3", 32, "'limit'"),
        ("in_schedule('peak')", 25, ""),
        ("count_events('vehicle.pased','1h') > 3", 26, "'vehicle.passed'"),
        ("count_events('vehicle.passed','1h',sinc='rebooted') > 3", 48, "'since'"),
        ("avg(motor.temperature,'15m',befor='1h') > 3", 41, "'before'"),
        ("peer('lpr_camra').plate.rate > 3", 18, "'lpr_camera'"),
        ("peer('lpr_camera').plate.rat > 3", 13, "'plate.rate'"),
        ("device.name == '自动' and arm.positon == 'x'", 37, "'arm.position'"),
    ],
)
def test_every_word_has_its_place(text: str, column: int, word: str) -> None:
    found = condition(text)
    assert (found.line, found.column) == (8, column)
    assert word in found.hint


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "mode.__class__ == 'x'",
        "[x for x in (1,)]",
        "lambda: True",
        "mode if loop.occupied else mode",
        "(mode := 'x') == 'x'",
        "'%s' % mode == 'x'",
        "arm.position",
        "mode == 3",
        "mode < 'auto'",
        "mode is 'auto'",
        "loop.occupied + 1 > 2",
        "motor.temperature ** 9 > 2",
        "motor.temperature > None",
        "motor.temperature > 1j",
        "not motor.temperature",
        "age(mode) == 5",
        "age(mode)",
        "age(mode) > motor.temperature",
        "avg(mode,'15m') > 3",
        "avg(motor.temperature) > 3",
        "avg(motor.temperature,'quarter') > 3",
        "avg(motor.temperature,'0s') > 3",
        "avg(motor.temperature,'15m',befor='1h') > 3",
        "avg(3,'15m') > 3",
        "streak(loop.occupied,0)",
        "streak(loop.occupied,1.5)",
        "slots(loop.occupied,'2h','1h') > 1",
        "duration(event('vehicle.passed')) > '3m'",
        "followed('vehicle.passed','vehicle.passed','1m')",
        "time_between('22:00','25:00')",
        "has()",
        "has('mode')",
        "has(mod)",
        "silent('never')",
        "silent(0)",
        "silent(mode)",
        "peer('lpr_camera')",
        "mode in 'auto'",
        "mode in (mode, 'auto')",
        "-mode == 3",
        "~motor.temperature == 3",
        "",
        " mode == 'auto'",
        "mode ==",
        "((((",
        "not " * 100 + "loop.occupied",
        "loop.occupied and " * 1000 + "loop.occupied",
        "loop.occupied\\u0000",
    ],
)
def test_what_is_not_part_of_the_language_is_refused_with_a_place(text: str) -> None:
    found = condition(text)
    assert found.file == "gates.toml"
    assert found.line in {3, 8}


@pytest.mark.parametrize(
    "text",
    [
        "sibling_share(avg(motor.temperature,'5m') > 3) > 0.5",
        "children_count(event('vehicle.passed')) > 1",
        "children_count(no.such.point) > 1",
        "children_sum(mode) > 1",
    ],
)
def test_other_devices_are_asked_about_their_points_only(text: str) -> None:
    assert condition(text).line == 8


def test_all_faults_are_reported_at_once_in_order() -> None:
    text = (
        GOOD.replace("major", "mayor")
        .replace("loop.occupied and mode", "loop.ocupied and mode")
        .replace("crew", "crew2")
        .replace("tell ", "tel  ")
        .replace("'22:00'", "'22h'")
    )
    found = faults(text)
    assert [each.line for each in found] == [8, 12, 13, 18]
    assert found[1].hint.startswith("did you mean 'major'?")
    assert "'tell'" in found[2].hint


def test_a_rule_without_an_example_does_not_load() -> None:
    text = GOOD[: GOOD.index("[[rule.example]]")]
    assert "without an example" in fault(text).message


def test_a_rule_whose_example_fails_does_not_load_and_says_what_came() -> None:
    found = fault(GOOD.replace("15m raise", "16m raise"))
    assert "expects 16m raise, 20m30s clear, got 15m raise, 20m30s clear" in found.message
    assert found.line == 26


def test_a_story_that_cannot_be_read_is_a_fault() -> None:
    assert (
        "'arm.position'"
        in fault(GOOD.replace("10m arm.position=closed", "10m arm.position")).message
    )
    assert "comes after" in fault(GOOD.replace("10m arm", "8m arm")).message


def test_an_instant_cannot_be_held_and_needs_an_end() -> None:
    text = GOOD.replace(CONDITION, "event('vehicle.passed')")
    assert "cannot be held" in fault(text).message
    bare = text.replace('hold     = "param.limit"\n', "").replace("clear  ", "note   ")
    assert "must name clear" in fault(bare.replace('release  = "30s"\n', "")).message


def test_a_later_file_overrides_a_rule_by_its_id_and_site_rules_start_in_trial() -> None:
    files = {
        "shipped.toml": GOOD,
        "site.toml": GOOD.replace('"3m"', '"3m0s"').replace("major", "minor"),
    }
    (rule,) = load_rules(files, {}, site=["site.toml"])
    assert rule.severity is Severity.MINOR
    assert rule.trial
    files = {"site.toml": GOOD.replace("tell ", "trial = false\ntell ")}
    (told,) = load_rules(files, {}, site=["site.toml"])
    assert not told.trial


def test_the_same_id_twice_in_one_file_is_a_fault() -> None:
    assert "stands twice" in faults(GOOD + GOOD)[0].message


def test_text_that_is_not_toml_has_its_place() -> None:
    found = fault(GOOD.replace('"barrier_gate"', "barrier_gate"))
    assert (found.line, "not TOML" in found.message) == (6, True)
    unfinished = 'name = "R'
    assert fault(GOOD + "\n" + unfinished).line == GOOD.count("\n") + 2
    for text in (f"a = {'[' * 3000}", f"a = {'9' * 5000}"):
        assert "not TOML" in fault(text).message


def test_an_unknown_table_and_a_wrong_schedule_are_faults() -> None:
    text = GOOD + '\n[schedul.x]\ndays = []\n[schedule.peak]\ndays = ["mo"]\n'
    found = faults(text)
    assert "'schedule'" in found[0].hint
    assert "peak" in found[1].message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind     = "barrier_gate"', 'kind     = "barier_gate"', "no kind"),
        ('id       = "barrier-stuck-open"', "", "needs an id"),
        ('"param.limit"', '"param.limt"', "no parameter"),
        ('"30s"', '"soon"', "must be a time"),
        ('release  = "30s"', 'quiet = "30s"', "exclude each other"),
        ('urgency = "normal"', 'urgency = "soon"', "not one of"),
        ('tell     = ["guard", "crew"]', 'tell = "guard"', "list of texts"),
        ("name     = {", "name     = { fr = 'x',", "name = {"),
        ('["fire", "maintenance", "notice"]', '["fires"]', "not one of fire"),
        ('severity = "major"', 'explains = "silent"', "not one of silence"),
        ("[[rule.stage]]", 'within = "8s"\n[[rule.stage]]', "belong together"),
    ],
)
def test_fields_are_checked(old: str, new: str, words: str) -> None:
    assert any(words in each.message for each in faults(GOOD.replace(old, new, 1)))


def test_the_example_of_the_manual_loads() -> None:
    manual = Path(__file__).parents[3] / "docs" / "rules.md"
    example = manual.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (rule,) = load_rules({"manual.toml": example}, {})
    assert rule.id == "barrier-stuck-open"


def test_a_model_that_types_a_point_otherwise_is_named() -> None:
    odd = DeviceModel(
        id="odd-gate",
        kind=Kind.BARRIER_GATE,
        driver="x",
        name={"zh": "闸", "en": "gate"},
        points={"mode": PointSpec(name="mode", type=PointType.NUMBER)},
    )
    with pytest.raises(ConfigError, match=r"model odd-gate"):
        load_rules({"gates.toml": GOOD}, {"odd": odd})


def test_each_shipped_rule_can_be_cut_out_of_its_file_and_loads_alone() -> None:
    for name, text in shipped_rules().items():
        whole = tomllib.loads(text)["rule"]
        parts = [tomllib.loads(part) for part in cut_rules(text)]
        assert [part["rule"] for part in parts] == [[rule] for rule in whole], name
        assert all(set(part) == {"rule"} for part in parts), name
