"""A fault that begins in a maintenance window, or while somebody works, on a hub that runs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.model.instant import to_rfc3339
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import KEYS, Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, hears, last_seq, read_tickets, until

pytestmark = pytest.mark.integration

SITE = names("barrier_gate", 2)
GATE, OTHER = SITE
TEXT = {"zh": "更换闸杆", "en": "a new boom"}


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        yield broker.port


@pytest.fixture
async def hub(tmp_path: Path, port: int) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=port)
    async with running_hub(config) as hub:
        await has_caught_up(hub)
        yield hub


@pytest.fixture
async def gates(port: int) -> AsyncIterator[Publisher]:
    async with publishing(port) as publisher:
        yield publisher


async def post(hub: HubProcess, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {KEYS['manager']}"}
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, timeout=60) as client:
        answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def open_alarms(hub: HubProcess, subject: str) -> list[tuple[str, str]]:
    items = (await hub.get("/api/v1/alarms", state="open", subject=subject))["items"]
    return sorted((each["fault"], each["state"]) for each in items)


async def test_a_fault_in_a_window_is_recorded_and_told_once_the_window_ends(
    hub: HubProcess, gates: Publisher
) -> None:
    end = to_rfc3339(time.time() + 3600)
    window = {"kind": "maintenance", "text": TEXT, "end": end, "device": GATE}
    opened = await post(hub, "/api/v1/windows", window)
    gates.state(GATE, time.time(), boom_broken=True)
    gates.state(OTHER, time.time(), boom_broken=True)
    await has_ticket(hub, OTHER)
    suppressed = [("gate.boom_broken", "suppressed")]
    await until(lambda: open_alarms(hub, GATE), lambda found: found == suppressed)
    why = (await hub.get(f"/api/v1/devices/{GATE}/why"))["items"]
    reasons = [each["reason"]["zh"] for each in why if each["answer"] == "closed"]
    assert any("更换闸杆" in reason for reason in reasons), reasons

    # The window is no secret of one process.
    before = await last_seq(hub)
    await hub.kill()
    await hub.start()
    await has_caught_up(hub, before)
    assert [each["id"] for each in (await hub.get("/api/v1/windows"))["items"]] == [opened["id"]]
    assert [ticket["subject"] for ticket in await read_tickets(hub)] == [OTHER]

    await post(hub, f"/api/v1/windows/{opened['id']}/end", {})
    ticket = await has_ticket(hub, GATE)
    assert ticket["fault"] == "gate.boom_broken"


async def test_while_a_worker_is_there_other_faults_wait_and_the_tickets_own_does_not(
    hub: HubProcess, gates: Publisher
) -> None:
    gates.state(GATE, time.time(), boom_broken=True, fault_code="none", arm_position="closed")
    ticket = await has_ticket(hub, GATE)
    for step in ("take", "arrive"):
        await hub.act(ticket["number"], step, "crew")
    gates.state(GATE, time.time(), boom_broken=True, fault_code="E03", arm_position="closed")
    await until(
        lambda: open_alarms(hub, GATE),
        lambda found: ("gate.wont_open", "suppressed") in found,
    )
    gates.state(GATE, time.time(), boom_broken=False, fault_code="E03", arm_position="closed")
    await hears(hub, GATE, "boom.broken", value=False)
    await until(
        lambda: open_alarms(hub, GATE),
        lambda found: found == [("gate.wont_open", "suppressed")],
    )
    await hub.act(ticket["number"], "complete", "crew", code="replaced")

    async def subjects() -> list[str]:
        return sorted(each["fault"] for each in await read_tickets(hub))

    # What was broken while it was worked on, and still is, is the next ticket.
    await until(subjects, lambda found: found == ["gate.boom_broken", "gate.wont_open"])
