"""One life of a store, from a start on what a cut has left to its end, with every step recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from unittest.mock import patch

import msgspec

from hub.clock import ManualClock
from hub.ports import Changes
from hub.store import writer
from hub.store.sqlite import SqliteStore, open_store
from tests.chaos.power_cut.disk import Image, Step
from tests.chaos.power_cut.plan import ALL, DAYS, NOW, RING, Plan
from tests.chaos.power_cut.recorder import Recorder

UPKEEP = 0.3
"""Share of commits that upkeep follows."""


class Life(msgspec.Struct, kw_only=True):
    """What was done to the disk, and when the store said what."""

    image: Image
    """What was there at its start, all of it safe."""
    steps: Sequence[Step]
    begun: list[int]
    """Step before which each commit was begun."""
    returned: list[int]
    """Steps that had been taken when it returned: from then on it is acknowledged."""
    before: int
    """Commits that the image holds."""

    def acknowledged(self, cut: int) -> int:
        """Return how many commits must be there after a cut at a step."""
        return self.before + sum(step <= cut for step in self.returned)

    def attempted(self, cut: int) -> int:
        """Return how many may be there."""
        return self.before + sum(step < cut for step in self.begun)


async def commit_whole(store: SqliteStore, changes: Changes) -> None:
    """Commit as the hub does."""
    await store.committer.commit(changes)


class Nature(msgspec.Struct, frozen=True, kw_only=True):
    """How a life is lived: bounds lower than shipped bring checkpoints within a few commits."""

    commits: int = 6
    pragmas: tuple[str, ...] = ()
    log_limit: int = writer.WAL_LIMIT
    commit: Callable[[SqliteStore, Changes], Awaitable[None]] = commit_whole


async def live(folder: Path, image: Image, plan: Plan, before: int, nature: Nature) -> Life:
    """Open a store on an image, commit, look after the log in between, and close it."""
    recorder = Recorder(folder, image)
    life = Life(image=image, steps=recorder.steps, begun=[], returned=[], before=before)
    clock, connections = ManualClock(NOW), recorder.connections()
    with patch.object(writer, "WAL_LIMIT", nature.log_limit):
        async with open_store(
            folder / "hub.db", clock=clock, connections=connections, ring=RING, days=DAYS
        ) as store:
            await _set(store, nature.pragmas)
            await _commit(store, life, plan, nature)
    recorder.unregister()
    return life


async def _commit(store: SqliteStore, life: Life, plan: Plan, nature: Nature) -> None:
    first = life.before + 1
    for number in range(first, first + nature.commits):
        life.begun.append(len(life.steps))
        await nature.commit(store, plan.changes(number))
        life.returned.append(len(life.steps))
        await _tidy(store, Random(number))


async def _set(store: SqliteStore, pragmas: Sequence[str]) -> None:
    own = store.committer._writer
    for pragma in pragmas:
        await own.call(lambda pragma=pragma: own.connection().execute(pragma).fetchall())


async def _tidy(store: SqliteStore, chance: Random) -> None:
    if chance.random() >= UPKEEP:
        return
    match chance.randrange(3):
        case 0:
            await store.upkeep.save()
        case 1:
            await store.upkeep.tidy(now=NOW)
        case _:
            await store.upkeep.tidy(now=NOW * ALL)
