"""Parameters that a site sets for all, for a model, below a place, or for one device."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from hub.model.alarm import Decision
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from rules.engine import Engine
from rules.ruleset import load_rules
from tests.unit.rules.gate import GATE_MODEL, T0, say

RULE = """
[[rule]]
id = "r"
name = { zh = "开", en = "open" }
kind = "barrier_gate"
params = { limit = "3m", warm = 60.0 }
when = "arm.position == 'open' and (param.warm < 70 or mode == 'manual')"
hold = "param.limit"
[[rule.stage]]
when = "arm.position == 'open'"
hold = "param.limit"
severity = "critical"
[[rule.example]]
name = "open"
story = ["0s arm.position=open mode=auto"]
expect = ["3m raise", "6m change"]
"""
PLACES = {path: Place(path=path, name=path) for path in ("c", "c/a", "c/a/b")}


def gate(number: int, place: str) -> Device:
    return Device(
        uid=DeviceUid(f"u{number}"),
        id=f"gate-{number}",
        address=f"g{number}",
        kind=Kind.BARRIER_GATE,
        model="g",
        place=place,
    )


GATES = [gate(1, "c/a/b"), gate(2, "c/a"), gate(3, "c")]


def set_in(where: str, limit: str) -> str:
    return f'[[params]]\nrule = "r"\n{where}\nset = {{ limit = "{limit}" }}\n'


def load(*own: str) -> Engine:
    files = {"library.toml": RULE} | {f"own{i}.toml": text for i, text in enumerate(own)}
    engine = Engine(load_rules(files, {"g": GATE_MODEL}))
    engine.set_world(GATES, PLACES, {"g": GATE_MODEL})
    for device in GATES:
        engine.apply(say(0, uid=device.uid, arm_position="open", mode="auto"))
    return engine


def seconds(found: list[Decision]) -> dict[str, list[float]]:
    """Subject → seconds of its decisions."""
    instants: dict[str, list[float]] = {}
    for each in found:
        instants.setdefault(each.subject, []).append(each.at - T0)
    return instants


def hear_again(engine: Engine) -> None:
    for device in GATES:
        engine.apply(say(50, uid=device.uid, mode="auto"))


def test_without_any_the_rules_own_values_count_also_for_the_stage() -> None:
    assert seconds(load().advance(T0 + 900)) == {f"u{n}": [180.0, 360.0] for n in (1, 2, 3)}


def test_the_one_that_is_meant_for_fewer_devices_counts() -> None:
    engine = load(
        set_in("", "1m"),
        set_in('place = "c/a"', "2m"),
        set_in('device = "gate-1"', "4m"),
    )
    assert seconds(engine.advance(T0 + 900)) == {
        "u3": [60.0, 120.0],
        "u2": [120.0, 240.0],
        "u1": [240.0, 480.0],
    }


def test_a_model_comes_behind_a_place_and_of_equals_the_later_counts() -> None:
    engine = load(
        set_in('model = "g"', "1m"),
        set_in('place = "c/a/b"', "2m"),
        set_in('place = "c/a/b"', "5m"),
    )
    assert {uid: at[0] for uid, at in seconds(engine.advance(T0 + 900)).items()} == {
        "u3": 60.0,
        "u2": 60.0,
        "u1": 300.0,
    }


def test_a_number_in_an_expression_is_another_one_too() -> None:
    text = '[[params]]\nrule = "r"\ndevice = "gate-2"\nset = { warm = 80 }\n'
    assert set(seconds(load(text).advance(T0 + 900))) == {"u1", "u3"}


def test_a_change_of_the_parameters_keeps_what_is_known_of_a_hold() -> None:
    engine = load()
    files = {"library.toml": RULE, "own.toml": set_in("", "1m")}
    engine.set_rules(load_rules(files, {"g": GATE_MODEL}), T0 + 100)
    hear_again(engine)
    assert {at[0] for at in seconds(engine.advance(T0 + 101)).values()} <= {100.0, 101.0}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (set_in("", "1m").replace('"r"', '"rr"'), 1, "no rule 'rr'"),
        (set_in('model = "h"', "1m"), 1, "no model 'h'"),
        (set_in("", "1m").replace("limit", "limt"), 1, "has no parameter 'limt'"),
        (set_in("", "soon"), 1, "is like '3m', not 'soon'"),
        ('[[params]]\nrule = "r"\nset = { warm = "3m" }\n', 1, "is like 60.0, not '3m'"),
        ('[[params]]\nrule = "r"\nplaces = "c"\nset = { warm = 3 }\n', 3, "no key 'places'"),
        ('[[params]]\nrule = "r"\n', 1, "write set"),
        ("params = 3\n", 1, "[[params]]"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("own0.toml", line)
    assert words in problem.message
