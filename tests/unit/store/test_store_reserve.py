"""The reserve's file: as large as what is left, and never in the way of what it is for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.store import reserve
from hub.store.sqlite import open_store
from tests.contract.store_cases import NOW

SIZE = 160_000
PIECE = SIZE // reserve.PIECES


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "lingdang.db"


def file_of(database: Path) -> Path:
    return database.with_name("lingdang.db.reserve")


async def test_it_is_given_up_piece_by_piece_and_taken_back_as_a_whole(database: Path) -> None:
    async with open_store(database, clock=ManualClock(NOW), reserve=SIZE) as store:
        file, kept = file_of(database), store.reserve
        assert (kept.left, kept.spending) == (SIZE, False)
        assert file.stat().st_blocks * 512 >= SIZE, "a file with holes keeps nothing free"
        assert await kept.spend()
        assert file.stat().st_size == kept.left == SIZE - PIECE
        assert kept.spending
        assert [await kept.spend() for _ in range(reserve.PIECES)] == [True] * 15 + [False]
        assert file.stat().st_size == kept.left == 0
        assert await kept.refill()
        assert (file.stat().st_size, kept.left, kept.spending) == (SIZE, SIZE, False)
    assert not file.exists(), "a hub that stands still keeps nothing from anybody"


async def test_a_disk_without_room_for_more_than_the_reserve_leaves_it_spent(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(database, clock=ManualClock(NOW), reserve=SIZE) as store:
        await store.reserve.spend()
        monkeypatch.setattr(reserve, "MARGIN", 2**62)
        assert not await store.reserve.refill()
        assert store.reserve.spending


async def test_what_a_killed_hub_has_left_is_taken_over_and_not_added_to(database: Path) -> None:
    file_of(database).write_bytes(bytes(PIECE))
    async with open_store(database, clock=ManualClock(NOW), reserve=SIZE) as store:
        assert store.reserve.left == file_of(database).stat().st_size == SIZE


async def test_somebody_has_deleted_the_file_and_nothing_is_left(database: Path) -> None:
    async with open_store(database, clock=ManualClock(NOW), reserve=SIZE) as store:
        await asyncio.to_thread(file_of(database).unlink)
        assert not await store.reserve.spend()
        assert not await store.reserve.spend()
        assert await store.reserve.refill()
        assert await store.reserve.spend()


async def test_without_a_reserve_there_is_no_file(database: Path) -> None:
    async with open_store(database, clock=ManualClock(NOW)) as store:
        assert not file_of(database).exists()
        assert not await store.reserve.spend()
        assert not store.reserve.spending
