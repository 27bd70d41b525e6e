"""Devices that say everything twice, and old things again: each message counts once."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.chaos.drill import LONG, Script, Stage, drill
from tests.chaos.plan import Line, Plan
from tests.support.publisher import Publisher, write_message
from tests.support.story import until

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 77
SECONDS = 120.0 if LONG else 10.5
RATE = 150
OLD = 0.3
"""The share of messages after which an old one is said once more."""
CREDULOUS_HUB = (sys.executable, str(Path(__file__).with_name("credulous_hub.py")))


class Stammer:
    """Says each line twice, and now and then any line of before; `repeats` counts both."""

    def __init__(self, chance: Random) -> None:
        self.repeats = 0
        self._chance = chance
        self._said: list[tuple[str, bytes]] = []

    def say(self, publisher: Publisher, line: Line, start: float) -> None:
        """Say a line, the same again, and perhaps something old."""
        at = start + line.at
        key = publisher.say(line.device, line.topic, line.body, at=at)
        self._said.append(write_message(key, at, line.body))
        self._repeat(publisher, self._said[-1])
        if self._chance.random() < OLD:
            self._repeat(publisher, self._chance.choice(self._said))

    def _repeat(self, publisher: Publisher, message: tuple[str, bytes]) -> None:
        publisher.raw(*message)
        self.repeats += 1


async def nothing(_stage: Stage) -> str:
    """Let the devices alone."""
    return "every message twice"


async def test_what_is_said_twice_or_said_again_counts_once(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    stammer = Stammer(Random(SEED))

    async def restart(stage: Stage) -> str:
        await asyncio.sleep(SECONDS / 2)
        before = await duplicates(stage)
        await stage.hub.kill()
        await stage.hub.start()
        await asyncio.sleep(SECONDS / 2)
        wanted = stammer.repeats * 0.9 - before
        known = await until(lambda: duplicates(stage), lambda count: count >= wanted)
        return f"{stammer.repeats} repeats, {before + known:.0f} known as such, 1 kill -9 between"

    script = Script(trouble=restart, say=stammer.say)
    plan = Plan(SEED, SECONDS, rate=RATE)
    outcome = await drill(tmp_path, require_server("mosquitto"), plan, script)
    assert outcome.faults == []
    assert stammer.repeats > len(outcome.stored.messages), "nothing was said twice"


async def test_the_checker_catches_a_hub_that_takes_a_duplicate_for_news(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    script = Script(
        trouble=nothing, program=CREDULOUS_HUB, say=Stammer(Random(SEED)).say, until=4.0
    )
    plan = Plan(SEED, SECONDS, rate=RATE)
    outcome = await drill(tmp_path, require_server("mosquitto"), plan, script)
    assert any("no fault behind them" in fault for fault in outcome.faults), outcome.faults
    assert not any("are not in the store" in fault for fault in outcome.faults), outcome.faults


async def duplicates(stage: Stage) -> float:
    """Read how many messages the hub has known for duplicates since its start."""
    found = re.search(r"^\S*duplicates\S* (\S+)$", await stage.hub.read("/metrics"), re.MULTILINE)
    return float(found[1]) if found else 0.0
