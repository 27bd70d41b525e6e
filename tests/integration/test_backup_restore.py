"""A hub under load is backed up, killed, and restored elsewhere as it was at the backup."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hub.model.report import Value
from tests.chaos.checker import Stored, read_store
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, read_journal, read_tickets, until

pytestmark = pytest.mark.integration

GATES = names("barrier_gate", 60)
HEALTHY: dict[str, Value] = {"arm_position": "closed", "boom_broken": False, "loop_occupied": False}
PACE = 0.005
"""Seconds between two messages: some 200 a second."""


@contextlib.asynccontextmanager
async def load(devices: Publisher) -> AsyncIterator[None]:
    """Let gates speak, and one after another break, as long as the block runs."""

    async def speak() -> None:
        for number in range(10**6):
            gate = [*GATES][number % len(GATES)]
            broken = number // len(GATES) > number % len(GATES)
            devices.state(gate, time.time(), **{**HEALTHY, "boom_broken": broken})
            await asyncio.sleep(PACE)

    task = asyncio.create_task(speak(), name="load")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def lingdang(*words: str | Path) -> tuple[int, str]:
    """Run the command; returns its exit code and everything that it has said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *map(str, words)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def decisions(stored: Stored, upto: int) -> list[tuple[int, str, object]]:
    return [entry for entry in stored.journal if entry[0] <= upto]


async def back_up_under_load(hub: HubProcess, devices: Publisher, copy: Path) -> Stored:
    """Back up while tickets are being opened, and return what the hub had when it was killed."""
    config = hub.folder / "lingdang.toml"
    async with load(devices):
        await has_ticket(hub, "gate-001")
        before = await asyncio.to_thread(read_store, hub.store)
        code, said = await lingdang("backup", config, copy)
        assert code == 0, said
        code, said = await lingdang("restore", copy, config)
        assert code == 1
        assert "is in use by another hub" in said
        assert "请先停掉它" in said
        opened = len(await read_tickets(hub))
        await until(lambda: read_tickets(hub), lambda tickets: len(tickets) > opened)
        await hub.kill()
    saved = await asyncio.to_thread(read_store, copy)
    assert saved.integrity == "ok"
    assert before.messages <= saved.messages, "what was committed before is in it"
    return await asyncio.to_thread(read_store, hub.store)


async def test_a_hub_that_was_backed_up_under_load_goes_on_elsewhere(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    mosquitto, copy = require_server("mosquitto"), tmp_path / "copy.db"
    plot = Plot(devices=GATES)
    async with running_broker(mosquitto, tmp_path / "broker", shipped_lines()) as broker:
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        async with running_hub(config) as hub, publishing(broker.port) as devices:
            await has_caught_up(hub)
            killed = await back_up_under_load(hub, devices, copy)
    saved = read_store(copy)
    last = saved.journal[-1][0]
    assert saved.journal == decisions(killed, last)
    assert last < killed.journal[-1][0], "the hub went on"
    assert saved.messages < killed.messages
    assert 0 < len(saved.tickets) < len(killed.tickets)

    async with running_broker(mosquitto, tmp_path / "other", shipped_lines()) as broker:
        elsewhere = write_site(tmp_path / "elsewhere", plot, mqtt_port=broker.port)
        code, said = await lingdang("restore", copy, elsewhere)
        assert code == 0, said
        assert f"流水 journal: 1..{last}，无缺号 without a gap" in said
        async with running_hub(elsewhere) as hub:
            journal = await read_journal(hub)
            assert [(entry["seq"], entry["type"]) for entry in journal[:last]] == [
                (seq, kind) for seq, kind, _ in saved.journal
            ]
            kept = {ticket["number"]: ticket["state"] for ticket in saved.tickets}
            assert {each["number"]: each["state"] for each in await read_tickets(hub)} == kept
            assert read_store(hub.store).messages == saved.messages
            async with publishing(broker.port) as devices:
                await has_caught_up(hub, last)
                points = {"arm.position": "closed", "boom.broken": True}
                body = {"boot": "b2", "points": points}
                devices.say("gate-060", "state", body, at=time.time())
                newest = await has_ticket(hub, "gate-060")
                assert newest["number"] not in kept
