"""The pull feed over the embedded store while it is being written."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.feeds.incident import make_projector
from hub.intake.pulse import CommitPulse
from hub.model.access import Role
from hub.model.journal import Entry
from hub.ports import Changes
from hub.store.sqlite import SqliteStore, open_store
from tests.unit.access.web_fakes import (
    NOW,
    PLACES,
    TOKENS,
    World,
    client_of,
    make_world,
    ticket,
)
from tests.unit.api.app_of_api import make_app

pytestmark = pytest.mark.integration

COMMITS = 120


async def write(store: SqliteStore, pulse: CommitPulse, written: list[int]) -> None:
    """Commit batches of tickets, alternately in two compounds, and wake the readers."""
    project = make_projector("guanshan", lambda: PLACES)
    chance = random.Random(7)
    seq = 0
    for _ in range(COMMITS):
        changes = Changes()
        for _ in range(chance.randint(1, 5)):
            seq += 1
            about = ticket(f"GS-20251125-{seq:04}", place=f"guanshan/{'ab'[seq % 2]}/gate")
            entry = Entry(
                seq=seq,
                at=NOW,
                type=chance.choice(["ticket.opened", "alarm.raised"]),
                subject=about.number,
                actor="hub",
                place=about.place,
            )
            changes.journal.append(entry)
            if row := project(entry, about):
                changes.feed.append(row)
                written.append(seq)
        await store.committer.commit(changes)
        pulse.beat(seq, frozenset())


def over(world: World, store: SqliteStore, pulse: CommitPulse) -> World:
    """Return the world reading from the store; who asks is still known to the fakes."""
    ports = msgspec.structs.replace(world.ports, books=store.books, pulse=pulse)
    return msgspec.structs.replace(world, ports=ports)


async def follow(world: World, token: str, last: asyncio.Event, seed: int) -> list[int]:
    """Read with random page sizes and waits until the writer has ended and nothing is left."""
    chance = random.Random(seed)
    got: list[int] = []
    query: dict[str, Any] = {}
    async with client_of(make_app(world), token) as client:
        while True:
            over_before = last.is_set()
            query |= {"limit": chance.choice([1, 3, 40]), "wait": chance.choice([0, 0.05])}
            page = (await client.get("/grid/v1/feed", params=query)).json()
            got += [int(item["id"].rpartition("-")[2]) for item in page["items"]]
            query["after"] = page["next"]
            if over_before and not page["items"]:
                return got


async def test_consumers_read_what_was_committed_once_each_in_order(tmp_path: Path) -> None:
    world = make_world()
    world.give(Role.GRID, scope="guanshan/b", token="ld_grid_of_b")
    pulse, ended = CommitPulse(0), asyncio.Event()
    written: list[int] = []
    async with open_store(tmp_path / "hub.db", clock=ManualClock(NOW)) as store:
        reading = over(world, store, pulse)
        readers = [
            asyncio.create_task(follow(reading, TOKENS[Role.GRID], ended, 1)),
            asyncio.create_task(follow(reading, TOKENS[Role.GRID], ended, 2)),
            asyncio.create_task(follow(reading, "ld_grid_of_b", ended, 3)),
        ]
        await write(store, pulse, written)
        ended.set()
        whole, again, of_b = await asyncio.gather(*readers)
    assert len(written) > COMMITS
    assert whole == written
    assert again == written
    assert of_b == [seq for seq in written if seq % 2]
