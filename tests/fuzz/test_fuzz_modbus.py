"""Damaged Modbus frames and any registers: what passes for a reading carries its right checksum."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.fuzz.mutation import SEED, damage, is_enough, times
from tests.fuzz.targets.modbus import (
    MODELS,
    PACK,
    PDUS,
    WORDS,
    check_frame,
    check_registers,
    first_register,
)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

FRAMES = 200_000
POLLS = 60_000
EDGES = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7F80, 0xFF80, 0x7FC0)


@pytest.mark.parametrize("framing", PACK)
def test_a_damaged_frame_never_passes_for_another_reading(framing: str) -> None:
    good = [PACK[framing](pdu) for pdu in PDUS]
    counts = Counter(check_frame(framing, frame) for frame in damage(good, WORDS, FRAMES))
    print(f"\nseed {SEED}: {counts.total():,} frames of Modbus {framing}: {dict(counts)}")
    assert is_enough(counts["read"], 100)
    assert is_enough(counts.total() - counts["read"], FRAMES // 2)


def test_any_registers_give_finite_values_in_their_range_or_none() -> None:
    chance = Random(SEED)
    counts: Counter[str] = Counter()
    for _ in times(POLLS):
        name = chance.choice(MODELS)
        count = chance.randrange(126)
        words = tuple(
            chance.choice(EDGES) if chance.random() < 0.5 else chance.randrange(0x10000)
            for _ in range(count)
        )
        first = first_register(name, chance.randrange(0x10000))
        samples = check_registers(name, max(0, first - chance.randrange(count + 1)), words)
        counts.update(sample.quality.value for sample in samples)
    print(f"\nseed {SEED}: samples of {len(times(POLLS)):,} polls: {dict(counts)}")
    assert is_enough(min(counts["good"], counts["bad"]), 1000)
