"""The scenes of ThingsBoard's tests of alarm rules, in our words, through our engine.

What its AlarmRuleState, DeviceState and TbDeviceProfileNode tests try: create and clear, durations,
repetitions, schedules, attributes, words, severities, clears by hand. Where we differ on purpose
the name says so, and `docs/rules.md` why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from hub.errors import ConfigError
from rules.rule import Rule
from rules.ruleset import load_rules
from rules.story import run_examples
from tests.unit.rules.thingsboard import HOT, OTHERWISE, SAME


def load(when: str, more: str = "") -> Rule:
    """Load a rule for gates, with a schedule."""
    head = '[schedule.work]\ndays = ["mon", "tue"]\ntimes = ["08:00-18:00"]\n'
    text = f'{head}[[rule]]\nid = "r"\nname = "R"\nkind = "barrier_gate"\nwhen = "{when}"\n{more}\n'
    (rule,) = load_rules({"t.toml": text}, {}, prove=False)
    return rule


@pytest.mark.parametrize("name", [*SAME, *OTHERWISE])
def test_a_scene_comes_out_as_written(name: str) -> None:
    scene = {**SAME, **OTHERWISE}[name]
    example = "\n".join(
        [
            "[[rule.example]]",
            f'from = "{scene.start}"',
            f"story = {json.dumps(scene.story)}",
            f"expect = {json.dumps([*scene.expect, f'{scene.until} change'])}",
            f"device = {write_table(scene.device)}",
            f"place = {write_table(scene.place)}",
        ]
    )
    (result,) = run_examples(load(scene.when, f"{scene.more}\n{example}"))
    assert result.got == scene.expect


def write_table(values: Mapping[str, object]) -> str:
    """Write an inline table of TOML."""
    return "{" + ", ".join(f"{name} = {json.dumps(each)}" for name, each in values.items()) + "}"


@pytest.mark.parametrize(
    ("when", "more"),
    [
        ("'E' in fault.code", ""),
        ("fault.code.startswith('E')", ""),
        (HOT, 'hold = "device.patience"'),
        ("in_schedule(device.hours)", ""),
    ],
)
def test_what_we_do_not_offer_is_refused_when_it_is_loaded(when: str, more: str) -> None:
    with pytest.raises(ConfigError):
        load(when, more)
