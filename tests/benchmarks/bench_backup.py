"""What a backup costs who commits meanwhile: latencies of commits, before and during one."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.ports import Changes
from hub.store.sqlite import SqliteStore, open_store
from tests.benchmarks.bench_store import make_batches

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

FILLING = 400
"""Megabytes of history in the database."""
MESSAGES, PAUSE = 50, 0.02
"""Messages of a batch, and seconds between two batches: up to 2,500 messages a second."""
BEFORE = 200
"""Commits that are timed before the backup begins."""


def fill(store: SqliteStore) -> None:
    """Write random blocks of a megabyte, in the writer's thread."""
    sql = "INSERT INTO chunk (hour, part, uid, count, body) VALUES (?, 1, '#00', 0, ?)"
    for hour in range(FILLING):
        row = (hour, os.urandom(1_000_000))
        store.committer._writer.transact(lambda connection, row=row: connection.execute(sql, row))


async def time_commits(
    store: SqliteStore, batches: list[Changes], ends: asyncio.Event
) -> list[float]:
    """Return milliseconds of each commit, until `ends` is set or batches are."""
    took = []
    while batches and not ends.is_set():
        began = time.perf_counter()
        await store.committer.commit(batches.pop())
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE)
    return took


async def run_backup(folder: Path, ends: asyncio.Event) -> str:
    command = (sys.executable, "-m", "hub", "backup", folder / "lingdang.toml", folder / "copy.db")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    ends.set()
    return said.decode().splitlines()[-1]


async def test_commits_beside_a_backup(tmp_path: Path) -> None:
    (tmp_path / "lingdang.toml").write_text('[community]\nid = "x"\n', "utf-8")
    async with open_store(tmp_path / "lingdang.db", clock=SystemClock()) as store:
        await store.committer._writer.call(lambda: fill(store))
        batches = make_batches(MESSAGES, 1e9, 400_000)
        alone = await time_commits(store, batches[-BEFORE:], asyncio.Event())
        ends = asyncio.Event()
        backup = asyncio.create_task(run_backup(tmp_path, ends))
        beside = await time_commits(store, batches[:-BEFORE], ends)
        said = await backup
    print(f"\n{said}")
    for name, each in (("alone", sorted(alone)), ("beside a backup", sorted(beside))):
        middle, late = each[len(each) // 2], each[len(each) * 99 // 100]
        print(
            f"{name}: {len(each)} commits of {MESSAGES} messages,"
            f" p50 {middle:.1f} ms, p99 {late:.1f} ms, longest {each[-1]:.1f} ms"
        )
