"""Thirty virtual days of pushes, by seeds; and a checker that must see each way to get it wrong."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

from hub.feeds.push import course
from hub.feeds.push.lane import PushLane, Told
from hub.ports import Document, FeedRow
from tests.chaos.push_month import DAY, DAYS, ITEMS_A_DAY, find_faults, play_month

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

SEEDS = int(os.environ.get("CHAOS_LONG", "0")) or 1


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_thirty_days_with_a_flapping_receiver_and_kills(seed: int) -> None:
    month = play_month(seed)
    assert len(month.rows) == DAYS * ITEMS_A_DAY
    assert month.heard[-1].at - month.heard[0].at > DAYS * DAY / 2
    assert month.dead, "something was poison, or nothing was proven"
    assert sum(not each.taken for each in month.heard) > 100
    faults = find_faults(month)
    assert not faults, f"seed {seed}: {len(faults)} faults, such as {faults[:5]}"


class ImpatientLane(PushLane):
    """Lets go of what was not taken at once."""

    async def _deliver(self, row: FeedRow) -> None:
        await super()._deliver(row)
        self.progress.stuck.pop(row.incident, None)


class OvertakingLane(PushLane):
    """Sends what is new though something older of its incident waits."""

    async def _read_on(self, keys: object) -> bool:
        stuck, self.progress.stuck = self.progress.stuck, {}
        read = await super()._read_on(keys)  # type: ignore[arg-type]
        for incident, each in stuck.items():
            for seq in each.seqs:
                course.replay(self.progress, [(incident, seq)], self._around.clock.now())
        return read


class ForgetfulLane(PushLane):
    """Keeps only what has just come, and not what waits."""

    async def keep(self, told: Iterable[Told] = (), papers: Iterable[Document] = ()) -> None:
        stuck, self.progress.stuck = self.progress.stuck, {}
        await super().keep(told, papers)
        self.progress.stuck |= stuck


@pytest.mark.parametrize("lane", [ImpatientLane, OvertakingLane, ForgetfulLane])
def test_the_checker_sees_what_a_worse_lane_does(lane: type[PushLane]) -> None:
    assert find_faults(play_month(1, lane, days=6))
