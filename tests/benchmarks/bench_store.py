"""Readings per second into SQLite, a commit each batch; alone, and beside a busy event loop."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import time
from pathlib import Path

import pytest

from hub.assembly.interpreter import SWITCH
from hub.clock import SystemClock
from hub.model.device import DeviceUid
from hub.model.report import Report, Sample, Topic
from hub.ports import Changes
from hub.store.sqlite import SqliteStore, open_store

pytestmark = pytest.mark.bench

DEVICES, POINTS, RUNS = 2_000, 5, 3
TOTAL = {False: 200_000, True: 20_000}
"""Rows of a run, alone and beside a busy loop."""


def make_batches(size: int, start: float, total: int) -> list[Changes]:
    chance = random.Random(1)
    rows = [
        Report(
            address="",
            topic=Topic.TELEMETRY,
            uid=DeviceUid(f"d{n % DEVICES}"),
            at=start + n / 1000,
            received=start + n / 1000 + 0.01,
            boot="b1",
            seq=n,
            samples=(Sample(f"p{n // DEVICES % POINTS}", chance.random()),),
        )
        for n in range(total)
    ]
    return [Changes(readings=rows[at : at + size]) for at in range(0, total, size)]


async def measure(store: SqliteStore, batches: list[Changes]) -> float:
    started = time.perf_counter()
    for batch in batches:
        await store.committer.commit(batch)
    return sum(len(batch.readings) for batch in batches) / (time.perf_counter() - started)


async def keep_busy() -> None:
    """Burn the loop's thread as decoding does, in slices of about a millisecond."""
    while True:
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass
        await asyncio.sleep(0)


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("size", [200, 500, 1000])
async def test_readings_per_second(tmp_path: Path, size: int, *, busy: bool) -> None:
    figures = []
    sys.setswitchinterval(SWITCH)
    async with open_store(tmp_path / "hub.db", clock=SystemClock()) as store:
        load = asyncio.create_task(keep_busy()) if busy else None
        for run in range(RUNS):
            batches = make_batches(size, 1e9 * (run + 1), TOTAL[busy])
            figures += [await measure(store, batches)]
        if load:
            load.cancel()
    beside = "beside a busy loop" if busy else "alone"
    print(
        f"\nbatches of {size}, {beside}: {statistics.median(figures):,.0f} rows/s"
        f" ({min(figures):,.0f}-{max(figures):,.0f}; {os.cpu_count()} cores)"
    )
