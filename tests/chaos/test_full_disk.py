"""A disk that is really full under load: the hub holds what it acknowledged, and resumes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

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

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 507
SIZE = "48m"
RESERVE = 8
"""Megabytes of the disk that the hub keeps for orders."""
FULL_FOR = 60.0 if LONG else 3.0
SECONDS = FULL_FOR + 8.0
RATE = 200
ENDS = 30.0
"""Seconds within which a request has to end, whatever the store does; the disk stays full."""


def fill(disk: Path) -> Path:
    """Fill a disk to its last byte, and return the file that does."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return ballast


async def look_at_full(hub: HubProcess, disk: Path) -> dict[str, Any]:
    """Fill the disk for a while; returns what was stored then, by topic, and what was said."""
    ballast = await asyncio.to_thread(fill, disk)
    await until(lambda: hub.status("/readyz"), lambda answer: answer[0] == 503, ENDS)
    before = read_messages(hub.store)
    parts = json.loads((await hub.status("/readyz"))[1])["parts"]
    opening = await ask_for_opening(hub)
    await asyncio.sleep(FULL_FOR)
    page, _ = await hub.status("/api/v1/tickets")
    after = read_messages(hub.store)
    ballast.unlink()
    await until(lambda: hub.status("/readyz"), lambda answer: answer[0] == 200)
    assert parts["store"] == "not ready"
    stored = Counter(key.topic for key in after - before)
    return {"stored": stored, "opening": opening, "reading": page}


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
    told, journal, log = await run_full(tmp_path, require_server("mosquitto"), reserve=0)
    assert told == {"stored": {}, "opening": 503, "reading": 200}
    assert not [kind for kind in journal if kind.startswith(("command.", "store."))]
    assert "SQLITE_FULL" in log or "the disk is full" in log


async def test_a_reserve_takes_states_and_orders_while_measurements_wait(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    told, journal, log = await run_full(tmp_path, require_server("mosquitto"), reserve=RESERVE)
    stored = told["stored"]
    assert stored["state"] + stored["event"] > FULL_FOR * 10
    # What had come into the hub before it noticed is taken, too.
    assert stored["telemetry"] < RATE
    assert told["opening"] == 202
    # Nobody listens at this broker, so that it refuses the order: it went out, once.
    orders = [kind for kind in journal if kind.startswith("command.")]
    assert orders == ["command.requested", "command.authorised", "command.failed"]
    assert [kind for kind in journal if kind.startswith("store.")] == ["store.short", "store.roomy"]
    assert "measurements wait" in log


async def run_full(
    folder: Path, mosquitto: Path, *, reserve: int
) -> tuple[dict[str, Any], list[str], str]:
    """Run a hub whose disk is full for a while; nothing is lost, nothing told that was not.

    Returns what was seen while it was full, the types of the journal's entries, and the log.
    """
    plan = Plan(SEED, SECONDS, rate=RATE)
    plot = Plot(devices=SITE, keepalive=KEEPALIVE, reserve=reserve)
    with small_disk(folder / "disk", SIZE) as disk:
        async with (
            running_broker(mosquitto, folder / "broker", shipped_lines(durable=False)) as broker,
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
        f"\nseed {SEED}: disk of {SIZE} with {reserve} MB kept, full for {FULL_FOR:g} s; {told};"
        f" sent {len(publisher.sent)}, acknowledged {len(publisher.acknowledged)}, stored"
        f" {len(stored.messages)}; tickets expected {len(plan.tickets)}, opened"
        f" {len(stored.tickets)}; integrity {stored.integrity}; verdict:"
        f" {'; '.join(faults) or 'sound'}\n"
    )
    assert faults == []
    assert "the store takes everything again" in log
    return told, [kind for _, kind, _ in stored.journal], log
