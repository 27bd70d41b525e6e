"""No timer comes before it is proven that nothing was under way."""

from __future__ import annotations

import pytest

from hub.intake.hearing import ASK_EVERY, Hearing
from tests.unit.intake.stage import GATE, stage

HOLD = 2.0
"""Seconds that a broken boom waits."""


class Asked:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def test_a_timer_waits_for_the_session_that_was_heard_least() -> None:
    ask = Asked()
    hearing = Hearing(ask)
    hearing.begin("a", 100.0)
    hearing.begin("b", 100.0)
    assert hearing.until(105.0, 104.0) == 100.0
    hearing.note("a", 105.0)
    assert hearing.until(105.0, 104.0) == 100.0
    hearing.note("b", 105.0)
    assert hearing.until(105.2, 104.0) == 105.0
    assert ask.times == 1


def test_nobody_is_asked_while_no_timer_is_due() -> None:
    ask = Asked()
    hearing = Hearing(ask)
    hearing.begin("a", 100.0)
    assert hearing.until(105.0, None) == 105.0
    assert hearing.until(105.0, 106.0) == 105.0
    assert ask.times == 0


def test_it_is_asked_again_after_a_while_and_the_loop_waits_as_long() -> None:
    ask = Asked()
    hearing = Hearing(ask)
    hearing.begin("a", 100.0)
    for now in (105.0, 105.0 + ASK_EVERY / 2, 105.0 + ASK_EVERY):
        hearing.until(now, 104.0)
    assert ask.times == 2
    later = hearing.next_look(104.0, 105.0 + ASK_EVERY)
    assert later == pytest.approx(105.0 + 2 * ASK_EVERY)
    assert hearing.next_look(110.0, 105.0) == 110.0


def test_a_session_that_is_lost_or_unknown_holds_nothing_up() -> None:
    hearing = Hearing(Asked())
    hearing.begin("a", 100.0)
    hearing.end("a")
    hearing.note("a", 90.0)
    assert hearing.until(105.0, 104.0) == 105.0


async def test_a_fault_that_ended_unheard_on_a_half_open_connection_is_not_told() -> None:
    async with stage() as run:
        began = run.clock.now()
        run.say("state", {"points": {"boom.broken": True}})
        await run.settle(0.5)
        run.deaf = True
        await run.settle(6 * HOLD)
        assert await run.open_tickets() == []
        run.deaf = False
        run.cut()
        run.reconnect([])
        run.say("state", {"points": {"boom.broken": False}, "ts": began + HOLD / 2})
        await run.settle(60)
        assert await run.open_tickets() == []


async def test_a_fault_that_lasts_is_told_at_its_own_instant_once_that_is_proven() -> None:
    async with stage() as run:
        began = run.clock.now()
        run.say("state", {"points": {"boom.broken": True}})
        await run.settle(0.5)
        run.deaf = True
        await run.settle(6 * HOLD)
        run.deaf = False
        await run.settle(1.0)
        assert await run.open_tickets() == ["barrier-boom-broken"]
        alarm = run.intake.live.open_alarms()[0]
        assert alarm.subject in {GATE.uid, GATE.id}
        assert alarm.raised_at == began + HOLD
