"""What the hub is measured beside: its MQTT client alone, and the least hub behind the same client.

Alone, a session acknowledges what it receives, and does nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import cast

import msgspec

from device_drivers.links.mqtt import MqttLink
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import MqttSettings, Session
from hub.clock import SystemClock
from hub.intake.inbox import BoundedInbox
from hub.intake.pipeline import LINGER
from hub.ports import Envelope
from tests.benchmarks.generator import Generator, Stream
from tests.benchmarks.least_hub import LeastHub
from tests.contract.mqtt_broker import Tray, Watch, running
from tests.support.broker import running_broker

BROKER_LINES = (
    "max_inflight_messages 1000",
    "max_queued_messages 1000000",
    "persistence false",
)
"""Without persistence, which would cost mosquitto 2.0.11 most of its speed."""
BURST = 60_000

Work = Callable[[Sequence[Envelope]], Awaitable[None]]
"""What is done with a batch before it is acknowledged."""


async def do_nothing(_batch: Sequence[Envelope]) -> None:
    """Leave a batch as it is."""


@contextlib.asynccontextmanager
async def consumer(
    client: str, port: int, work: Work
) -> AsyncIterator[Callable[[int], asyncio.Task[float]]]:
    """A running session; call what it yields to take so many messages and learn the seconds."""
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
            batch = cast("list[Envelope]", inbox.take(1000))
            await work(batch)
            link.acknowledge(batch)
            count -= len(batch)
        return time.monotonic() - began

    async with running(link):
        await log.heard("caught up")
        yield lambda count: asyncio.create_task(take(count), name="consumer")


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured beside the hub: mosquitto, the load generator, and the hub's MQTT client."""

    mosquitto: Path
    load: Path
    client: str

    async def alone(self, folder: Path, rate: float = 0.0) -> tuple[float, float]:
        """Let the client alone take a burst, or 3 s of `rate` messages/s; see `_measure`."""
        return await self._measure(folder, rate, do_nothing)

    async def least(self, folder: Path, rate: float = 0.0) -> tuple[float, float]:
        """Let the least hub take as much; see `_measure`."""
        least = LeastHub(folder / "least.db")
        with contextlib.closing(least):
            found = await self._measure(folder, rate, least.take)
            assert least.count() == _count(rate)
        return found

    async def _measure(self, folder: Path, rate: float, work: Work) -> tuple[float, float]:
        """Return messages per second, and this process's CPU per message in microseconds."""
        count = _count(rate)
        async with (
            running_broker(self.mosquitto, folder / "broker", BROKER_LINES) as broker,
            consumer(self.client, broker.port, work) as start,
        ):
            load = Generator(self.load, broker.port)
            before, taking = time.process_time(), start(count)
            await load.publish(Stream(messages=count, rate=rate))
            seconds = await taking
            return count / seconds, 1e6 * (time.process_time() - before) / count


def _count(rate: float) -> int:
    return BURST if not rate else int(rate * 3)
