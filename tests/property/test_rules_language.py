"""Whatever is written, the language answers with a rule or with a fault at a place."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError, Problem
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Report, Sample, Topic, Value
from rules.engine import Engine
from rules.language.syntax import ExpressionError, Source
from rules.rule import Rule
from rules.ruleset import load_rules

WORDS = (
    "arm.position", "mode", "loop.occupied", "motor.temperature", "param.limit", "device.x",
    "'open'", "'3m'", "3", "0.5", "True", "and", "or", "not", "==", "<", "in", "(", ")", ",",
    "silent(", "has(", "avg(", "event('vehicle.passed')", "streak(", "+", "/", "-",
    "peer('camera').online", "duration(", "age(", "time_between('22:00','06:00')",
    "least(", "[", "]", ".", "'",
)  # fmt: skip
HEAD = """[[rule]]
id     = "r"
name   = "R"
kind   = "barrier_gate"
params = { limit = "3m" }
quiet  = "1m"
"""
POINTS: dict[str, tuple[Value, ...]] = {
    "arm.position": ("open", "closed", "unknown"),
    "mode": ("auto", "manual"),
    "loop.occupied": (True, False),
    "motor.temperature": (0, 20.5, -3),
}
DEVICE = Device(
    uid=DeviceUid("u"), id="d", address="d", kind=Kind.BARRIER_GATE, model="", place="p"
)


def load(when: str) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """Return the rules, or what is wrong."""
    try:
        return load_rules({"t.toml": HEAD + when}, {}, prove=False), ()
    except ConfigError as error:
        return (), error.problems


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), data=st.data())
def test_any_row_of_words_is_a_rule_or_a_fault_and_a_rule_never_crashes(
    words: list[str], data: st.DataObject
) -> None:
    rules, problems = load(f'when = """{" ".join(words)}"""\n')
    assert rules or all(problem.line for problem in problems)
    engine = Engine(rules)
    engine.set_world([DEVICE], {}, {})
    at = 1_764_000_000.0
    for _ in range(data.draw(st.integers(1, 5))):
        name = data.draw(st.sampled_from(sorted(POINTS)))
        value = data.draw(st.sampled_from(POINTS[name]))
        at += data.draw(st.integers(0, 400))
        samples = (Sample(name, value),)
        uid = DeviceUid("u")
        engine.apply(
            Report(address="d", uid=uid, topic=Topic.STATE, at=at, received=at, samples=samples)
        )
        engine.advance(at)


@given(text=st.text(max_size=60))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        Source(text)


KLEENE = {
    "and": lambda a, b: False if False in {a, b} else (None if None in {a, b} else True),
    "or": lambda a, b: True if True in {a, b} else (None if None in {a, b} else False),
}


@pytest.mark.parametrize("word", KLEENE)
def test_and_and_or_are_strong_kleene(word: str) -> None:
    for a, b in itertools.product((True, False, None), repeat=2):
        expected = KLEENE[word](a, b)
        assert ask(f"loop.occupied {word} boom.broken", a, b) is (expected is True)
        negated = ask(f"not (loop.occupied {word} boom.broken)", a, b)
        assert negated is (expected is False)


def ask(when: str, a: bool | None, b: bool | None) -> bool:
    """Tell whether a rule raises on two flags, of which None is not known."""
    engine = Engine(load_rules({"t.toml": HEAD + f'when = "{when}"\n'}, {}, prove=False))
    engine.set_world([DEVICE], {}, {})
    flags = {"loop.occupied": a, "boom.broken": b}
    samples = tuple(Sample(name, value) for name, value in flags.items() if value is not None)
    report = Report(
        address="d", uid=DeviceUid("u"), topic=Topic.STATE, at=1e9, received=1e9, samples=samples
    )
    return bool(engine.apply(report))
