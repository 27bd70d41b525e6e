"""Power cuts, on a disk that drops, tears and reorders what was not synced (docs/adr/0013)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec
import pytest

from hub.ports import Changes
from hub.store.sqlite import SqliteStore
from tests.chaos.power_cut.disk import Disk, Sync
from tests.chaos.power_cut.life import Life, Nature
from tests.chaos.power_cut.toll import Toll, cut_power

SEED = 20_261_125
IMAGES = int(os.environ.get("POWER_CUTS", "20000"))
"""Distinct images; a night's run asks for more."""
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240 + IMAGES / 50)]

FEW = 300
"""Images in which a broken hub must show."""
OFTEN = "PRAGMA wal_autocheckpoint = 40"
NATURES = (
    Nature(),
    Nature(commits=12, pragmas=(OFTEN,)),
    Nature(commits=12, log_limit=200_000),
    Nature(commits=12, pragmas=("PRAGMA wal_autocheckpoint = 15",), log_limit=100_000),
)
"""As shipped, and with checkpoints by SQLite, by the writer, and by both."""


async def run(folder: Path, wanted: int, natures: Sequence[Nature]) -> Toll:
    started = time.process_time()
    toll = await cut_power(folder, SEED, wanted, natures)
    spent = time.process_time() - started
    sys.stdout.write(f"\nSQLite {apsw.sqlite_lib_version()}, {spent:.0f} s of CPU; {toll}\n")
    return toll


async def test_no_image_after_a_power_cut_lacks_what_was_acknowledged(tmp_path: Path) -> None:
    toll = await run(tmp_path, IMAGES, NATURES)
    assert toll.faults == []
    assert toll.distinct >= IMAGES
    assert toll.ahead, "a cut between the sync and the acknowledgement must have been met"


async def test_a_store_that_syncs_at_checkpoints_only_is_caught(tmp_path: Path) -> None:
    toll = await run(tmp_path, FEW, [Nature(pragmas=("PRAGMA synchronous = NORMAL", OFTEN))])
    assert any("acknowledged commits are lost" in fault for fault in toll.faults)
    assert not any("damaged" in fault for fault in toll.faults), "that is all that NORMAL gives up"


async def test_a_store_that_never_syncs_is_caught_as_damaged(tmp_path: Path) -> None:
    toll = await run(tmp_path, FEW, [Nature(pragmas=("PRAGMA synchronous = OFF", OFTEN))])
    assert any("acknowledged commits are lost" in fault for fault in toll.faults)
    assert any("damaged" in fault for fault in toll.faults)


@pytest.mark.parametrize(
    ("sync", "fault"),
    [(None, "lost"), (0, "damaged"), (2, "lost")],
    ids=["of the folder", "of the database", "of the log"],
)
async def test_a_disk_that_forgets_a_sync_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: int | None, fault: str
) -> None:
    take = Disk.take
    forgotten = Sync(sync)
    monkeypatch.setattr(Disk, "take", lambda disk, step: step == forgotten or take(disk, step))
    toll = await run(tmp_path, FEW, NATURES[1:2])
    assert any(fault in each for each in toll.faults)


async def test_a_store_that_commits_a_batch_in_two_is_caught(tmp_path: Path) -> None:
    async def commit_in_two(store: SqliteStore, changes: Changes) -> None:
        await store.committer.commit(msgspec.structs.replace(changes, tickets=[]))
        await store.committer.commit(Changes(tickets=changes.tickets))

    toll = await run(tmp_path, FEW, [Nature(commit=commit_in_two)])
    assert any("half a commit" in fault for fault in toll.faults)


async def test_a_store_that_answers_before_its_commit_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acknowledged(life: Life, cut: int) -> int:
        return life.attempted(cut)

    monkeypatch.setattr(Life, "acknowledged", acknowledged)
    toll = await run(tmp_path, FEW, [Nature()])
    assert any("acknowledged commits are lost" in fault for fault in toll.faults)
