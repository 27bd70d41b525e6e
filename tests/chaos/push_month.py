"""Thirty virtual days of pushes to a receiver that flaps, with kills; and what must be true then.

The checker sees what was committed, what the receiver got, and what was given up: no hub's code.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from hub.courier.answer import DELIVERED, Answer, later, refused
from hub.feeds.push.lane import PushLane
from tests.chaos.simulation import ShuffledLoop
from tests.support.belfry import START
from tests.support.pushing import CITY, Heard, PushStage

DAYS, DAY, HOUR = 30, 86_400.0, 3600.0
ITEMS_A_DAY = 60
INCIDENTS = 300
KILLS_A_DAY = 2
WEATHER = ("up", "up", "up", "down", "slow", "broken", "moved", "deaf")
"""`deaf` takes an item and its answer is lost, so that the same comes again."""
ANSWERS = {
    "down": later("no connection"),
    "slow": later("no answer within 15 s"),
    "broken": later("HTTP 500"),
    "moved": later("HTTP 301", 60.0),
    "deaf": later("the connection was lost"),
}
POISON = "GS-13"
"""An incident that the receiver never takes in the first ten days."""


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """All that happened: committed (seq, incident), heard, given up, and what still waits."""

    rows: Sequence[tuple[int, str]]
    heard: Sequence[Heard]
    dead: frozenset[int]
    waiting: frozenset[int]


class Player:
    """Plays one month by a seed."""

    def __init__(self, seed: int, make_lane: type[PushLane], days: int) -> None:
        self._chance = Random(seed)
        self._days = days
        self._how = "up"
        self._stage = PushStage(seed=seed, make_lane=make_lane)

    async def play(self) -> Month:
        """Play it to the end, and three good days more."""
        stage = self._stage
        stage.receiver.answer = self._answer
        stage.receiver.takes = lambda: 15.0 if self._how == "slow" else 0.05
        await stage.start()
        lane = await stage.subscribe()
        weather = asyncio.create_task(self._change_weather())
        kills = asyncio.create_task(self._kill_now_and_then())
        for pause in self._pauses():
            await asyncio.sleep(pause)
            await stage.tell(f"GS-{self._chance.randrange(INCIDENTS)}")
        weather.cancel()
        kills.cancel()
        await asyncio.gather(weather, kills, return_exceptions=True)
        self._how = "up"
        await asyncio.sleep(3 * DAY)
        progress = stage.office.lanes[lane.wish.id].progress
        waiting = {seq for each in progress.stuck.values() for seq in each.seqs}
        waiting |= {seq for seq, _ in stage.rows if seq > progress.cursor}
        dead = await stage.office.dead(lane.wish.id, CITY)
        await stage.kill()
        return Month(
            rows=stage.rows,
            heard=stage.receiver.heard,
            dead=frozenset(each.seq for each in dead),
            waiting=frozenset(waiting),
        )

    def _answer(self, incident: str) -> Answer:
        if incident == POISON and self._stage.clock.now() < START + 10 * DAY:
            return refused("HTTP 422")
        return ANSWERS.get(self._how, DELIVERED)

    def _pauses(self) -> Iterator[float]:
        """Yield pauses between changes: most come in bursts, as in a storm."""
        for _ in range(ITEMS_A_DAY * self._days):
            burst = self._chance.random() < 0.5
            yield 0.2 if burst else self._chance.expovariate(ITEMS_A_DAY / 2 / DAY)

    async def _change_weather(self) -> None:
        while True:
            self._how = self._chance.choice(WEATHER)
            mean = 5 * HOUR if self._how == "up" else 2 * HOUR
            await asyncio.sleep(self._chance.expovariate(1 / mean))

    async def _kill_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(KILLS_A_DAY / DAY))
            await self._stage.kill()
            await asyncio.sleep(self._chance.uniform(0.1, 600.0))
            await self._stage.start()


def play_month(seed: int, make_lane: type[PushLane] = PushLane, days: int = DAYS) -> Month:
    """Play so many days by a seed."""
    with asyncio.Runner(loop_factory=lambda: ShuffledLoop(seed)) as runner:
        return runner.run(Player(seed, make_lane, days).play())


def find_faults(month: Month) -> list[str]:
    """Return what must not be: lost, out of order, under two ids, taken and sent for ever."""
    return [*_lost(month), *_disordered(month), *_renamed(month), *_repeated(month)]


def _lost(month: Month) -> Iterator[str]:
    taken = {each.seq for each in month.heard if each.taken}
    for seq, incident in month.rows:
        if seq not in taken | month.dead:
            yield f"{incident} {seq} was neither taken nor given up"
    for seq in month.waiting:
        yield f"{seq} waits after three good days"


def _disordered(month: Month) -> Iterator[str]:
    """Of one incident nothing is sent for the first time behind what is newer."""
    newest: dict[str, int] = defaultdict(int)
    seen: set[int] = set()
    for each in month.heard:
        if each.seq not in seen and each.seq < newest[each.incident]:
            yield f"{each.incident}: {each.seq} was sent after {newest[each.incident]}"
        seen.add(each.seq)
        newest[each.incident] = max(newest[each.incident], each.seq)


def _renamed(month: Month) -> Iterator[str]:
    for each in month.heard:
        if each.id != f"gs-{each.seq}":
            yield f"{each.seq} was sent as {each.id}"


def _repeated(month: Month) -> Iterator[str]:
    """What the receiver has said that it took comes again after a kill alone, and seldom."""
    times: dict[int, int] = defaultdict(int)
    for each in month.heard:
        times[each.seq] += each.taken
    again = sum(count - 1 for count in times.values() if count > 1)
    if again > DAYS * KILLS_A_DAY * 20:
        yield f"{again} items were sent again that had been taken"
