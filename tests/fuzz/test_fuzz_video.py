"""Damaged messages of video and access: sane, or refused in words, and never too much of them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fuzz.mutation import SEED, damage, is_enough
from tests.fuzz.targets.video import CHECKS, SEEDS, WORDS

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

MESSAGES = 1_500


@pytest.mark.parametrize("name", CHECKS)
def test_a_damaged_message_is_sane_or_refused_in_words(name: str) -> None:
    check = CHECKS[name]
    counts = Counter(check(raw) for raw in damage(SEEDS[name], WORDS[name], MESSAGES))
    print(f"\nseed {SEED}: {counts.total():,} messages of {name}: {dict(counts)}")
    assert is_enough(counts["read"], 50)
