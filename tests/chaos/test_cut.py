"""Cuts between hub and broker under load, by a proxy: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.drill import BRISK_HUB, LONG, Script, Stage, drill
from tests.chaos.plan import FLICKER, LEAD, Plan
from tests.chaos.proxy import Cut
from tests.support.story import has_caught_up, last_seq

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(600)]

SEED = 20_261_125
ROUNDS = 20 if LONG else 2
"""How often every kind of cut strikes."""
BETWEEN = (0.2, 0.8)
"""Seconds from one cut to the next, at least and at most."""
NOTICED = 9.0
"""Seconds from a half-open connection to the next cut: nearly twice the keepalive."""
DEAF = 3.5
"""Seconds in which a fault that ends unheard outlives its hold, of 2 to 3 s."""
SECONDS = 900.0 if LONG else 18.0
RATE = 250
FORGETFUL_HUB = (sys.executable, str(Path(__file__).with_name("forgetful_hub.py")))
TRUSTING_HUB = (sys.executable, str(Path(__file__).with_name("trusting_hub.py")))


async def cut_again_and_again(stage: Stage) -> str:
    """Strike with every kind of cut, in an order by the seed; the half-open ones are waited for.

    One in each round is long enough for the hub to notice by itself that nobody answers.
    """
    for number in range(ROUNDS):
        cuts = stage.chance.sample(list(Cut), k=len(Cut))
        for cut in cuts:
            await asyncio.sleep(stage.chance.uniform(*BETWEEN))
            await stage.proxy.meet()
            await stage.proxy.strike(cut)
            if cut is Cut.SWALLOWED and number % 2 == 0:
                await asyncio.sleep(NOTICED)
    struck = ", ".join(f"{count} x {cut}" for cut, count in sorted(stage.proxy.cuts.items()))
    return f"{struck}; {stage.proxy.connections} connections"


async def go_deaf_again_and_again(stage: Stage) -> str:
    """Have connections stand in name only for a hub that hears all, long enough for a hold."""
    await asyncio.sleep(LEAD + FLICKER[1])
    heard = 0
    for _ in range(3):
        await has_caught_up(stage.hub, heard)
        await asyncio.sleep(stage.chance.uniform(*BETWEEN))
        heard = await last_seq(stage.hub)
        stage.proxy.deafen()
        await asyncio.sleep(DEAF)
    return f"{stage.proxy.cuts[Cut.SWALLOWED]} x half-open"


async def cut_once(stage: Stage) -> str:
    """Reset every connection in the middle of the load, and stay away for a moment."""
    await asyncio.sleep(3.0)
    await stage.proxy.strike(Cut.REFUSED)
    return "1 x refused"


async def test_cuts_of_every_kind_under_load_lose_and_double_nothing(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    plan = Plan(SEED, SECONDS, rate=RATE)
    script = Script(trouble=cut_again_and_again, program=BRISK_HUB)
    outcome = await drill(tmp_path, require_server("mosquitto"), plan, script)
    assert outcome.faults == []
    downs = [data["why"] for _, kind, data in outcome.stored.journal if kind == "link.down"]
    assert len(downs) >= 3 * ROUNDS, "the hub has not noticed the cuts"


async def test_the_checker_catches_a_hub_that_begins_a_new_session_each_time(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    script = Script(trouble=cut_once, program=FORGETFUL_HUB, until=6.0)
    plan = Plan(SEED, SECONDS, rate=RATE)
    outcome = await drill(tmp_path, require_server("mosquitto"), plan, script)
    assert any("are not in the store" in fault for fault in outcome.faults), outcome.faults


async def test_the_checker_catches_a_hub_that_takes_quiet_for_silence(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    script = Script(trouble=go_deaf_again_and_again, program=TRUSTING_HUB)
    plan = Plan(SEED, SECONDS, rate=RATE)
    outcome = await drill(tmp_path, require_server("mosquitto"), plan, script)
    assert any("have no fault behind them" in fault for fault in outcome.faults), outcome.faults
