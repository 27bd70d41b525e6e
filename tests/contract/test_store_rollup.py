"""What readers of roll-ups may rely on, held against every store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.model.report import Quality
from hub.ports import Changes, RollupRow
from tests.contract.store_cases import NOW, OPENERS, Store, each_said, reading

HOUR = 3600.0


@pytest.fixture(params=OPENERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with OPENERS[request.param](tmp_path, ManualClock(NOW)) as opened:
        yield opened


async def hours(store: Store, start: float, end: float, limit: int = 999) -> list[RollupRow]:
    return await store.archive.rollups("d1", "power.active", start=start, end=end, limit=limit)


async def test_an_hour_has_the_figures_of_its_good_numbers(store: Store) -> None:
    rows = [
        reading(NOW + 10, 3.0),
        reading(NOW + 20, 0.5),
        reading(NOW + 30, 99.0, quality=Quality.BAD),
        reading(NOW + 40, 98.0, quality=Quality.UNCERTAIN),
        reading(NOW + 50, value=True),
        reading(NOW + 60, "open"),
        reading(NOW + 70, None),
        reading(NOW + 80, float("inf")),
        reading(NOW + HOUR - 1, 2),
        reading(NOW + 15, 7.0, uid="d2"),
        reading(NOW + 15, 8.0, point="other"),
        reading(NOW + HOUR, 5.0),
    ]
    await store.committer.commit(Changes(readings=each_said(rows)))
    first = RollupRow(at=NOW, count=3, minimum=0.5, maximum=3.0, mean=5.5 / 3, first=3.0, last=2)
    second = RollupRow(
        at=NOW + HOUR, count=1, minimum=5.0, maximum=5.0, mean=5.0, first=5.0, last=5.0
    )
    assert await hours(store, NOW, NOW + 2 * HOUR) == [first, second]


async def test_a_span_has_the_hour_of_its_start_and_none_that_begins_at_its_end(
    store: Store,
) -> None:
    rows = [reading(NOW + hour * HOUR + 5, float(hour)) for hour in range(40)]
    await store.committer.commit(Changes(readings=each_said(rows)))
    found = await hours(store, NOW + 9.5 * HOUR, NOW + 30 * HOUR)
    assert [row.first for row in found] == [float(hour) for hour in range(9, 30)]
    found = await hours(store, NOW + 9 * HOUR, NOW + 30 * HOUR + 1, limit=5)
    assert [row.first for row in found] == [9.0, 10.0, 11.0, 12.0, 13.0]
    assert len(await hours(store, 0, NOW * 9)) == 40
    assert await hours(store, NOW, NOW) == []


async def test_what_comes_late_changes_its_hour_and_no_other(store: Store) -> None:
    for number, at in enumerate([10, 2 * HOUR, 30, 20]):
        row = reading(NOW + at, float(number), received=NOW + 3 * HOUR, boot="b", seq=number)
        await store.committer.commit(Changes(readings=each_said([row])))
    found = await hours(store, NOW, NOW + 3 * HOUR)
    assert [(row.at, row.count, row.first, row.last) for row in found] == [
        (NOW, 3, 0.0, 2.0),
        (NOW + 2 * HOUR, 1, 1.0, 1.0),
    ]
