"""The shipped rules: each proves itself, and together they cover the fault catalogue."""

import tomllib
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.errors import ConfigError
from hub.model.alarm import ReportWhen, Severity, Urgency
from hub.model.device import Kind
from rules.duration import parse_duration, write_duration
from rules.rule import Example, Rule
from rules.ruleset import load_rules
from rules.story import run_examples

FOLDER = Path(__file__).parents[3] / "rules" / "library"
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))}
MODELS = load_models(shipped_models())
RULES = load_rules(FILES, MODELS, prove=False)
BY_ID = {rule.id: rule for rule in RULES}
ROLES = {"guard", "crew", "manager", "grid_worker"}
INHIBITS = {"fire", "maintenance", "notice"}
TRADES = {"gate", "access", "video", "network", "power", "meter", "water", "lift"}
ONE_PHASE = {
    name: msgspec.structs.replace(spec, period=0.0)
    for name, spec in MODELS["eastron-sdm120"].points.items()
}
NEVER_SILENT = {Kind.HUB, Kind.SENSOR}
"""The hub does not watch itself by these rules; a sensor's model says how often it speaks."""


def test_every_example_comes_out() -> None:
    try:
        load_rules(FILES, MODELS, prove=True)
    except ConfigError as error:
        pytest.fail(f"{len(error.problems)} examples fail:\n{error}")


def test_the_catalogue_is_covered() -> None:
    assert len(RULES) >= 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_shows_when_it_fires_and_when_it_does_not(rule: Rule) -> None:
    assert len(rule.examples) >= 2
    assert any(example.expect for example in rule.examples)
    assert any(not example.expect for example in rule.examples)
    assert len({example.name for example in rule.examples}) == len(rule.examples)
    assert all(example.name.isascii() for example in rule.examples)
    assert not any(example.zh.isascii() for example in rule.examples)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_speaks_of_its_fault_in_both_languages_to_somebody_we_know(rule: Rule) -> None:
    assert rule.name["zh"]
    assert rule.name["en"].isascii()
    assert "." in rule.fault
    assert set(rule.tell) <= ROLES
    assert rule.tell
    assert set(rule.inhibit) <= INHIBITS
    assert not rule.trial, "shipped rules are in force"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.ticket], ids=lambda rule: rule.id)
def test_a_ticket_goes_to_a_trade_also_when_it_gets_worse(rule: Rule) -> None:
    tickets = [rule.ticket, *(stage.ticket for stage in rule.stages if stage.ticket)]
    assert {ticket.trade for ticket in tickets} <= TRADES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_multi_kind_rule_holds_for_each_of_its_kinds(rule: Rule) -> None:
    for kind in rule.kinds[1:]:
        other = msgspec.structs.replace(rule, kinds=(kind,), points={}, events=(), commands=())
        failed = [result for result in run_examples(other) if not result.passed]
        assert not failed


@pytest.mark.parametrize(
    ("name", "point", "fine", "wrong", "hold"),
    [
        ("overvoltage", "voltage.a", 230, 243, "5m"),
        ("undervoltage", "voltage.a", 230, 190, "5m"),
        ("overload", "current.a", 20, 95, "10m"),
        ("overcurrent", "current.a", 20, 130, "1m"),
    ],
)
def test_a_meter_of_one_phase_is_watched_as_one_of_three_is(
    name: str, point: str, fine: float, wrong: float, hold: str
) -> None:
    models = {"one-phase": msgspec.structs.replace(MODELS["eastron-sdm120"], points=ONE_PHASE)}
    story = (f"0s {point}={fine}", f"10m {point}={wrong}", f"2h {point}={fine}")
    length = parse_duration("10m") + parse_duration(hold)
    expect = (f"{write_duration(length)} raise", "2h5m clear")
    example = Example(name="x", story=story, expect=expect, start=0.0, model="one-phase")
    (result,) = run_examples(msgspec.structs.replace(BY_ID[name], examples=(example,)), models)
    assert result.got == expect


def test_a_stage_keeps_what_it_does_not_say_about_the_ticket() -> None:
    (stage,) = BY_ID["barrier-stuck-open"].stages
    assert stage.ticket is not None
    assert stage.ticket.urgency is Urgency.URGENT
    assert stage.ticket.trade == "gate"


def test_a_rule_among_all_others_tells_its_story_once() -> None:
    results = run_examples(BY_ID["barrier-boom-broken"], MODELS, RULES)
    assert all(result.passed for result in results)


def test_stages_only_make_it_worse() -> None:
    order = list(Severity)
    for rule in RULES:
        worst = order.index(rule.severity)
        for stage in rule.stages:
            assert order.index(stage.severity or rule.severity) <= worst, rule.id


def test_no_id_stands_in_two_files() -> None:
    tables = [tomllib.loads(text)["rule"] for text in FILES.values()]
    counts = Counter(rule["id"] for rules in tables for rule in rules)
    assert [name for name, count in counts.items() if count > 1] == []


def test_rules_about_one_fault_call_the_same_trade() -> None:
    trades: dict[str, set[str]] = {}
    for rule in RULES:
        if rule.ticket:
            trades.setdefault(rule.fault, set()).add(rule.ticket.trade)
    assert {fault: found for fault, found in trades.items() if len(found) > 1} == {}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in NEVER_SILENT])
def test_every_kind_has_a_rule_about_its_silence_that_explains_others(kind: Kind) -> None:
    found = [rule for rule in RULES if kind in rule.kinds and rule.when == "silent(3)"]
    assert len(found) == 1
    assert found[0].explains == "silence"
    assert found[0].ticket


def test_silence_is_inhibited_by_maintenance_and_notices() -> None:
    for rule in RULES:
        if rule.when == "silent(3)":
            assert {"maintenance", "notice"} <= set(rule.inhibit), rule.id


def test_a_fire_is_told_and_never_repaired() -> None:
    rule = BY_ID["fire-input-active"]
    assert rule.ticket is None
    assert rule.inhibit == ()
    assert "guard" in rule.tell


def test_duress_is_discreet_and_its_ticket_is_what_rings_those_who_may_know() -> None:
    rule = BY_ID["controller-duress"]
    assert rule.discreet
    assert rule.ticket is not None
    assert rule.ticket.report is ReportWhen.NEVER
    assert [each.id for each in RULES if each.discreet] == [rule.id]


def test_a_fire_opens_doors_and_gates_without_a_ticket() -> None:
    open_doors = {"door-held", "door-forced", "door-wont-lock", "barrier-stuck-open"}
    for name in open_doors:
        assert "fire" in BY_ID[name].inhibit, name


def test_whoever_may_be_shut_in_is_not_forgotten_because_of_a_fire() -> None:
    assert "fire" not in BY_ID["door-wont-unlock"].inhibit
    assert BY_ID["door-wont-unlock"].severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("boom-broken", "barrier-boom-broken"),
        ("gate-stuck-open", "barrier-stuck-open"),
        ("gate-wont-move", "barrier-wont-open"),
        ("door-held", "door-held"),
        ("camera-lost", "camera-silent"),
        ("meter-dead", "electricity-meter-silent"),
        ("slave-silent", "water-meter-silent"),
        ("switch-down", "switch-silent"),
        ("power-cut", "supply-mains-lost"),
        ("frozen-values", "meter-frozen"),
        ("wrong-clock", "clock-wrong"),
    ],
)
def test_each_fault_that_the_simulator_can_cause_has_its_rule(fault: str, rule: str) -> None:
    ticket = BY_ID[rule].ticket or BY_ID[rule].stages[-1].ticket
    assert ticket is not None


def test_the_boom_is_told_within_three_seconds() -> None:
    assert BY_ID["barrier-boom-broken"].hold <= 3.0


def test_a_held_door_is_a_notice_first_and_a_ticket_after_half_an_hour() -> None:
    rule = BY_ID["door-held"]
    assert rule.ticket is None
    (stage,) = rule.stages
    assert rule.hold == 120.0
    assert rule.hold + stage.hold == 1800.0
    assert stage.ticket is not None
