"""The pulse tells a reader which devices have changed since it last looked."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from hub.intake.pulse import CommitPulse
from tests.support.patience import PATIENCE


def test_a_reader_far_behind_is_told_what_changed_since_and_nothing_else() -> None:
    pulse = CommitPulse(0)
    pulse.beat(1, frozenset({"gate-1", "gate-2"}))
    mark, _ = pulse.changed_devices(0)
    for number in range(10_000):
        pulse.beat(number, frozenset({"gate-2", f"door-{number % 3}"}))
    assert pulse.changed_devices(mark)[1] == {"gate-2", "door-0", "door-1", "door-2"}
    assert pulse.changed_devices(mark + 10_000) == (mark + 10_000, set())
    assert pulse.changed_devices(mark + 9_999)[1] == {"gate-2", "door-0"}


async def test_a_reader_is_woken_by_news_and_not_by_every_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pulse, wait, waits = CommitPulse(3), asyncio.Event.wait, 0

    async def count_and_wait(event: asyncio.Event) -> Literal[True]:
        nonlocal waits
        waits += 1
        return await wait(event)

    monkeypatch.setattr(asyncio.Event, "wait", count_and_wait)
    reading = asyncio.create_task(pulse.wait(3, PATIENCE))
    for _ in range(10):
        await asyncio.sleep(0)
        pulse.beat(3, frozenset({"gate-1"}))
    assert waits == 1, "it sleeps on"
    pulse.beat(4, frozenset())
    assert await reading == 4


def test_a_commit_without_devices_moves_no_mark() -> None:
    pulse = CommitPulse(0)
    pulse.beat(7, frozenset())
    assert pulse.last_seq() == 7
    assert pulse.changed_devices(0) == (0, set())
