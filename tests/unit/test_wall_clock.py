"""The machine's clock is set while the hub runs: who is right, and what follows."""

from __future__ import annotations

import asyncio
import time

import pytest

from hub.assembly import wall_clock
from hub.assembly.wall_clock import keep_time
from hub.clock import SLEW, STEP, SystemClock
from hub.errors import ClockSetError
from hub.intake.timekeeping import Timekeeper


class Wall:
    """A machine's clock that somebody can set."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.off = 0.0
        right = time.time
        patch.setattr("hub.clock.time.time", lambda: right() + self.off)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    monkeypatch.setattr(wall_clock, "LOOK", 0.01)
    monkeypatch.setattr(wall_clock, "PATIENCE", 0.3)
    return Wall(monkeypatch)


def test_a_clock_that_is_set_moves_no_instant_of_the_hub(wall: Wall) -> None:
    clock = SystemClock()
    before = clock.now()
    wall.off = -86_400.0
    assert 0 <= clock.now() - before < 600
    assert clock.follow() == pytest.approx(-86_400.0, abs=600)
    assert 0 <= clock.now() - before < 600


def test_the_time_of_a_fast_clock_is_set_by_as_much_more(wall: Wall) -> None:
    clock = SystemClock(speed=40.0, origin=time.time())
    wall.off = 1000.0
    assert clock.follow() == pytest.approx(40_000.0, abs=100)


def test_small_differences_are_made_up_for_slowly(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    wall.off = STEP / 2
    start = clock.now()
    wall.off += 1000.0
    monkeypatch.setattr("hub.clock.uptime", lambda at=time.clock_gettime: at(7) + 1000.0)
    assert clock.follow() == 0.0
    gained = clock.now() - start - 1000.0
    assert gained == pytest.approx(SLEW * 1000.0, abs=0.5)


async def ask(clock: SystemClock, timekeeper: Timekeeper, stay: str, follow: str) -> None:
    """Look after the clock for a while; devices speak as soon as they are asked."""
    keeping = asyncio.create_task(keep_time(clock, timekeeper))
    while timekeeper.vote is None:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    for uid in stay:
        timekeeper.vote.count(uid, 1.0)
    for uid in follow:
        timekeeper.vote.count(uid, timekeeper.vote.step - 1.0)
    while timekeeper.vote is not None:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    await asyncio.wait({keeping}, timeout=10 * wall_clock.LOOK)
    assert timekeeper.vote is None, "they are asked again and again"
    if keeping.done():
        keeping.result()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


@pytest.mark.parametrize("step", [3600.0, -3600.0])
async def test_the_hub_keeps_its_time_where_the_devices_agree_with_it(
    wall: Wall, step: float
) -> None:
    clock = SystemClock()
    wall.off = step
    before = clock.now()
    await ask(clock, Timekeeper(), stay="abc", follow="d")
    assert 0 <= clock.now() - before < 600


@pytest.mark.parametrize(("stay", "follow"), [("a", "bcd"), ("", "")])
async def test_the_hub_starts_anew_where_they_agree_with_the_machine_or_say_nothing(
    wall: Wall, stay: str, follow: str
) -> None:
    clock = SystemClock()
    wall.off = 3600.0
    with pytest.raises(ClockSetError, match=r"set by \+3600 s"):
        await ask(clock, Timekeeper(), stay, follow)
