"""A gate is commissioned on a hub that runs: each fault is tried, it is signed for, and counts."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.assembly.loading import load_world, read_settings
from hub.assembly.site_books import stored_books
from hub.commands.broker_profile import find_speakers
from hub.commands.checking import check_files
from hub.errors import Problem
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import KEYS, Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, hears, last_seq, read_tickets, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

SITE = names("barrier_gate", 2)
GATE, OTHER = SITE
SHEET = f"/api/v1/devices/{GATE}/acceptance"
BOOM = "barrier-boom-broken"


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


async def post(
    hub: HubProcess, path: str, body: dict[str, Any], role: str = "manager"
) -> httpx2.Response:
    headers = {"authorization": f"Bearer {KEYS[role]}"}
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, timeout=60) as client:
        return await client.post(path, json=body, headers=headers)


async def progress(hub: HubProcess) -> str:
    lines = (await hub.get(SHEET))["lines"]
    return next(str(line["progress"]) for line in lines if line["rule"] == BOOM)


async def restart(hub: HubProcess) -> None:
    before = await last_seq(hub)
    await hub.kill()
    await hub.start()
    await has_caught_up(hub, before)


async def test_from_the_first_wire_to_the_first_ticket(hub: HubProcess, gates: Publisher) -> None:
    wish = {"state": "commissioning", "why": "新装"}
    assert (await post(hub, f"/api/v1/devices/{GATE}/state", wish)).is_success
    for broken, wanted in ((False, "untried"), (True, "raised")):
        for gate in (GATE, OTHER):
            gates.state(gate, time.time(), boom_broken=broken, arm_position="closed", mode="auto")
        await hears(hub, GATE, "boom.broken", value=broken)
        await until(lambda: progress(hub), lambda found, wanted=wanted: found == wanted)
    # The same fault at a gate in service is a ticket, so this one had its time.
    await has_ticket(hub, OTHER)
    assert [each["subject"] for each in await read_tickets(hub)] == [OTHER]
    why = (await hub.get(f"/api/v1/devices/{GATE}/why"))["items"]
    assert "调试中，只记录不告警" in [each["reason"]["zh"] for each in why]

    await restart(hub)
    assert await progress(hub) == "raised"
    gates.state(GATE, time.time(), boom_broken=False, arm_position="closed", mode="auto")
    await until(lambda: progress(hub), lambda found: found == "tried")

    early = await post(hub, f"{SHEET}/sign", {"accompanied": "王师傅"})
    assert early.status_code == 409, early.text
    for line in (await hub.get(SHEET))["lines"]:
        if line["progress"] == "untried":
            said = {"rule": line["rule"], "why": "现场无条件"}
            assert (await post(hub, f"{SHEET}/excuses", said, "crew")).is_success
    signed = await post(hub, f"{SHEET}/sign", {"accompanied": "王师傅"})
    assert signed.is_success, signed.text

    # It is in service over a restart, too, and its sheet can be read for ever.
    await restart(hub)
    assert (await hub.get(f"/api/v1/devices/{GATE}"))["state"] == "in_service"
    gates.state(GATE, time.time(), boom_broken=True, arm_position="closed", mode="auto")
    ticket = await has_ticket(hub, GATE)
    assert ticket["fault"] == "gate.boom_broken"
    assert (await hub.get(SHEET))["signature"]["accompanied"] == "王师傅"


def faults_of_the_site(config: Path) -> list[Problem]:
    """Return what is wrong but for the plan, which on purpose calls nobody."""
    return [each for each in check_files(config) if "duty.toml" not in each.file]


async def test_a_sheet_that_is_edited_afterwards_does_not_count_and_is_told(
    hub: HubProcess, tmp_path: Path
) -> None:
    wish = {"state": "retired", "why": "拆除"}
    assert (await post(hub, f"/api/v1/devices/{GATE}/state", wish)).is_success
    config, sheet = tmp_path / "hub" / "lingdang.toml", tmp_path / "hub" / "devices.csv"
    assert faults_of_the_site(config) == []
    row, *_ = [line for line in sheet.read_text("utf-8").splitlines() if line.startswith(GATE)]
    edited = row.replace("in_service", "planned")
    sheet.write_text(sheet.read_text("utf-8").replace(row, edited), "utf-8")
    (problem,) = faults_of_the_site(config)
    assert f"{GATE}: state 'planned' does not count" in problem.message
    await restart(hub)
    assert (await hub.get(f"/api/v1/devices/{GATE}"))["state"] == "retired"
    # Who may speak at the broker follows what counts, too.
    settings, _ = read_settings(config)
    known, states = stored_books(settings.store.path)
    world = load_world(settings, known, states=states)
    speakers = find_speakers(world.site.devices, hub_user="hub", file="devices.csv")
    assert GATE not in speakers
    assert OTHER in speakers
