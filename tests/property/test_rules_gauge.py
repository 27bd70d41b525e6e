"""Rules that share a gauge say what they say when each is run by itself."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from unittest.mock import patch

import msgspec
import pytest

from hub.model.alarm import Decision
from hub.model.place import Place
from hub.model.report import Topic, Value
from rules.engine import Engine
from tests.unit.rules.gate import GATE, GATE_MODEL, T0, avail, load, say, write

PLACES = {"c/a": Place(path="c/a", name="a")}
HOLDS = ("", 'hold = "45s"', 'release = "20s"')
CONDITIONS = (
    "motor.temperature > {n}",
    "motor.temperature >= {n} and arm.position == 'open'",
    "motor.temperature < {n}",
    "avg(motor.temperature,'1m') > {n}",
    "avg(motor.temperature,'1m') > {n} and not boom.broken",
    "max(motor.temperature,'2m',before='20s') <= {n}",
    "count(motor.temperature,'1m') >= {n} / 10",
    "loop.occupied and motor.temperature > {n}",
)
GAPS = (0.5, 7.0, 7.0, 15.0, 31.0, 400.0)
TEMPERATURES = (None, *range(0, 60, 5))
FLAGS = (True, False)
SAID: dict[str, tuple[Value | None, ...]] = {
    "motor_temperature": TEMPERATURES,
    "arm_position": ("open", "closed", None),
    "boom_broken": FLAGS,
    "loop_occupied": FLAGS,
}
DONE = ("goes", "comes", "cleared by hand", "built anew")
CUTS = ("cut", "resumed")


def write_rules(chance: Random, conditions: Sequence[str]) -> list[str]:
    return [
        write(
            chance.choice(conditions).format(n=10 * chance.randint(1, 5)),
            chance.choice(HOLDS),
            name=f"r{place}",
        )
        for place in range(chance.randint(4, 10))
    ]


def live(texts: list[str], chance: Random, done: Sequence[str]) -> list[Decision]:
    """Return what rules decide in a life of the gate, by time."""
    engine = Engine(load(*texts))
    engine.set_world((GATE,), PLACES, {"g": GATE_MODEL})
    out = engine.advance(T0)
    at = 0.0
    for _ in range(chance.randint(0, 50)):
        at += chance.choice(GAPS)
        out += engine.advance(T0 + at - 0.1)
        what = chance.choice((*SAID, *["motor_temperature"] * 6, *done))
        if what in SAID:
            report = say(at, **{what: chance.choice(SAID[what])})
            topic = Topic.TELEMETRY if what == "motor_temperature" else Topic.STATE
            out += engine.apply(msgspec.structs.replace(report, topic=topic))
        elif what == "built anew":
            engine.set_world((GATE,), PLACES, {"g": GATE_MODEL})
        elif what == "cleared by hand":
            for place in range(len(texts)):
                out += engine.clear_by_hand("u1", f"r{place}", T0 + at)
        elif what == "cut":
            out += engine.uplink.suspend(T0 + at)
        elif what == "resumed":
            out += engine.uplink.resume(T0 + at)
        else:
            out += engine.apply(avail(at, online=what == "comes"))
    out += engine.uplink.resume(T0 + at) + engine.advance(T0 + at + 4000)
    return sorted(out, key=lambda each: (each.at, each.rule))


def compare(seed: int, conditions: Sequence[str], done: Sequence[str]) -> None:
    texts = write_rules(Random(seed), conditions)
    with patch("rules.world.add_gauges"):
        alone = live(texts, Random(seed), done)
    assert live(texts, Random(seed), done) == alone


@pytest.mark.parametrize("seed", range(80))
def test_rules_that_share_a_gauge_say_what_each_says_by_itself(seed: int) -> None:
    compare(seed, CONDITIONS, DONE)


@pytest.mark.parametrize("seed", range(80))
def test_they_do_so_while_links_are_cut(seed: int) -> None:
    """Without windows: what waits for a cut's end comes in no order, and moves them too far."""
    compare(seed, [each for each in CONDITIONS if "'" not in each or "==" in each], (*DONE, *CUTS))
