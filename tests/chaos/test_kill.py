"""`kill -9` of the hub under load: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest

from tests.chaos.checker import Stored, find_faults, follow_feed, read_store
from tests.chaos.drill import LONG
from tests.chaos.load import STALLED, drain, speak
from tests.chaos.plan import Plan, devices
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HUB, HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, write_site
from tests.support.story import has_caught_up

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 20_261_124
KILLS = 100 if LONG else 12
LIFE = (0.1, 1.5)
"""Seconds that a hub lives once it is up, at least and at most."""
SECONDS = 260.0 if LONG else 31.0
KINDS = {"gate": "barrier_gate", "door": "unit_door", "controller": "access_controller"}
SITE = {device: KINDS[device.split("-")[0]] for device in devices()}
BROKEN = 10.0
"""Seconds without progress after which a hub that is broken on purpose has lost what is missing."""
HASTY_HUB = (sys.executable, str(Path(__file__).with_name("hasty_hub.py")))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found after a run."""

    faults: list[str]
    stored: Stored
    feed: list[tuple[int, str, str]]
    kills: int


async def kill_again_and_again(hub: HubProcess, chance: Random, kills: int) -> None:
    """Kill the hub; every fourth time while it is still starting."""
    for number in range(kills):
        await asyncio.sleep(chance.uniform(*LIFE))
        await hub.kill()
        await hub.launch()
        if number % 4 == 3:
            await asyncio.sleep(chance.uniform(0.2, 0.8))
        else:
            await hub.until_ready()
    await hub.until_ready()


async def run(
    folder: Path, mosquitto: Path, plan: Plan, kills: int, program: Sequence[str] = HUB
) -> Outcome:
    """Run a plan against a hub that is killed, and compare."""
    chance = Random(plan.seed)
    # The broker lives here, and writing its file at every change would take most of its speed.
    lines = shipped_lines(durable=False)
    async with running_broker(mosquitto, folder / "broker", lines) as broker:
        config = write_site(folder / "hub", Plot(devices=SITE), mqtt_port=broker.port)
        async with running_hub(config, program) as hub, publishing(broker.port) as publisher:
            await has_caught_up(hub)
            killing = asyncio.create_task(kill_again_and_again(hub, chance, kills), name="killer")
            seconds = await speak(plan, publisher)
            await publisher.until_acknowledged()
            await killing
            stalled = STALLED if program == HUB else BROKEN
            await drain(hub.store, plan, publisher, stalled=stalled)
            feed = await follow_feed(hub, chance)
            stored = read_store(hub.store)
            faults = find_faults(stored, plan, publisher.sent, publisher.acknowledged)
            if feed != stored.feed[: len(feed)]:
                faults.append("following the feed does not give every item once, in order")
            _report(plan, publisher, stored, kills, seconds)
    return Outcome(faults=faults, stored=stored, feed=feed, kills=kills)


def _report(plan: Plan, publisher: Publisher, stored: Stored, kills: int, seconds: float) -> None:
    taken = publisher.acknowledged
    sys.stdout.write(
        f"\nseed {plan.seed}: {kills} kill -9 of the hub in {seconds:.0f} s at"
        f" {len(taken) / seconds:.0f} messages/s; sent {len(publisher.sent)},"
        f" acknowledged {len(taken)}, stored {len(stored.messages)},"
        f" lost {len(taken - stored.messages)}; tickets expected {len(plan.tickets)},"
        f" opened {len(stored.tickets)}; alarms expected {sum(plan.raises.values())};"
        f" journal 1..{len(stored.journal)}, feed {len(stored.feed)} items,"
        f" integrity {stored.integrity}\n"
    )


async def test_kills_under_load_lose_and_double_nothing(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    started = time.monotonic()
    outcome = await run(tmp_path, require_server("mosquitto"), Plan(SEED, SECONDS), KILLS)
    assert outcome.faults == []
    assert len(outcome.stored.messages) > 150 * SECONDS, "this was no load"
    assert len(outcome.feed) > len(outcome.stored.tickets), "the feed tells of changes, too"
    sys.stdout.write(f"{time.monotonic() - started:.0f} s in all\n")


async def test_the_checker_catches_a_hub_that_acknowledges_before_its_commit(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    mosquitto = require_server("mosquitto")
    outcome = await run(tmp_path, mosquitto, Plan(SEED, 14.0), 4, HASTY_HUB)
    assert any("are not in the store" in fault for fault in outcome.faults), outcome.faults
