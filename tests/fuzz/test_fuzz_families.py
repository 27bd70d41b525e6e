"""Damaged messages of further dialects: reports that can be stored, or one clear refusal."""

from __future__ import annotations

from collections import Counter

import pytest

from hub.assembly.dialects import FAMILIES
from tests.fuzz.mutation import SEED, damage, is_enough
from tests.fuzz.targets.families import TARGETS, check

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

MESSAGES = 3_000
"""Of each dialect."""


def test_every_dialect_is_fired_at() -> None:
    assert set(TARGETS) == set(FAMILIES)


@pytest.mark.parametrize("dialect", TARGETS)
def test_a_damaged_message_is_understood_or_refused_in_words(dialect: str) -> None:
    target = TARGETS[dialect]
    counts = Counter(check(dialect, each) for each in damage(target.seeds, target.words, MESSAGES))
    print(f"\nseed {SEED}: {counts.total():,} messages of {dialect}: {dict(counts)}")
    assert is_enough(counts["understood"], MESSAGES // 50)
