"""The hub beside Node-RED: the same broker, load, payload and kind of rule, in turns of one run.

What a peer stores of a burst in a second; the latency from a message to the alarm in its database
at a pace that all can keep; memory; and what is gone after `kill -9` in the middle of a backlog,
of messages that the broker had taken. Figures of different kinds of product: Node-RED moves
a message, the hub also knows duplicates, judges, keeps a journal, and opens tickets.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from tests.benchmarks.bare_client import BROKER_LINES
from tests.benchmarks.generator import Generator, Stream, compile_load
from tests.benchmarks.ingestion import LEAN_HUB
from tests.benchmarks.ingestion_site import DEVICES, write_bench_site
from tests.benchmarks.node_red import FLOWS, STORED, NodeRed, install
from tests.benchmarks.report import Row, name_broker, print_table, quantile, spread, write_results
from tests.benchmarks.witness import Watch, read_known
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess

pytestmark = [pytest.mark.peers, pytest.mark.integration, pytest.mark.timeout(1800)]

BURSTS = 3
BURST = {"hub": 60_000, "plain": 20_000, "batched": 60_000}
"""Messages: some four seconds of work for each."""
PACE, PACED_SECONDS = 1000.0, 10.0
BACKLOG, TAKEN = 30_000, 1000
"""Messages that wait in the broker, and how many of them are stored when the kill comes."""
KILL_DEVICES = 100
"""Few: the broker keeps the last message of each as a retained one, and that one cannot be lost."""
STILL = 8.0
"""Seconds without a new row after which no more will come; a start takes less."""


class Subject(Protocol):
    """Who is measured."""

    store: Path

    @property
    def pid(self) -> int:
        """The number of the running process."""
        ...

    async def start(self) -> None:
        """Start, and return once there is a database."""
        ...

    async def launch(self) -> None:
        """Start, and return at once."""
        ...

    async def kill(self) -> None:
        """`kill -9`."""
        ...

    async def stop(self) -> object:
        """End it."""
        ...

    def known(self) -> list[tuple[str, int]]:
        """Return (device, seq) of each stored message."""
        ...


class Hub(HubProcess):
    """The hub as a subject, with one rule for each point."""

    def __init__(self, folder: Path, mqtt_port: int) -> None:
        config = write_bench_site(folder, mqtt_port=mqtt_port, lean=True, client="paho")
        super().__init__(config, LEAN_HUB)

    @property
    def pid(self) -> int:
        """The number of the running process."""
        return self._child.pid

    def known(self) -> list[tuple[str, int]]:
        """Return (device, seq) of each stored message."""
        return [(uid, seq) for uid, seq in read_known(self.store) if seq is not None]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What one subject has shown; rates in messages a second, latencies in ms, memory in MB."""

    name: str
    rates: list[float]
    ratios: list[float]
    """Of the ceiling that was taken before each burst."""
    latencies: list[float]
    memory: float
    sent: int
    """Messages around the kill, all acknowledged by the broker."""
    lost: int
    doubled: int


class Bench:
    """What all subjects share."""

    def __init__(self, folder: Path, mosquitto: Path) -> None:
        self._folder = folder
        self._mosquitto = mosquitto
        self._load = compile_load(folder)

    async def measure(self, name: str) -> Found:
        """Measure one subject."""
        speed = await self._with(name, "speed", self._measure_speed)
        loss = await self._with(name, "kill", self._measure_loss)
        return msgspec.convert({"name": name, **speed, **loss}, Found)

    async def _with(
        self,
        name: str,
        what: str,
        run: Callable[[str, Subject, Watch, Generator, Generator], Awaitable[dict[str, object]]],
    ) -> dict[str, object]:
        folder = self._folder / f"{name}-{what}"
        folder.mkdir()
        async with (
            running_broker(self._mosquitto, folder / "broker", BROKER_LINES) as broker,
            running_broker(self._mosquitto, folder / "idle", BROKER_LINES) as idle,
        ):
            subject, watch = make_subject(name, folder / "own", broker.port)
            load, ceiling = Generator(self._load, broker.port), Generator(self._load, idle.port)
            await subject.start()
            try:
                return await run(name, subject, watch, load, ceiling)
            finally:
                await subject.stop()

    async def _measure_speed(
        self, name: str, _subject: Subject, watch: Watch, load: Generator, idle: Generator
    ) -> dict[str, object]:
        sent, rates, ratios = DEVICES, [], []
        await load.publish(Stream(messages=DEVICES))
        await watch.until_stored(sent)
        for _ in range(BURSTS):
            ceiling = await idle.measure_ceiling(Stream(messages=BURST[name]))
            publishing = asyncio.create_task(load.publish(Stream(messages=BURST[name], first=sent)))
            sent += BURST[name]
            end = await watch.until_stored(sent)
            began = (await publishing).start
            rates.append(BURST[name] / (end - began))
            ratios.append(rates[-1] / ceiling.rate)
        async with watch.timing() as latencies:
            paced = int(PACE * PACED_SECONDS)
            await load.publish(Stream(messages=paced, first=sent, rate=PACE))
            await watch.until_stored(sent + paced)
        milliseconds = [1000 * each for each in latencies]
        return {
            "rates": rates,
            "ratios": ratios,
            "latencies": milliseconds,
            "memory": watch.memory(),
        }

    async def _measure_loss(
        self, _name: str, subject: Subject, watch: Watch, load: Generator, _idle: Generator
    ) -> dict[str, object]:
        devices = KILL_DEVICES
        await load.publish(Stream(messages=devices, devices=devices))
        await watch.until_stored(devices)
        await subject.kill()
        await load.publish(Stream(messages=BACKLOG, first=devices, devices=devices))
        await subject.launch()
        await watch.until_stored(devices + TAKEN)
        await subject.kill()
        await subject.launch()
        await until_still(watch)
        times = Counter(await asyncio.to_thread(subject.known))
        return {
            "sent": BACKLOG + devices,
            "lost": BACKLOG + devices - len(times),
            "doubled": times.total() - len(times),
        }


def make_subject(name: str, folder: Path, mqtt_port: int) -> tuple[Subject, Watch]:
    """Make a subject, and who watches it."""
    if name == "hub":
        folder.mkdir()
        hub = Hub(folder, mqtt_port)
        return hub, Watch(hub.store, lambda: hub.pid)
    peer = NodeRed(name, folder, mqtt_port)
    return peer, Watch(peer.store, lambda: peer.pid, STORED)


async def until_still(watch: Watch) -> None:
    """Return once nothing more comes into the store."""
    stored, since = -1, time.monotonic()
    while time.monotonic() - since < STILL:
        found = watch.count_stored()
        if found != stored:
            stored, since = found, time.monotonic()
        await asyncio.sleep(0.1)


async def test_the_hub_beside_node_red(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    mosquitto = require_server("mosquitto")
    await asyncio.to_thread(install)
    bench = Bench(tmp_path, mosquitto)
    results = [await bench.measure(name) for name in ("hub", *FLOWS)]
    for found in results:
        print_table(found.name, make_rows(found, results[0]))
    whole = {"broker": name_broker(mosquitto), "runs": msgspec.to_builtins(results)}
    print(f"\n  written to {write_results('peers', whole)}")
    assert (results[0].lost, results[0].doubled) == (0, 0)


def make_rows(found: Found, hub: Found) -> list[Row]:
    """Write the figures of one subject; the last column of a burst compares it with the hub."""
    share = [ours / theirs for ours, theirs in zip(hub.rates, found.rates, strict=True)]
    p50, p99 = quantile(found.latencies, 0.5), quantile(found.latencies, 0.99)
    return [
        Row("burst, messages/s", spread(found.rates)),
        Row("of the broker's ceiling", spread(found.ratios, 2)),
        Row("the hub's rate over this", spread(share, 1)),
        Row(
            f"message → alarm stored, {PACE:,.0f}/s, p50 / p99",
            f"{p50:.1f} / {p99:.1f} ms of {len(found.latencies)}",
        ),
        Row("memory, MB", f"{found.memory:.0f}"),
        Row("kill -9: acknowledged and lost", f"{found.lost:,} of {found.sent:,}"),
        Row("kill -9: stored twice", f"{found.doubled:,}"),
    ]
