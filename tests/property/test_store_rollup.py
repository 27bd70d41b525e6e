"""Roll-ups say what the readings say, whatever came, in whatever order, sorted however far."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from math import isclose
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import ManualClock
from hub.model.report import Quality, Value
from hub.ports import Changes, ReadingRow, RollupRow
from hub.store.sqlite import open_store
from tests.contract.store_cases import NOW, each_said, reading

HOUR = 3600.0
HOURS = 30
MIDNIGHT = NOW // 86400 * 86400

numbers = (
    st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.decimals(-1000, 1000, places=2).map(float)
)
values: st.SearchStrategy[Value | None] = numbers | st.booleans() | st.sampled_from(["open", None])


class Batch(NamedTuple):
    """Readings of one commit, and until when history is tidied afterwards (hours; 0: not)."""

    rows: list[tuple[int, Value | None, Quality, str]]
    tidied: int


batches = st.lists(
    st.builds(
        Batch,
        st.lists(
            st.tuples(
                st.integers(0, HOURS * 360 - 1),
                values,
                st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.BAD]),
                st.sampled_from(["b1", "b2"]),
            ),
            max_size=12,
        ),
        st.sampled_from([0, 0, 12, 60]),
    ),
    min_size=1,
    max_size=5,
)


def expected(rows: Sequence[ReadingRow]) -> dict[float, list[float]]:
    """Return hour → good numbers in order, told apart without the code that is tried."""
    found: dict[float, list[float]] = {}
    for row in rows:
        value = row.value
        if row.quality is Quality.GOOD and isinstance(value, int | float):
            if isinstance(value, bool) or not abs(value) <= 1e300:
                continue
            found.setdefault(row.at - row.at % HOUR, []).append(value)
    return found


def check(hour: RollupRow, numbers: list[float]) -> None:
    assert hour.count == len(numbers)
    assert (hour.minimum, hour.maximum) == (min(numbers), max(numbers))
    assert (hour.first, hour.last) == (numbers[0], numbers[-1])
    scale = max(map(abs, numbers))
    assert isclose(hour.mean, sum(numbers) / len(numbers), rel_tol=1e-9, abs_tol=scale * 1e-9)


async def story(folder: Path, batches: list[Batch]) -> None:
    number = 0
    async with open_store(folder / "hub.db", clock=ManualClock(NOW)) as store:
        for rows, tidied in batches:
            said = []
            for tenth, value, quality, boot in rows:
                number += 1
                at = MIDNIGHT + tenth * 10 + number / 1000
                said.append(reading(at, value, quality=quality, boot=boot, seq=number))
            await store.committer.commit(Changes(readings=each_said(said)))
            if tidied:
                await store.upkeep.tidy(now=MIDNIGHT + tidied * HOUR)
            page = await store.archive.history(
                "d1", "power.active", start=0, end=NOW * 2, limit=10**6
            )
            wanted = expected(page.rows)
            found = await store.archive.rollups(
                "d1", "power.active", start=0, end=NOW * 2, limit=10**6
            )
            assert [row.at for row in found] == sorted(wanted)
            for row in found:
                check(row, wanted[row.at])


@settings(max_examples=60)
@given(batches)
def test_roll_ups_equal_what_the_readings_give(batches: list[Batch]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder), batches))
