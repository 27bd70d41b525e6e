"""`kill -9` of hub, broker and devices in the same instant, as when a machine loses its power.

The figures beside these tests stand in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest

from rules.cut import RETURN_TIME
from simulators.process import Child
from tests.chaos import mortal_devices
from tests.chaos.checker import find_faults, read_store
from tests.chaos.drill import GLIMPSE, LONG
from tests.chaos.load import drain
from tests.chaos.notebook import Notebook
from tests.chaos.plan import Plan
from tests.chaos.test_broker import find_unnoticed_losses
from tests.chaos.test_kill import SITE
from tests.support.broker import Broker, running_broker
from tests.support.hub_process import HUB, HubProcess, running_hub
from tests.support.site import Plot, write_site
from tests.support.story import has_caught_up

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 20_261_129
SECONDS = 120.0 if LONG else 15.0
KILLS = 25 if LONG else 3
BETWEEN = (1.5, 3.5)
"""Seconds that all of them live once the hub is up, at least and at most."""
PACE = 120
"""Messages a second: 2.0.11 writes its whole state at every change and takes few hundred."""
SETTLING = 3.5 + RETURN_TIME
"""Seconds for the last holds, of 3 s at most; after a short cut they wait for devices to return."""
FORGETFUL_HUB = (sys.executable, str(Path(__file__).with_name("forgetful_hub.py")))
END = 60.0
"""Seconds after the plan within which the devices have said everything, if at all."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found after a run; `unnoticed` are losses that are not the broker's, or not told."""

    faults: list[str]
    unnoticed: list[str]
    lost: int
    kills: int


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who is killed."""

    broker: Broker
    hub: HubProcess
    devices: Child

    async def kill(self) -> None:
        """Kill all three before any of them can see that another is gone."""
        for pid in (self.hub.pid, self.broker.pid, self.devices.pid):
            # Devices that have said everything have ended by themselves.
            if pid:
                os.kill(pid, signal.SIGKILL)
        for each in (self.hub, self.broker, self.devices):
            await each.wait()

    async def start(self, chance: Random) -> None:
        """Start all three, in any order, so that the hub may find no broker yet."""
        order = [self.hub.launch, self.broker.start, self.devices.start]
        chance.shuffle(order)
        for start in order:
            await start()
        await self.hub.until_ready()


async def kill_again_and_again(cast: Cast, chance: Random, kills: int) -> list[float]:
    """Kill all at once, and return when."""
    killed = []
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(*BETWEEN))
        killed.append(time.time())
        await cast.kill()
        await cast.start(chance)
    return killed


async def run(
    folder: Path, mosquitto: Path, plan: Plan, seconds: float, program: Sequence[str] = HUB
) -> Outcome:
    """Run a plan while all die together, and compare."""
    chance = Random(plan.seed)
    kills = KILLS if program == HUB else 1
    book = folder / "notebook"
    async with running_broker(mosquitto, folder / "broker") as broker:
        config = write_site(folder / "hub", Plot(devices=SITE), mqtt_port=broker.port)
        async with running_hub(config, program) as hub:
            await has_caught_up(hub)
            words = [*map(str, (broker.port, book, plan.seed, seconds, PACE, time.time()))]
            speak = [sys.executable, mortal_devices.__file__, *words]
            cast = Cast(broker=broker, hub=hub, devices=Child("devices", speak, folder))
            await cast.devices.start()
            killed = await kill_again_and_again(cast, chance, kills)
            async with asyncio.timeout(seconds + END):
                assert await cast.devices.wait() == 0, cast.devices.last_words()
            notes = Notebook(book)
            notes.close()
            if program == HUB:
                await drain(hub.store, plan, notes, SETTLING)
            else:
                await asyncio.sleep(GLIMPSE)
            stored = read_store(hub.store)
    lost = notes.acknowledged - stored.messages
    plan.spared = {key.device for key in lost if key.topic != "telemetry"}
    faults = find_faults(stored, plan, notes.sent, notes.acknowledged - lost)
    sys.stdout.write(
        f"\nseed {plan.seed}: {kills} kill -9 of hub, broker and devices at once in"
        f" {seconds:.0f} s; sent {len(notes.sent)}, acknowledged {len(notes.acknowledged)}, stored"
        f" {len(stored.messages)}, lost {len(lost)}; tickets expected {len(plan.tickets)}, opened"
        f" {len(stored.tickets)}; journal 1..{len(stored.journal)}; integrity {stored.integrity}\n"
    )
    unnoticed = [*map(str, find_unnoticed_losses(stored, lost, notes.told, killed))]
    return Outcome(faults=faults, unnoticed=unnoticed, lost=len(lost), kills=len(killed))


async def test_all_killed_at_once_lose_and_double_nothing_that_is_not_told(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    plan = Plan(SEED, SECONDS, rate=PACE)
    outcome = await run(tmp_path, require_server("mosquitto"), plan, SECONDS)
    assert outcome.faults == []
    assert outcome.unnoticed == []
    assert outcome.lost <= outcome.kills == KILLS


async def test_the_checker_catches_a_hub_that_has_no_lasting_session(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    plan = Plan(SEED, 10.0, rate=PACE)
    outcome = await run(tmp_path, require_server("mosquitto"), plan, 10.0, FORGETFUL_HUB)
    assert outcome.unnoticed
