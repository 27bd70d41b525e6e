"""A drill: a plan's devices speak straight to a broker while something befalls the hub behind it.

`CHAOS_LONG=1` in the environment makes the drills longer.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from pathlib import Path
from random import Random

import msgspec

from rules.cut import RETURN_TIME
from tests.chaos.checker import Stored, find_faults, read_store
from tests.chaos.load import Say, drain, say_once, speak
from tests.chaos.plan import Plan, devices
from tests.chaos.proxy import Proxy, proxied
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HUB, HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, write_site
from tests.support.story import has_caught_up

LONG = bool(os.environ.get("CHAOS_LONG"))
KEEPALIVE = 5
"""Seconds; the shortest that the settings allow, so that a dead connection shows soon."""
KINDS = {"gate": "barrier_gate", "door": "unit_door", "controller": "access_controller"}
SITE = {device: KINDS[device.split("-")[0]] for device in devices()}
SETTLING = 3.5 + RETURN_TIME
"""Seconds for the last holds, of 3 s at most; after a short cut they wait for devices to return."""
GLIMPSE = 2.0
"""Seconds that a broken hub is given to store what it has."""
BRISK_HUB = (sys.executable, str(Path(__file__).with_name("brisk_hub.py")))


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What stands while a drill runs."""

    hub: HubProcess
    proxy: Proxy
    publisher: Publisher
    chance: Random


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found after a drill; `told` is what the trouble says that it has done."""

    faults: list[str]
    stored: Stored
    told: str


Trouble = Callable[[Stage], Awaitable[str]]
"""Befalls the hub while the devices speak, and tells in words what it was."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill does: `trouble` befalls the hub, which is a `program`; devices speak by `say`.

    With `until` the devices fall silent at that second of the plan, and what is still under way is
    not waited for: enough to catch a broken hub.
    """

    trouble: Trouble
    program: Sequence[str] = HUB
    say: Say = say_once
    until: float = inf


async def drill(folder: Path, mosquitto: Path, plan: Plan, script: Script) -> Outcome:
    """Run a plan while trouble befalls the hub, compare, and print the verdict."""
    chance = Random(plan.seed)
    # The broker lives here, and writing its file at every change would take most of its speed.
    lines = shipped_lines(durable=False)
    async with (
        running_broker(mosquitto, folder / "broker", lines) as broker,
        proxied(broker.port, chance) as proxy,
    ):
        plot = Plot(devices=SITE, keepalive=KEEPALIVE)
        config = write_site(folder / "hub", plot, mqtt_port=proxy.port)
        async with running_hub(config, script.program) as hub, publishing(broker.port) as publisher:
            await has_caught_up(hub)
            stage = Stage(hub=hub, proxy=proxy, publisher=publisher, chance=chance)
            told = await _play(plan, stage, script)
            stored = read_store(hub.store)
    faults = find_faults(stored, plan, publisher.sent, publisher.acknowledged)
    _report(plan, publisher, Outcome(faults=faults, stored=stored, told=told))
    return Outcome(faults=faults, stored=stored, told=told)


async def _play(plan: Plan, stage: Stage, script: Script) -> str:
    """Let devices speak and trouble come, and wait for what follows; returns what the trouble was.

    The hub's file is looked at from here, wherever it lies.
    """

    async def befall() -> str:
        return await script.trouble(stage)

    publisher = stage.publisher
    striking = asyncio.create_task(befall(), name="trouble")
    await speak(plan, publisher, script.say, script.until)
    await publisher.until_acknowledged()
    told = await striking
    if script.until == inf:
        await drain(stage.hub.store, plan, publisher, SETTLING)
    else:
        await asyncio.sleep(GLIMPSE)
    return told


def _report(plan: Plan, publisher: Publisher, outcome: Outcome) -> None:
    taken, stored = publisher.acknowledged, outcome.stored
    sys.stdout.write(
        f"\nseed {plan.seed}: {outcome.told}; sent {len(publisher.sent)}, acknowledged"
        f" {len(taken)}, stored {len(stored.messages)}, lost {len(taken - stored.messages)};"
        f" tickets expected {len(plan.tickets)}, opened {len(stored.tickets)}; alarms expected"
        f" {sum(plan.raises.values())}; journal"
        f" 1..{len(stored.journal)}; integrity {stored.integrity}; verdict:"
        f" {'; '.join(outcome.faults) or 'sound'}\n"
    )
