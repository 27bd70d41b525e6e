"""The sink against a real store that takes the line protocol: VictoriaMetrics from Debian."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from hub.settings import InfluxSettings
from hub.store.sink.receiver import InfluxReceiver, Verdict
from tests.unit.store.sink_stage import bench, reading

pytestmark = pytest.mark.integration


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def metrics(tmp_path: Path, require_server: Callable[[str], Path]) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [
            require_server("victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={tmp_path / 'metrics'}",
            "-retentionPeriod=100y",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url)
        yield url
    finally:
        process.kill()
        process.wait()


def wait_for(url: str) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            if httpx2.get(f"{url}/health", timeout=1, trust_env=False).is_success:
                return
        except httpx2.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"{url} is not up")


def stored_values(url: str) -> list[float]:
    time.sleep(1)
    httpx2.get(f"{url}/internal/force_flush", trust_env=False)
    answer = httpx2.post(
        f"{url}/api/v1/export", data={"match[]": '{__name__!=""}'}, trust_env=False
    )
    lines = [json.loads(line) for line in answer.text.splitlines()]
    return sorted(value for line in lines for value in line["values"])


async def test_stored_readings_arrive_once_each_whoever_looks_again(
    metrics: str, tmp_path: Path
) -> None:
    now = time.time()
    settings = InfluxSettings(url=metrics, bucket="lingdang", token="t")
    async with bench(tmp_path / "hub") as own:
        await own.commit(*(reading(float(n), float(n)) for n in range(1, 301)))
        with closing(InfluxReceiver(settings)) as receiver:
            await own.sink(receiver).step(now)
            await own.sink(receiver).step(now)
    values = await asyncio.to_thread(stored_values, metrics)
    assert values == [float(n) for n in range(1, 301)]


async def test_a_store_that_refuses_connections_is_asked_again_later() -> None:
    settings = InfluxSettings(url=f"http://127.0.0.1:{free_port()}", bucket="b", token="t")
    with closing(InfluxReceiver(settings, timeout=2.0)) as receiver:
        answer = await receiver.send(["m,device=a v=1 1"])
    assert answer.verdict is Verdict.LATER
    assert answer.why
