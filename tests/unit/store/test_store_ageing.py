"""History as it ages: rolled up by and by, and anew when something comes late."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.ports import Changes
from hub.store.readings import rollup
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, each_said, reading

CLOCK = ManualClock(NOW)
HOUR = 3600.0
HOURS = 50
END = NOW + HOURS * HOUR


def sql(path: Path, statement: str) -> list[tuple[int, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


async def counts(store: SqliteStore, uid: str = "d1") -> list[int]:
    found = await store.archive.rollups(uid, "power.active", start=0, end=END, limit=999)
    return [row.count for row in found]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A database with two days of two devices in columns, two readings an hour."""
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        rows = [
            reading(NOW + half * HOUR / 2, float(half), uid=uid, seq=half, boot="b")
            for half in range(HOURS * 2)
            for uid in ("d1", "d2")
        ]
        await store.committer.commit(Changes(readings=each_said(rows)))
        await store.upkeep.tidy(now=END + 9000)
    return path


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(path, clock=CLOCK) as store:
        yield store


async def test_a_rolled_up_hour_is_read_without_its_readings(
    store: SqliteStore, path: Path
) -> None:
    assert sql(path, "SELECT min(rolled), max(part) FROM part") == [(1, 0)]
    await store.committer._writer.call(
        lambda: store.committer._writer.transact(lambda c: c.execute("DELETE FROM chunk"))
    )
    assert await counts(store) == [2] * HOURS
    assert await counts(store, "d2") == [2] * HOURS
    assert await counts(store, "d3") == []


async def test_a_database_of_before_roll_ups_gets_them_by_and_by(path: Path) -> None:
    for statement in ("DELETE FROM rollup", "UPDATE part SET rolled = 0"):
        sql(path, statement)
    async with open_store(path, clock=CLOCK) as store:
        assert await counts(store) == [2] * HOURS
        await store.upkeep.ageing.roll(3)
        assert sql(path, "SELECT count(*), max(hour) - min(hour) FROM part WHERE rolled = 1") == [
            (3, 2)
        ], "the newest first"
        assert await counts(store) == [2] * HOURS
        await store.upkeep.tidy(now=END + 9000)
        assert sql(path, "SELECT count(*) FROM part WHERE rolled = 0") == [(0,)]
        assert await counts(store) == [2] * HOURS


async def test_what_comes_late_is_rolled_up_anew(store: SqliteStore, path: Path) -> None:
    late = reading(NOW + 60, -7.0, received=END, seq=999, boot="b")
    await store.committer.commit(Changes(readings=each_said([late])))
    wanted = [3, *[2] * (HOURS - 1)]
    assert await counts(store) == wanted, "it is still in the log"
    await store.upkeep.tidy(now=0)
    assert sql(path, "SELECT count(*) FROM part WHERE part > 0") == [(1,)]
    assert await counts(store) == wanted, "it lies beside the columns"
    await store.upkeep.tidy(now=END + 9000)
    assert sql(path, "SELECT min(rolled), max(part) FROM part") == [(1, 0)]
    assert await counts(store) == wanted
    [first, *_] = await store.archive.rollups("d1", "power.active", start=NOW, end=END, limit=1)
    assert (first.minimum, first.first, first.last) == (-7.0, 0.0, 1.0)


def test_a_day_comes_back_as_it_was_packed() -> None:
    day = {
        "a": {0: rollup.sum_up([1.5, 2]), 23: rollup.sum_up([0.1, 0.2, 0.3])},
        "b": {7: rollup.sum_up([10**17, -(10**17)])},
    }
    body = rollup.pack_day({**day, "c": {}})
    assert rollup.unpack_day(body) == day
    assert rollup.unpack_point(body, "b") == day["b"]
    assert rollup.unpack_point(body, "c") == {}


def test_a_sum_is_that_of_all_numbers_however_they_differ() -> None:
    assert rollup.sum_up([1e16, 1.0, -1e16]).total == 1.0
