"""What history takes, and how long 24 hours and 30 days of a point take to read."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from sqlite3 import Connection

import pytest

from hub.clock import SystemClock
from hub.model.device import DeviceUid
from hub.model.report import Report, Sample, Topic
from hub.store.readings import chunk, compaction
from hub.store.readings.chunk import HOUR
from hub.store.sqlite import SqliteStore, open_store

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

DEVICES, DAYS, PER_HOUR, RUNS = 20, 30, 60, 25
HOURS = DAYS * 24
START = 490_000
"""The first hour, in hours since 1970."""
POINTS = ("voltage.a", "current.a", "power.active", "power.factor", "energy.import")
EVERYTHING = 10**6


def say(chance: random.Random, hour: int) -> list[chunk.Said]:
    """Return what a meter says in an hour: four measurements that drift, and a counter."""
    said: list[chunk.Said] = []
    for minute in range(PER_HOUR):
        number = hour * PER_HOUR + minute
        at = (START + hour) * HOUR + minute * 60 + 1.5
        values = (
            round(chance.gauss(229, 1), 1),
            round(chance.gauss(4, 0.5), 2),
            round(chance.gauss(900, 100), 1),
            round(chance.uniform(0.9, 1), 3),
            round(1000 + number * 0.015, 2),
        )
        report = Report(
            address="",
            uid=DeviceUid("d0"),
            topic=Topic.TELEMETRY,
            at=at,
            received=at + 0.02,
            boot="b1",
            seq=number,
            samples=tuple(map(Sample, POINTS, values)),
        )
        said.append(("d0", 0, report))
    return said


def fill(store: SqliteStore) -> None:
    """Write the month as upkeep would, in the writer's thread."""
    chance = random.Random(1)

    def write(connection: Connection, hour: int) -> None:
        body = chunk.pack(say(chance, hour))
        rows = [(START + hour, 0, f"d{n}", PER_HOUR, body) for n in range(DEVICES)]
        compaction.write_parts(connection, rows)
        compaction.write_chunks(connection, rows)

    for hour in range(HOURS):
        store.committer._writer.transact(lambda connection, hour=hour: write(connection, hour))


async def measure(name: str, ask: Callable[[], Awaitable[int]]) -> None:
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        rows = await ask()
        took.append((time.perf_counter() - began) * 1000)
    print(f"{name}: {rows} rows, median {statistics.median(took):.1f} ms, worst {max(took):.1f} ms")


def read_sizes(connection: Connection) -> tuple[int, int]:
    sql = "SELECT sum(length(body)) FROM {}"
    chunks, rollups = (
        connection.execute(sql.format(name)).fetchone()[0] for name in ("chunk", "rollup")
    )
    return chunks, rollups


async def test_a_month_of_a_point(tmp_path: Path) -> None:
    async with open_store(tmp_path / "hub.db", clock=SystemClock()) as store:
        await store.committer._writer.call(lambda: fill(store))
        began = time.perf_counter()
        await store.upkeep.ageing.roll(HOURS)
        rolling = time.perf_counter() - began
        chunks, rollups = await store.archive._readers.read(read_sizes)
        each = DEVICES * HOURS * len(POINTS)
        print(
            f"\n{chunks / each / PER_HOUR:.2f} bytes a reading,"
            f" {rollups / each:.1f} bytes a roll-up of a point's hour;"
            f" {rolling / DEVICES / HOURS * 1e3:.2f} ms to roll up an hour of a device"
        )
        end = (START + HOURS) * HOUR

        async def read(days: int) -> int:
            page = await store.archive.history(
                "d7", "power.active", start=end - days * 86400, end=end, limit=EVERYTHING
            )
            return len(page.rows)

        async def hours(days: int) -> int:
            start = end - days * 86400
            found = await store.archive.rollups(
                "d7", "power.active", start=start, end=end, limit=EVERYTHING
            )
            return len(found)

        await measure("24 hours, readings", lambda: read(1))
        await measure("30 days, readings", lambda: read(30))
        await measure("30 days, hours", lambda: hours(30))
        await asyncio.sleep(0)
