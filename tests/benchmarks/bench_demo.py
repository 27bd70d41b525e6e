"""How soon the demo is there, a fault on the guard's wall, and a hub gone that is asked to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, sync_playwright

from hub.model.instant import from_rfc3339
from tests.acceptance.console_browser import ARGUMENTS
from tests.acceptance.demo_process import Demo, running_demo, until
from tests.benchmarks.report import Row, print_table, spread, write_results
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import KEYS, Plot, names, write_site
from tests.support.story import has_caught_up

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

RUNS = 5
SHOWN = 3
"""Faults that a wall has room for beside the largest."""


def test_a_demo_from_its_command_to_its_first_ticket_and_back_after_kill_nine(
    tmp_path: Path,
) -> None:
    took: dict[str, list[float]] = {"ready": [], "first ticket": [], "ready after kill -9": []}
    for run in range(RUNS):
        folder = tmp_path / str(run)
        folder.mkdir()
        began = time.monotonic()
        with running_demo(folder, "--devices", "300") as demo:
            took["ready"].append(demo.took)
            until(demo.tickets)
            took["first ticket"].append(time.monotonic() - began)
            took["ready after kill -9"].append(_kill_hub(demo))
    goals = {"ready": "< 15", "first ticket": "< 30", "ready after kill -9": "< 5"}
    rows = [Row(f"{what}, s", spread(each, 1), goals[what]) for what, each in took.items()]
    print_table("demo of 300 devices", rows)
    write_results("demo", took)


def _kill_hub(demo: Demo) -> float:
    """Kill the hub, and return the seconds until the demo has another that is ready."""
    hub = demo.ready["pids"]["hub"]
    os.kill(hub, signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: demo.read_ready()["pids"]["hub"] != hub)
    assert demo.call("GET", "/readyz", "").status_code == 200
    return time.monotonic() - killed


def test_a_fault_from_its_ticket_to_the_guards_wall(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    chromium = str(require_server("chromium"))
    options = ("--devices", "120", "--faults", "none")
    with running_demo(tmp_path, *options) as demo, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        _sign_in(page, demo)
        page.goto(f"{demo.ready['url']}/wall")
        page.wait_for_selector("html.live", state="attached")
        gates = demo.devices("barrier_gate")[:SHOWN]
        behind = [_watch(page, demo, gate["id"], number) for number, gate in enumerate(gates)]
        browser.close()
    print_table("guard wall", [Row("ticket's opening to the screen, s", spread(behind, 2), "< 1")])
    write_results("wall", {"seconds": behind})


def _sign_in(page: Page, demo: Demo) -> None:
    login = demo.ready["logins"]["guard"]
    page.goto(f"{demo.ready['url']}/sign-in")
    page.fill("#name", login["name"])
    page.fill("#password", login["password"])
    page.click("main form button")


def _watch(page: Page, demo: Demo, gate: str, already: int) -> float:
    """Break a gate's boom; returns by how many seconds the wall is behind the ticket."""
    demo.cause("boom-broken", gate)
    page.locator(".todo article").nth(already).wait_for()
    shown = time.time()
    return shown - real_time(demo, from_rfc3339(demo.ticket_of(gate)["opened_at"]))


def real_time(demo: Demo, instant: float) -> float:
    """Turn an instant of the demo's fast clock into one of ours."""
    tables = tomllib.loads((demo.data / "lingdang.toml").read_text("utf-8"))["demo"]
    origin, speed = float(tables["clock_origin"]), float(tables["speed"])
    return origin + (instant - origin) / speed


@pytest.fixture
async def hub(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[HubProcess]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        plot = Plot(devices=names("barrier_gate", 10))
        async with running_hub(write_site(tmp_path / "hub", plot, mqtt_port=broker.port)) as hub:
            await has_caught_up(hub)
            yield hub


async def test_a_hub_from_sigterm_to_its_end_though_a_stream_is_open(hub: HubProcess) -> None:
    took = []
    headers = {"Authorization": f"Bearer {KEYS['guard']}"}
    for _ in range(RUNS):
        async with (
            httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False) as client,
            client.stream("GET", "/api/v1/stream") as stream,
        ):
            assert stream.status_code == 200
            began = time.monotonic()
            assert await hub.stop() == 0
            took.append(time.monotonic() - began)
        await hub.start()
        await asyncio.sleep(1)
    print_table("stop", [Row("SIGTERM to the end, s", spread(took, 2), "< 5")])
    write_results("stop", {"seconds": took})
