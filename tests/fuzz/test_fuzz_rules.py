"""Damaged rule files: rules, or a ConfigError that names the file and the line."""

from __future__ import annotations

from collections import Counter

import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.errors import ConfigError
from hub.loading import shipped_rules
from rules.ruleset import load_rules
from tests.fuzz.mutation import SEED, damage, is_enough

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

FILES = 12_000
WORDS = tuple(
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


def test_a_damaged_rule_file_gives_rules_or_faults_with_their_lines() -> None:
    models = load_models(shipped_models())
    rules = [
        ("[[rule]]" + part).encode()
        for text in shipped_rules().values()
        for part in text.split("[[rule]]")[1:]
    ]
    counts: Counter[str] = Counter()
    for data in damage(rules, WORDS, FILES):
        text = data.decode(errors="replace")
        try:
            load_rules({"site.toml": text}, models, prove=False)
        except ConfigError as error:
            counts["refused"] += 1
            assert error.problems, text
            assert all(problem.file == "site.toml" for problem in error.problems), text
            assert all(problem.line >= 1 for problem in error.problems), text
        else:
            counts["loaded"] += 1
    print(f"\nseed {SEED}: {counts.total():,} rule files: {dict(counts)}")
    assert is_enough(min(counts["loaded"], counts["refused"]), FILES // 20)
