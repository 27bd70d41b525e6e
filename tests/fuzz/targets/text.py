"""What people write: rules, expressions, models, settings. Taken, or faults with their lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.loading import shipped_rules
from hub.errors import ConfigError, Problem
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Report, Sample, Topic, Value
from hub.settings import parse_settings
from rules.engine import Engine
from rules.ruleset import load_rules
from tests.fuzz.target import Target

FILE = "site.toml"
HEAD = """[[rule]]
id     = "r"
name   = "R"
kind   = "barrier_gate"
params = { limit = "3m" }
quiet  = "1m"
"""
RULE_WORDS = tuple(
    word.encode()
    for word in (
        *(
            "and",
            " or ",
            "not ",
            "(",
            ")",
            "((((((((",
            "silent(",
            "age(",
            "count_events(",
            "event('",
        ),
        *(
            "'3m'",
            '"',
            "'''",
            "=",
            "[",
            "]",
            ">= ",
            "== ",
            "\\",
            "\x00",
            "铃",
            "# ",
            "\n",
            ".",
            ",",
        ),
        *("-1", "1e999", "nan", "inf", '"0s"', '"99999999d"', "true", "[[rule]]", "hold = "),
        *("when = ", "id = ", "release = "),
    )
)
EXPRESSIONS = (
    "arm.position == 'open' and not loop.occupied",
    "avg(motor.temperature, '15m') > 60 or silent('3m')",
    "count_events('vehicle.passed', '1h') >= 3",
    "event('vehicle.passed') and mode in ('auto', 'manual')",
    "time_between('22:00', '06:00') and age(arm.position) > param.limit",
    "streak(boom.broken, 3) and motor.temperature / 2 - 1 < 0.5",
    "peer('camera').online or duration(arm.position == 'open') > '3m'",
)
EXPRESSION_WORDS = (
    *RULE_WORDS, b"arm.position", b"motor.temperature", b"loop.occupied", b"mode", b"param.limit",
    b"avg(", b"least(", b"greatest(", b"previous(", b"rate(", b"distinct_events(", b"followed(",
    b"children_sum(", b"children_count(", b"sibling_share(", b"in_schedule(", b"streak(",
    b"duration(", b"peer('", b"device.", b"place.", b"upstream.", b" if ", b" else ", b"lambda ",
    b"**", b"//", b"%", b"1e308", b"0", b"None", b"f'", b"b'", b":=", b"...", b"*",
)  # fmt: skip
VALUES: dict[str, Sequence[Value]] = {
    "arm.position": ("open", "closed"),
    "loop.occupied": (True, False),
    "motor.temperature": (0, 20.5, -3, 1e308),
}
DEVICE = Device(
    uid=DeviceUid("u"), id="d", address="d", kind=Kind.BARRIER_GATE, model="", place="p"
)
START = 1_764_000_000.0
_models = load_models(shipped_models())
_example = Path(__file__).parents[3] / "deploy" / "lingdang.example.toml"


def rule_texts() -> list[bytes]:
    """Return each shipped rule as a text of its own."""
    return [
        ("[[rule]]" + part).encode()
        for text in shipped_rules().values()
        for part in text.split("[[rule]]")[1:]
    ]


def check_rules(data: bytes) -> str:
    """Say whether a file of rules was loaded."""
    text = data.decode(errors="replace")
    try:
        load_rules({FILE: text}, _models, prove=False)
    except ConfigError as error:
        return _refused(error.problems, text)
    return "loaded"


def check_models(data: bytes) -> str:
    """Say whether a file of a model was loaded."""
    text = data.decode(errors="replace")
    try:
        load_models({FILE: text})
    except ConfigError as error:
        return _refused(error.problems, text)
    return "loaded"


def check_settings(data: bytes) -> str:
    """Say whether settings had faults; they never stop a start."""
    text = data.decode(errors="replace")
    _, problems = parse_settings(text, FILE, {})
    return _refused(problems, text) if problems else "loaded"


def _refused(problems: Sequence[Problem], text: str) -> str:
    assert problems, text
    for problem in problems:
        assert problem.file == FILE, text
        assert 1 <= problem.line <= text.count("\n") + 1, (problem, text)
    return "refused"


def check_expression(data: bytes) -> str:
    """Load one expression as a rule, and let it judge what comes."""
    text = data.decode(errors="replace")
    try:
        rules = load_rules(
            {FILE: f"{HEAD}when = {json.dumps(text, ensure_ascii=False)}\n"}, {}, prove=False
        )
    except ConfigError as error:
        return _refused(error.problems, HEAD + "\n")
    engine = Engine(rules)
    engine.set_world([DEVICE], {}, {})
    for at, sample in enumerate(Sample(name, each) for name in VALUES for each in VALUES[name]):
        moment = START + at * 100
        engine.apply(
            Report(
                address="d",
                uid=DEVICE.uid,
                topic=Topic.STATE,
                at=moment,
                received=moment,
                samples=(sample,),
            )
        )
        engine.advance(moment)
    return "loaded"


TARGETS = {
    "rules": Target(rule_texts(), RULE_WORDS, check_rules),
    "expressions": Target(
        [each.encode() for each in EXPRESSIONS], EXPRESSION_WORDS, check_expression
    ),
    "models": Target(
        [text.encode() for text in shipped_models().values()],
        (*RULE_WORDS, b"[points]\n", b"[[registers]]\n", b"address = ", b"type = ", b"mask = "),
        check_models,
    ),
    "settings": Target(
        [_example.read_bytes()],
        (*RULE_WORDS, b"[mqtt]\n", b"[[modbus]]\n", b"port = ", b"[[heartbeat]]\n", b"url = "),
        check_settings,
    ),
}
