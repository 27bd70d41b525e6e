"""Damaged frames of meters: each is read with its right sum, or refused in words."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fuzz.mutation import SEED, damage, is_enough
from tests.fuzz.targets.meters import CODECS, SEEDS, WORDS, check

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

FRAMES = 60_000


@pytest.mark.parametrize("name", CODECS)
def test_a_damaged_frame_never_passes_for_another_reading(name: str) -> None:
    counts = Counter(check(name, frame) for frame in damage(SEEDS[name], WORDS, FRAMES))
    print(f"\nseed {SEED}: {counts.total():,} frames of {name}: {dict(counts)}")
    assert is_enough(counts["read"], 100)
    assert is_enough(counts["refused"], FRAMES // 2)
