"""Thirty virtual days of bells, by seeds; and a checker that must see each way to get it wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec
import pytest

from hub.bells import course
from hub.bells.channel import Address
from hub.bells.lane import CatchUp, Lane
from hub.bells.message import Message
from hub.bells.outbox import Told
from hub.courier.answer import DELIVERED, Answer, later
from hub.model.ring import Ring
from tests.chaos.bell_month import Month, find_faults, play_month

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

SEEDS = int(os.environ.get("CHAOS_LONG", "0")) or 1


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_thirty_days_with_flapping_channels_and_kills(seed: int) -> None:
    month = play_month(seed)
    assert len(month.rings) > 1000
    assert len(month.kills) > 30
    assert month.given_up, "some were reached by no channel in time, or nothing was proven"
    faults = find_faults(month)
    assert not faults, f"seed {seed}: {len(faults)} faults, such as {faults[:5]}"


NOWHERE = Address()


class HastyLane(Lane):
    """Sends first and writes afterwards."""

    async def _deliver(self, parcel: Sequence[Ring], catch_up: CatchUp) -> None:
        outbox = self._around.outbox
        for ring in parcel:
            outbox.deliveries[ring.id] = course.take(outbox.deliveries[ring.id])
        answer = await self.send(await self._write(parcel, "zh"), NOWHERE)
        await outbox.put([ring.id for ring in parcel])
        await self._take_answer([ring for ring in parcel if ring.id in outbox.rings], answer)


class ForgetfulLane(Lane):
    """Marks a ring as told before it is sent."""

    async def _deliver(self, parcel: Sequence[Ring], catch_up: CatchUp) -> None:
        message = await self._write(parcel, "zh")
        await self._take_answer(parcel, DELIVERED)
        await self.send(message, NOWHERE)


class DeafLane(Lane):
    """Does not ask whether somebody has acted, and takes a while to send."""

    async def _deliver(self, parcel: Sequence[Ring], catch_up: CatchUp) -> None:
        outbox = self._around.outbox
        for ring in parcel:
            outbox.deliveries[ring.id] = course.take(outbox.deliveries[ring.id])
        await outbox.put([ring.id for ring in parcel])
        message, kept = await self._write(parcel, "zh"), ({**outbox.rings}, {**outbox.deliveries})
        await self._around.clock.sleep(30)
        for ring in parcel:
            outbox.rings[ring.id], outbox.deliveries[ring.id] = kept[0][ring.id], kept[1][ring.id]
        await self._take_answer(parcel, await self.send(message, NOWHERE))


class StubbornLane(Lane):
    """Takes each answer for a failure, and so tells it again."""

    async def _take_answer(self, rings: Sequence[Ring], answer: Answer) -> None:
        await super()._take_answer(rings, later("I did not hear that"))


class ChattyLane(Lane):
    """Goes on with a ring when a later one has told its person more."""

    def _overtake(self, rings: Sequence[Ring], told: list[Told]) -> list[str]:
        return []


class DrowsyLane(Lane):
    """Gives every channel up for hours after one failure."""

    async def send(self, message: Message, address: Address) -> Answer:
        answer = await super().send(message, address)
        if self.health.failing:
            now = self._around.clock.now()
            self.health = msgspec.structs.replace(self.health, shut_until=now + 20_000)
        return answer


@pytest.mark.parametrize(
    ("lane", "said"),
    [
        (HastyLane, "before it was written down"),
        (ForgetfulLane, "reached"),
        (DeafLane, "after somebody had acted"),
        (StubbornLane, "was rung"),
        (ChattyLane, "after a later one"),
        (DrowsyLane, "was to be reached"),
    ],
)
def test_the_checker_sees_a_delivery_that_is_broken(lane: type[Lane], said: str) -> None:
    # One that repeats itself all day is soon seen, and slow.
    days = 1 if lane is StubbornLane else 3
    month: Month = play_month(3, lane, days=days)
    faults = find_faults(month)
    assert any(said in fault for fault in faults), faults[:5]
