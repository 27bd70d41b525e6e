"""Sixteen readers of the feed, a hub that is killed: each sees the journal by its own rights.

`CHAOS_LONG=N` kills N times instead; `FEED_SEED` takes another seed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from simulators.demo_files import free_port
from tests.chaos.checker import read_store
from tests.chaos.feed_crowd import Progress, gathered, write_all
from tests.integration.test_pushes import write_config
from tests.support.hub_process import HUB, HubProcess, running_hub

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = int(os.environ.get("FEED_SEED", "20261130"))
KILLS = int(os.environ.get("CHAOS_LONG", "0")) or 4
LIFE = (8, 24)
"""Things that are written before a hub is killed in the middle of the next."""
EAGER_HUB = (sys.executable, str(Path(__file__).with_name("eager_hub.py")))


def write_site(folder: Path) -> Path:
    """Write a site of four places, with a port that stays."""
    config = write_config(folder)
    places = ("t,T,community", "t/a,甲,compound", "t/a/x,甲一栋,building", "t/b,乙,compound")
    lines = ["path,name,kind,grid_code", *(f"{place}," for place in places)]
    (folder / "places.csv").write_text("\n".join(lines) + "\n", "utf-8")
    text = config.read_text("utf-8")
    config.write_text(text.replace("port = 0", f"port = {free_port()}", 1), "utf-8")
    return config


async def kill_now_and_then(hub: HubProcess, kills: int, progress: Progress) -> None:
    """Kill the hub at chance moments, and start it again."""
    chance = Random(SEED)
    for _ in range(kills):
        await progress.until(chance.randint(*LIFE))
        await hub.kill()
        await hub.start()
    await progress.until(LIFE[1])
    progress.enough.set()


async def run(folder: Path, kills: int, program: Sequence[str] = HUB) -> list[str]:
    """Write, read and kill, and return the faults that were found."""
    progress = Progress()
    async with running_hub(await asyncio.to_thread(write_site, folder), program) as hub:
        async with gathered(hub, SEED) as crowd, asyncio.TaskGroup() as group:
            group.create_task(write_all(hub, SEED, progress))
            group.create_task(crowd.read_until(progress.ended))
            group.create_task(kill_now_and_then(hub, kills, progress))
        await hub.stop()
    faults = crowd.find_faults(await asyncio.to_thread(read_store, hub.store))
    items = max(len(client.seqs) for client in crowd.followers)
    pages = sum(client.pages for client in (*crowd.followers, *crowd.pollers))
    sys.stdout.write(
        f"\nseed {SEED}: {len(crowd.followers)} followers and {len(crowd.pollers)} pollers,"
        f" {items} items, {pages} pages, {kills} kill -9, {len(faults)} faults\n"
    )
    assert items > 20, "this was no load"
    return faults


async def test_each_reader_sees_the_journal_by_its_rights_whatever_is_killed(
    tmp_path: Path,
) -> None:
    assert await run(tmp_path / "site", KILLS) == []


async def test_a_feed_whose_cursor_overtakes_a_commit_is_caught(tmp_path: Path) -> None:
    faults = await run(tmp_path / "site", 1, EAGER_HUB)
    assert any("never came" in fault for fault in faults), faults
