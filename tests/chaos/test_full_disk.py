"""A disk that is really full under load: the hub holds what it acknowledged, and resumes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.chaos.checker import find_faults, read_messages, read_store
from tests.chaos.drill import KEEPALIVE, LONG, SETTLING, SITE
from tests.chaos.load import drain, speak
from tests.chaos.plan import Plan
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import publishing
from tests.support.site import KEYS, Plot, write_site
from tests.support.small_disk import small_disk
from tests.support.story import has_caught_up, until

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(240)]

SEED = 507
SIZE = "48m"
FULL_FOR = 60.0 if LONG else 3.0
SECONDS = FULL_FOR + 8.0
RATE = 200
ENDS = 3.0
"""Seconds within which a request has to end, whatever the store does."""


def fill(disk: Path) -> Path:
    """Fill a disk to its last byte, and return the file that does."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return ballast


async def look_at_full(hub: HubProcess, disk: Path) -> dict[str, int]:
    """Fill the disk for a while; returns how many messages were stored then, and what was said."""
    ballast = await asyncio.to_thread(fill, disk)
    await until(lambda: hub.status("/readyz"), lambda answer: answer[0] == 503, ENDS)
    before = len(read_messages(hub.store))
    parts = json.loads((await hub.status("/readyz"))[1])["parts"]
    opening = await ask_for_opening(hub)
    await asyncio.sleep(FULL_FOR)
    page, _ = await hub.status("/api/v1/tickets")
    after = len(read_messages(hub.store))
    ballast.unlink()
    await until(lambda: hub.status("/readyz"), lambda answer: answer[0] == 200)
    assert parts["store"] == "not ready"
    return {"stored while full": after - before, "opening": opening, "reading": page}


async def ask_for_opening(hub: HubProcess) -> int:
    """Ask for a gate to be opened, which has to be written first; returns the status."""
    headers = {"Authorization": f"Bearer {KEYS['guard']}"}
    order = {"device": "gate-001", "do": "open", "reason": "visitor"}
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, timeout=ENDS) as client:
        answer = await client.post("/api/v1/commands", json=order, headers=headers)
    return answer.status_code


async def test_a_full_disk_stops_the_acknowledging_and_the_hub_resumes_by_itself(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    plan = Plan(SEED, SECONDS, rate=RATE)
    lines = shipped_lines(durable=False)
    plot = Plot(devices=SITE, keepalive=KEEPALIVE)
    with small_disk(tmp_path / "disk", SIZE) as disk:
        async with (
            running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker,
            running_hub(write_site(disk, plot, mqtt_port=broker.port)) as hub,
            publishing(broker.port) as publisher,
        ):
            await has_caught_up(hub)
            speaking = asyncio.create_task(speak(plan, publisher), name="devices")
            await asyncio.sleep(2.0)
            told = await look_at_full(hub, disk)
            await speaking
            await publisher.until_acknowledged()
            await drain(hub.store, plan, publisher, SETTLING)
            stored, log = read_store(hub.store), hub.log
    faults = find_faults(stored, plan, publisher.sent, publisher.acknowledged)
    sys.stdout.write(
        f"\nseed {SEED}: disk of {SIZE} full for {FULL_FOR:g} s; {told}; sent"
        f" {len(publisher.sent)}, acknowledged {len(publisher.acknowledged)}, stored"
        f" {len(stored.messages)}; tickets expected {len(plan.tickets)}, opened"
        f" {len(stored.tickets)}; integrity {stored.integrity}; verdict:"
        f" {'; '.join(faults) or 'sound'}\n"
    )
    assert faults == []
    assert told == {"stored while full": 0, "opening": 503, "reading": 200}
    assert not [kind for _, kind, _ in stored.journal if kind.startswith("command.")]
    assert "the store takes no commits; devices are not acknowledged" in log
    assert "the store takes commits again" in log
