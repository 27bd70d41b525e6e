"""Damaged messages of the hub's own dialect: a report that can be stored, or one clear refusal."""

from __future__ import annotations

from collections import Counter

import pytest

from hub.settings import FloodSettings
from tests.fuzz.mutation import SEED, damage, is_enough
from tests.fuzz.targets.lingdang import GOOD, WORDS, check_payload
from tests.unit.intake.stage import GATE, stage

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

MESSAGES = 100_000
"""Of each kind."""
THROUGH_THE_INTAKE = 4_000
UNLIMITED = FloodSettings(rate=100_000, burst=1_000_000)
"""Each message has to be looked at, though all are of one device."""


@pytest.mark.parametrize("kind", GOOD)
def test_a_damaged_message_is_a_report_that_can_be_stored_or_is_refused_in_words(kind: str) -> None:
    counts = Counter(
        check_payload(f"ld/gs/g1/{kind}", payload)
        for payload in damage(GOOD[kind], WORDS, MESSAGES)
    )
    print(f"\nseed {SEED}: {counts.total():,} messages of kind {kind}: {dict(counts)}")
    assert is_enough(min(counts["refused"], counts["understood"]), MESSAGES // 50)


async def test_every_damaged_message_is_acknowledged_once_and_the_intake_lives_on() -> None:
    async with stage(flood=UNLIMITED) as run:
        spoken = [
            (kind, payload)
            for kind, good in GOOD.items()
            for payload in damage(good, WORDS, THROUGH_THE_INTAKE)
        ]
        for sent, (kind, payload) in enumerate(spoken):
            run.raw(f"ld/gs/{GATE.address}/{kind}", payload)
            if not sent % 500:
                await run.settle()
        await run.settle()
        assert len(run.acknowledged) == len(spoken)
        assert len({id(each.token) for each in run.acknowledged}) == len(spoken)
        run.say("state", {"points": {"boom.broken": True}, "boot": "after", "seq": 1})
        await run.settle(10)
        assert "barrier-boom-broken" in await run.open_tickets()
