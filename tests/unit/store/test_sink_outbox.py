"""The outbox: a copy in the same commit, numbered on arrival, bounded."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import structlog

from hub.errors import StoreError
from hub.model.report import Sample
from hub.ports import Changes
from hub.store.sink import parcel
from hub.store.sink.outbox import Outbox, Standing
from hub.store.sink.parcel import Cursor
from hub.store.sink.shelf import Page, read_page, read_standing
from tests.unit.store.sink_stage import NOW, bench, reading


class Recorder:
    """A committer that keeps what it is given; it fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.given: list[Changes] = []

    async def commit(self, changes: Changes) -> None:
        self.given.append(changes)
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")

    def keys(self) -> list[str]:
        return [doc.key.lstrip("0") for changes in self.given for doc in changes.documents]


def some(count: int, start: int = 0) -> Changes:
    return Changes(readings=[reading(start + number) for number in range(count)])


def read(path: Path, after: int = 0, limit: int = 5000) -> Page:
    page = read_page(path, after, limit)
    assert page is not None
    return page


async def test_a_commit_carries_a_copy_of_its_readings_and_history_is_as_ever(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as own:
        mode = Sample("mode", "auto")
        await own.commit(reading(1, 2.5, more=[mode]), reading(2, True))
        page = read(own.store.path)
        stored = await own.store.archive.history("u1", "mode", start=0, end=NOW + 9, limit=9)
    assert [(saying.at - NOW, saying.values) for saying in page.sayings] == [
        (1, {"power.active": 2.5, "mode": "auto"}),
        (2, {"power.active": True}),
    ]
    assert (page.through, len(stored.rows)) == (3, 1)


async def test_late_readings_stand_behind_what_came_before_them(tmp_path: Path) -> None:
    async with bench(tmp_path) as own:
        await own.commit(reading(0))
        await own.commit(reading(-86_400 * 3, late=True))
        page = read(own.store.path, after=1)
    assert [saying.at for saying in page.sayings] == [NOW - 86_400 * 3]


async def test_a_households_readings_never_enter(tmp_path: Path) -> None:
    async with bench(tmp_path) as own:
        await own.commit(reading(uid="u2"), reading(uid="nobody"))
        assert read_page(own.store.path, 0, 10) is None
        await own.commit(reading(uid="u2"), reading(1), reading(uid="u2"))
        assert [saying.uid for saying in read(own.store.path).sayings] == ["u1"]


async def test_a_repeated_commit_writes_the_same_copy_under_the_same_number() -> None:
    inner = Recorder(failures=1)
    outbox = Outbox(inner, {"u1"}, Standing())
    changes = some(3)
    with pytest.raises(StoreError):
        await outbox.commit(changes)
    assert outbox.waiting == 0
    await outbox.commit(changes)
    assert inner.given[0].documents == inner.given[1].documents
    assert (inner.keys(), outbox.waiting, changes.documents) == (["3", "3"], 3, [])


async def test_a_full_outbox_leaves_readings_out_counts_them_and_says_so_once() -> None:
    inner = Recorder()
    outbox = Outbox(inner, {"u1"}, Standing(left_out=5), limit=4)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await outbox.commit(some(3))
    assert inner.keys() == ["3", "sink.influx.left_out", "sink.influx.left_out"]
    assert inner.given[-1].documents[0].body == b"11"
    assert len(inner.given[-1].readings) == 3, "the history has them"
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_a_cursor_that_is_committed_makes_room_again() -> None:
    inner = Recorder()
    outbox = Outbox(inner, {"u1"}, Standing(), limit=3)
    await outbox.commit(some(3))
    await outbox.commit(some(1))
    moved = parcel.keep(parcel.CURSOR, Cursor(after=3), NOW)
    await outbox.commit(Changes(documents=[moved]))
    assert outbox.waiting == 0
    await outbox.commit(some(2))
    assert (inner.keys()[-1], outbox.waiting) == ("5", 2)


async def test_numbers_go_on_after_a_restart_also_when_everything_was_delivered(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as own:
        await own.commit(reading(1), reading(2))
        key = read(own.store.path).keys[0]
        moved = parcel.keep(parcel.CURSOR, Cursor(after=2, sent=2), NOW)
        await own.outbox.commit(Changes(documents=[moved, parcel.settled(key)]))
    async with bench(tmp_path) as own:
        assert read_standing(own.store.path) == Standing(cursor=Cursor(after=2, sent=2))
        await own.commit(reading(3))
        assert read(own.store.path, after=2).through == 3


async def test_a_page_holds_as_few_parcels_as_reach_its_limit(tmp_path: Path) -> None:
    async with bench(tmp_path) as own:
        for start in range(0, 8, 2):
            await own.commit(reading(start), reading(start + 1))
        page = read(own.store.path, after=2, limit=3)
    assert ([key.lstrip("0") for key in page.keys], page.through) == (["4", "6"], 6)


async def test_odd_numbers_stop_no_commit(tmp_path: Path) -> None:
    async with bench(tmp_path) as own:
        await own.commit(reading(1, 2**63 - 1), reading(2, math.nan), reading(3, math.inf))
        values = [saying.values["power.active"] for saying in read(own.store.path).sayings]
    assert values == [2**63 - 1, None, None]
