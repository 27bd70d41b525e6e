"""Damaged bytes from a broker: the fast client hears messages or ends its connection, in words."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("mqtt5", reason="needs the extra `fast`")

from tests.fuzz.mutation import SEED, damage, is_enough, times
from tests.fuzz.targets.mqtt import GOOD, WORDS, hear, take

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

STREAMS = 200_000


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_damaged_packets_are_heard_or_end_the_connection_with_a_reason() -> None:
    counts: Counter[str] = Counter()
    for data in damage(GOOD, WORDS, STREAMS):
        counts += hear(data)
    print(f"\nseed {SEED}: {len(times(STREAMS)):,} streams of MQTT 5: {dict(counts)}")
    assert is_enough(min(counts[each] for each in ("messages", "open", "ended")), STREAMS // 20)


@pytest.mark.parametrize("five", [True, False])
def test_the_short_way_of_paho_takes_whole_messages_and_leaves_the_rest(*, five: bool) -> None:
    taken = sum(take(data, five=five) for data in damage(GOOD, WORDS, STREAMS))
    print(f"\nseed {SEED}: {taken:,} messages taken from damaged streams")
    assert is_enough(taken, STREAMS // 20)
