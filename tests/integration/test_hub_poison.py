"""A message that kills the hub is quarantined after the second death; everything else flows."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hub.ports import QuarantineRow
from tests.chaos.checker import read_messages
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess
from tests.support.leftover import read_leftovers
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, until

pytestmark = pytest.mark.integration

FRAGILE_HUB = (
    sys.executable,
    str(Path(__file__).parents[1] / "chaos" / "fragile_hub.py"),
)
GATES = names("barrier_gate", 5)
POISONER = "gate-003"
BEHIND = 300
"""Good messages that wait behind the bad one."""


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        yield broker.port


@contextlib.asynccontextmanager
async def kept_alive(hub: HubProcess) -> AsyncIterator[list[int]]:
    """Start the hub again whenever it ends, as systemd and the demo do; yields its exit codes."""
    ends: list[int] = []

    async def restart() -> None:
        while True:
            ends.append(await hub.wait())
            await hub.launch()

    keeper = asyncio.create_task(restart(), name="keeper")
    try:
        yield ends
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
        await hub.stop()


async def read_quarantine(hub: HubProcess) -> list[QuarantineRow]:
    return (await read_leftovers(hub.store))[0]


def say_much(devices: Publisher, count: int) -> None:
    """Let every gate say what is well, on two topics, in turns."""
    for number in range(count):
        device = list(GATES)[number % len(GATES)]
        if number % 3:
            devices.state(device, time.time(), boom_broken=False)
        else:
            body = {"points": {"motor.temperature": 20 + number % 7}}
            devices.say(device, "telemetry", body, at=time.time())


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("DIE exit", "state"),
        ("DIE crash", "telemetry"),
        ("DIE abort", "state"),
        ("DIE raise", "state"),
        ("FAIL rules", "state"),
    ],
)
async def test_what_kills_the_hub_is_quarantined_after_two_deaths_and_the_rest_flows(
    tmp_path: Path, port: int, word: str, topic: str
) -> None:
    config = write_site(tmp_path / "hub", Plot(devices=GATES), mqtt_port=port)
    hub = HubProcess(config, FRAGILE_HUB)
    await hub.start()
    async with kept_alive(hub) as ends, publishing(port) as devices:
        await has_caught_up(hub)
        say_much(devices, 30)
        bad = devices.say(POISONER, topic, {"points": {"fault.code": word}}, at=time.time())
        say_much(devices, BEHIND)
        devices.state("gate-005", time.time(), boom_broken=True)
        await devices.until_acknowledged()
        good = {*devices.sent} - {bad}

        async def missing() -> int:
            return len(good - read_messages(hub.store))

        await until(missing, lambda count: count == 0)
        await until(lambda: read_quarantine(hub), bool)
        await hub.until_ready()
        assert (await has_ticket(hub, "gate-005"))["fault"] == "gate.boom_broken"
        assert len(ends) == 2, ends
        assert all(ends), "each was a death, and no stop"
        [row] = await read_quarantine(hub)
        assert row.address.endswith(f"{POISONER}/{topic}")
        assert word.encode() in row.payload
        assert "died of it 2 times" in row.reason
        assert "died with a message in hand" in hub.log
