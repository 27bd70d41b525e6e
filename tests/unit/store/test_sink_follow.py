"""The sink: follows the outbox, waits for a store that is away, goes on where it stood."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import structlog

from hub.clock import ManualClock
from hub.errors import StoreBrokenError, StoreError
from hub.store.sink import sink as following
from hub.store.sink.parcel import CURSOR, OUTBOX, SETTING, Cursor
from hub.store.sink.receiver import Answer, Verdict
from hub.store.sink.sink import LONGEST_WAIT, PAUSE, Sink
from tests.unit.store.sink_stage import (
    AWAY,
    NOW,
    PUBLIC,
    TAKEN,
    WRONG,
    Bench,
    Shop,
    bench,
    meter,
    reading,
)

DAY = 86_400.0


async def test_what_was_stored_is_delivered_and_leaves_the_outbox(tmp_path: Path) -> None:
    shop = Shop()
    async with bench(tmp_path) as own:
        await own.commit(reading(1, 1), reading(2, 2))
        await own.commit(reading(3, 3))
        assert await own.sink(shop).step(NOW) == PAUSE
        assert (shop.values(), own.outbox.waiting) == ([1, 2, 3], 0)
        assert await own.store.books.documents(OUTBOX) == {}
        body = await own.store.books.document(SETTING, CURSOR)
    assert body is not None
    assert msgspec.json.decode(body, type=Cursor) == Cursor(after=3, sent=3)


async def test_a_full_page_is_followed_by_the_next_at_once(tmp_path: Path) -> None:
    shop = Shop()
    async with bench(tmp_path) as own:
        for start in range(0, 7000, 1000):
            await own.commit(*(reading(start + number, number) for number in range(1000)))
        sink = own.sink(shop)
        assert [await sink.step(NOW) for _ in range(3)] == [0.0, PAUSE, PAUSE]
    assert [len(request) for request in shop.requests] == [5000, 2000]


async def test_a_store_that_is_away_for_a_day_misses_nothing_and_stops_no_commit(
    tmp_path: Path,
) -> None:
    shop = Shop(lambda _: AWAY)
    async with bench(tmp_path) as own:
        sink = own.sink(shop)
        with structlog.testing.capture_logs() as logs:
            now, looks = await spend_a_day(own, sink)
            assert (shop.taken, sink.failing) == ([], AWAY.why)
            shop.judge = lambda _: TAKEN
            await sink.step(NOW + now)
    assert shop.values() == list(range(0, looks, 10))
    assert looks < DAY / LONGEST_WAIT + 20
    assert [entry["log_level"] for entry in logs] == ["warning", "info"]


async def spend_a_day(own: Bench, sink: Sink) -> tuple[float, int]:
    """Look for a day, with a reading at every tenth look; return seconds and looks."""
    now, looks = 0.0, 0
    while now < DAY:
        if looks % 10 == 0:
            await own.commit(reading(now, looks))
        now, looks = now + await sink.step(NOW + now), looks + 1
    return now, looks


async def test_waits_double_up_to_a_minute_and_begin_anew_after_a_success(tmp_path: Path) -> None:
    shop = Shop(lambda _: AWAY)
    async with bench(tmp_path) as own:
        await own.commit(reading())
        sink = own.sink(shop)
        assert [await sink.step(NOW) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
        shop.judge = lambda _: TAKEN
        await sink.step(NOW)
        shop.judge = lambda _: Answer(verdict=Verdict.LATER, why="busy", wait=17)
        await own.commit(reading(1))
        assert [await sink.step(NOW), await sink.step(NOW)] == [17, 17]


async def test_what_was_sent_but_not_noted_is_sent_again(tmp_path: Path) -> None:
    shop = Shop()
    async with bench(tmp_path) as own:
        await own.commit(reading(1, 1))
        own.desk.failure = StoreBrokenError("killed in between")
        with pytest.raises(StoreBrokenError):
            await own.sink(shop).step(NOW)
    async with bench(tmp_path) as own:
        await own.commit(reading(2, 2))
        sink = own.sink(shop)
        await sink.step(NOW)
    assert shop.values() == [1, 1, 2], "the same point twice is one point"
    assert sink.cursor == Cursor(after=2, sent=2)


async def test_a_refused_reading_is_skipped_counted_and_named(tmp_path: Path) -> None:
    def judge(lines: Sequence[str]) -> Answer:
        return WRONG if any("value=13 " in line for line in lines) else TAKEN

    shop = Shop(judge)
    async with bench(tmp_path) as own:
        await own.commit(*(reading(number, number) for number in range(20)))
        with structlog.testing.capture_logs() as logs:
            await own.sink(shop).step(NOW)
        cursor = own.sink(shop).cursor
    assert 13 not in shop.values()
    assert (cursor.after, cursor.sent, cursor.refused, cursor.why) == (20, 19, 1, WRONG.why)
    assert "value=13 " in cursor.last_refused
    assert [entry["example"] for entry in logs] == [cursor.last_refused]


async def test_a_device_that_has_become_a_households_is_withheld(tmp_path: Path) -> None:
    shop = Shop()
    async with bench(tmp_path) as own:
        await own.commit(reading(1, 1), reading(2, 2))
        sink = own.sink(shop, [meter(attributes={"scope": "household"})])
        await sink.step(NOW)
    assert (shop.requests, sink.cursor) == ([], Cursor(after=2, withheld=2))


async def test_a_database_that_is_busy_is_tried_again_and_a_broken_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure: StoreError = StoreError("busy")

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(following, "read_page", fail)
    async with bench(tmp_path) as own:
        sink = own.sink(Shop())
        assert (await sink.step(NOW), sink.failing) == (1.0, "busy")
        failure = StoreBrokenError("damaged")
        with pytest.raises(StoreBrokenError):
            await sink.step(NOW)


async def test_it_runs_by_the_injected_clock_until_it_is_cancelled(tmp_path: Path) -> None:
    shop, clock = Shop(), ManualClock(NOW)
    arrived = asyncio.Event()

    def judge(_: Sequence[str]) -> Answer:
        arrived.set()
        return TAKEN

    shop.judge = judge
    async with bench(tmp_path, PUBLIC) as own:
        await own.commit(reading(1, 1))
        task = asyncio.create_task(own.sink(shop).run(clock))
        await arrived.wait()
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled()
