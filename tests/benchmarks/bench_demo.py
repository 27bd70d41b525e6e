"""How soon the demo is there, and a hub gone that is asked to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.demo_process import Demo, running_demo, until
from tests.benchmarks.report import Row, print_table, spread, write_results
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import KEYS, Plot, names, write_site
from tests.support.story import has_caught_up

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

RUNS = 5


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
