"""The MQTT clients alone: a session that acknowledges what it receives, and does nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from device_drivers.links.mqtt import MqttLink
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import MqttSettings, Session
from hub.clock import SystemClock
from hub.intake.inbox import BoundedInbox
from tests.benchmarks.generator import Generator, Stream, compile_load
from tests.benchmarks.ingestion import BROKER_LINES, BURST
from tests.benchmarks.report import Row, print_table, spread
from tests.contract.mqtt_broker import Tray, Watch, running
from tests.support.broker import running_broker

pytestmark = [pytest.mark.bench, pytest.mark.integration, pytest.mark.timeout(600)]

CLIENTS = ("paho", "fast")
ROUNDS = 3
PACES = {"burst": 0.0, "4,000/s": 4000.0, "20,000/s": 20_000.0}
LINGER = 0.002
"""Seconds that the consumer waits between two batches."""


@contextlib.asynccontextmanager
async def consumer(client: str, port: int) -> AsyncIterator[Callable[[int], asyncio.Task[float]]]:
    """A running session; call what it yields to take so many messages and learn when that began."""
    inbox, log = BoundedInbox(), Tray()
    settings = MqttSettings(host="127.0.0.1", port=port, community="test", client=client)
    link = MqttLink(
        Session.STATE, Dialler(settings), inbox=inbox, watch=Watch(log), clock=SystemClock()
    )

    async def take(count: int) -> float:
        await inbox.arrival()
        began = time.monotonic()
        while count > 0:
            await inbox.arrival()
            await asyncio.sleep(LINGER)
            batch = inbox.take(1000)
            link.acknowledge(batch)
            count -= len(batch)
        return time.monotonic() - began

    async with running(link):
        await log.heard("caught up")
        yield lambda count: asyncio.create_task(take(count), name="consumer")


async def measure(
    servers: tuple[Path, Path], folder: Path, client: str, rate: float
) -> tuple[float, float]:
    """Return messages per second, and this process's CPU per message in microseconds."""
    count = BURST if not rate else int(rate * 3)
    async with (
        running_broker(servers[0], folder / "broker", BROKER_LINES) as broker,
        consumer(client, broker.port) as start,
    ):
        load = Generator(servers[1], broker.port)
        before, taking = time.process_time(), start(count)
        await load.publish(Stream(messages=count, rate=rate))
        seconds = await taking
        return count / seconds, 1e6 * (time.process_time() - before) / count


@pytest.mark.parametrize("client", CLIENTS)
async def test_the_client_alone(
    tmp_path: Path, require_server: Callable[[str], Path], client: str
) -> None:
    mosquitto, load = require_server("mosquitto"), compile_load(tmp_path)
    rows = []
    for name, rate in PACES.items():
        figures, ceilings = [], []
        for number in range(ROUNDS):
            folder = tmp_path / f"{rate:.0f}-{number}"
            async with running_broker(mosquitto, folder / "idle", BROKER_LINES) as idle:
                ceiling = await Generator(load, idle.port).measure_ceiling(Stream(messages=BURST))
            ceilings.append(ceiling.rate)
            figures.append(await measure((mosquitto, load), folder, client, rate))
        if not rate:
            rows.append(Row("broker's ceiling, C subscriber", spread(ceilings)))
            rows.append(Row("burst, messages/s", spread([each for each, _ in figures])))
        rows.append(Row(f"{name}: CPU a message, µs", spread([cpu for _, cpu in figures], 1)))
    print_table(f"the link alone: {client}", rows)
