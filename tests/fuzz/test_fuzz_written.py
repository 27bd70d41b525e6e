"""What people write and callers send, damaged: taken, or faults with their place."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fuzz.mutation import SEED, damage, is_enough
from tests.fuzz.targets import request, sheet, text

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

TARGETS = text.TARGETS | sheet.TARGETS | request.TARGETS
INPUTS = {
    "rules": (12_000, ("loaded", "refused"), 20),
    "expressions": (8_000, ("loaded", "refused"), 100),
    "models": (3_000, ("loaded", "refused"), 20),
    "settings": (2_000, ("loaded", "refused"), 20),
    "devices": (5_000, ("whole", "in part", "nothing"), 20),
    "places": (5_000, ("whole", "in part", "nothing"), 20),
    "cursors": (30_000, ("read", "refused"), 2_000),
    "words": (30_000, ("read", "refused"), 20),
    "bodies": (5_000, ("read", "refused"), 50),
}
"""Of each target: how many, which verdicts have to be among them, and how rarely at most."""


def test_each_target_has_its_share() -> None:
    assert INPUTS.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", INPUTS)
def test_whatever_is_written_is_taken_or_refused_in_words(name: str) -> None:
    target = TARGETS[name]
    count, verdicts, rarely = INPUTS[name]
    counts = Counter(target.check(data) for data in damage(target.seeds, target.words, count))
    print(f"\nseed {SEED}: {counts.total():,} {name}: {dict(counts)}")
    assert is_enough(min(counts[each] for each in verdicts), count // rarely)
