"""An MQTT client by itself: a session that acknowledges what it receives, and does nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from device_drivers.links.mqtt import MqttLink
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import MqttSettings, Session
from hub.clock import SystemClock
from hub.intake.inbox import BoundedInbox
from tests.benchmarks.generator import Generator, Stream
from tests.contract.mqtt_broker import Tray, Watch, running
from tests.support.broker import running_broker

BROKER_LINES = (
    "max_inflight_messages 1000",
    "max_queued_messages 1000000",
    "persistence false",
)
"""Without persistence, which would cost mosquitto 2.0.11 most of its speed."""
BURST = 60_000
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


async def measure_alone(
    servers: tuple[Path, Path], folder: Path, client: str, rate: float = 0.0
) -> tuple[float, float]:
    """Return messages per second, and this process's CPU per message in microseconds.

    `servers` are mosquitto and the load generator; a `rate` of 0 is a burst.
    """
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
