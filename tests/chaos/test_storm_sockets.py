"""Storms of all kinds at once through broker, hub and store as they are; then the broker dies.

The hub's clock runs at twenty times the speed. `CHAOS_LONG=1` in the environment takes more orders.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from hub.clock import SystemClock
from tests.chaos.storm import Storm, Times
from tests.chaos.storm_scene import SCENES
from tests.chaos.storm_verdict import Seen, judge_grace, judge_height, see_json
from tests.support.broker import Broker, running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, write_site
from tests.support.story import has_caught_up, last_seq, read_journal, read_tickets

LONG = bool(os.environ.get("CHAOS_LONG"))
ORDERS = 6 if LONG else 1
SEED = int(os.environ.get("STORM_SEED", "20261130"))
SPEED = 20.0
BRIEF = Times(struck=40.0, over=310.0, repaired=560.0, end=610.0)
"""Seconds of the hub's clock; enough for what is noticed within the settling time."""
OUTAGE = 200.0
"""Seconds of the hub's clock for which the broker is away: longer than three heartbeats."""
SOON = 30.0
"""Seconds of the hub's clock between two looks, of which the verdict of one has to be good."""
LOOKS = 12
pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(60 + 240 * ORDERS)]


class Play:
    """Several storms beside each other on one site, said by one publisher at the hub's pace."""

    def __init__(self, storms: Sequence[Storm], publisher: Publisher, clock: SystemClock) -> None:
        self.storms = storms
        self.start = clock.now()
        self._clock = clock
        self._publisher = publisher
        lines = [line for storm in storms for line in storm.lines]
        self._lines = sorted(lines, key=lambda line: -line.arrives)

    async def speak(self, until: float) -> None:
        """Say what arrives up to an instant (seconds from the start), and wait for it."""
        while self._lines and self._lines[-1].arrives <= until:
            line = self._lines.pop()
            await self._clock.sleep(self.start + line.arrives - self._clock.now())
            self._publisher.say(line.device, line.topic, line.body, at=self.start + line.at)
        await self._clock.sleep(self.start + until - self._clock.now())


@pytest.mark.parametrize("seed", range(SEED, SEED + ORDERS))
async def test_storms_of_all_kinds_at_once_and_a_broker_that_dies(
    seed: int, tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    scenes = [scene.called(f"s{number}-") for number, scene in enumerate(SCENES) if scene.roots]
    storms = [Storm(scene, seed, wide=False, times=BRIEF) for scene in scenes]
    lines = shipped_lines(durable=False)
    clock = SystemClock(speed=SPEED, origin=time.time())
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        config = write_site(tmp_path / "hub", plan(storms, clock), mqtt_port=broker.port)
        async with running_hub(config) as hub, publishing(broker.port) as publisher:
            await has_caught_up(hub)
            play = Play(storms, publisher, clock)
            opened = await pass_over(play, hub)
            await outlast(play, hub, broker)
    sys.stdout.write(f"\nseed {seed}: {len(scenes)} storms at once, {opened}; no ticket more\n")


def plan(storms: Sequence[Storm], clock: SystemClock) -> Plot:
    """Write the sheet of all scenes."""
    devices = [each for storm in storms for each in storm.scene.devices]
    return Plot(
        devices={each.id: each.kind for each in devices},
        upstream={each.id: each.upstream for each in devices},
        power={each.id: each.power for each in devices},
        speed=SPEED,
        clock_origin=clock._origin,
    )


async def pass_over(play: Play, hub: HubProcess) -> str:
    """Let the storms pass, and judge what is there at their height and after the grace."""

    async def height() -> list[str]:
        tickets = await look(hub)
        roots = {root.device for storm in play.storms for root in storm.scene.roots}
        faults = [f for s in play.storms for f in judge_height(s.scene, of(s, tickets))]
        return faults if faults or len(tickets) == len(roots) else [f"{len(tickets)} were opened"]

    async def grace() -> list[str]:
        tickets = await look(hub)
        over = play.start + BRIEF.over
        return [f for s in play.storms for f in judge_grace(s, of(s, tickets), over)]

    await play.speak(BRIEF.over)
    assert await becomes_good(height, play, BRIEF.over) == []
    listed = sum(len(each.children) for each in await look(hub))
    await play.speak(BRIEF.repaired)
    assert await becomes_good(grace, play, BRIEF.repaired) == []
    left = sum(each.waits for each in await look(hub))
    return f"{listed} children, {left} still down after the grace"


async def outlast(play: Play, hub: HubProcess, broker: Broker) -> None:
    """Let the broker be dead for longer than a silence, and see that nobody is blamed for it."""
    before, seq = await look(hub), await last_seq(hub)
    await broker.kill()
    await play._clock.sleep(OUTAGE)
    await broker.start()
    await has_caught_up(hub, seq)
    await play._clock.sleep(SOON)
    assert {each.subject for each in await look(hub)} == {each.subject for each in before}
    blamed = [each for each in await read_journal(hub, seq) if each["type"] == "alarm.raised"]
    assert blamed == []


async def becomes_good(
    judge: Callable[[], Awaitable[list[str]]], play: Play, until: float
) -> list[str]:
    """Ask for a verdict until it is good, while the devices go on: a busy machine is slow."""
    faults = await judge()
    for look_again in range(LOOKS):
        if not faults:
            break
        await play.speak(until + look_again + 1)
        await asyncio.sleep(SOON / SPEED)
        faults = await judge()
    return faults


async def look(hub: HubProcess) -> list[Seen]:
    """Return every ticket as it stands."""
    return [see_json(each) for each in await read_tickets(hub)]


def of(storm: Storm, tickets: Sequence[Seen]) -> list[Seen]:
    """Return the tickets of one scene."""
    names = {each.id for each in storm.scene.devices}
    return [each for each in tickets if each.subject in names]
