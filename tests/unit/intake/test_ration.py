"""A full disk: measurements wait first, states next, and orders are refused last."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import StoreError, StoreFullError
from hub.intake.batch import Batch, Numbering
from hub.intake.inbox import BoundedInbox, Operation, Ration
from hub.intake.ration import NO_RESERVE, Rationing
from hub.ports import Changes, Reserve


class Disk:
    """A disk and its reserve: a commit takes a unit, and is refused where there is none."""

    def __init__(self, reserve: int, free: int = 0) -> None:
        self.size = self.left = reserve
        self.free = free
        self.spending = False
        self.error: StoreError = StoreFullError("the disk is full")

    async def commit(self, _changes: Changes) -> None:
        if not self.free:
            raise self.error
        self.free -= 1

    async def spend(self) -> bool:
        if not self.left:
            return False
        self.left, self.free, self.spending = self.left - 1, self.free + 1, True
        return True

    async def refill(self) -> bool:
        missing = self.size - self.left
        if self.free <= missing:
            return False
        self.left, self.free, self.spending = self.size, self.free - missing, False
        return True


def told(inbox: BoundedInbox) -> list[str]:
    """Run what the rationing has posted; returns the entries that it makes."""
    batch = Batch(now=1.0, numbering=Numbering(0), project=lambda *_: None)
    for item in inbox.take(100):
        assert isinstance(item, Operation)
        item.act(batch)
    return [f"{each.type} {each.data.get('takes', '')}".strip() for each in batch.changes.journal]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.ration.RETRY_AFTER", 0.001)
    monkeypatch.setattr("hub.intake.ration.LOOK_EVERY", 0.0)


async def test_doors_hear_nothing_of_commits_that_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbox, disk = BoundedInbox(), Disk(reserve=4, free=3)
    heard: list[Ration] = []
    door = inbox.door(Ration.STATES)
    monkeypatch.setattr(door, "set_ration", heard.append)
    rationing = Rationing(disk, inbox, disk)
    for _ in range(3):
        await rationing.commit(Changes())
    assert heard == []
    await rationing.commit(Changes())
    assert heard == [Ration.STATES]


async def test_each_half_of_the_reserve_takes_less_and_room_brings_everything_back() -> None:
    inbox, disk = BoundedInbox(), Disk(reserve=4, free=1)
    measurements, states = inbox.door(Ration.STATES), inbox.door(Ration.ORDERS)
    rationing = Rationing(disk, inbox, disk)
    seen = []
    for _ in range(5):
        await rationing.commit(Changes())
        seen.append((rationing.ration, measurements.is_full(), states.is_full()))
    assert seen == [
        (Ration.ALL, False, False),
        (Ration.STATES, True, False),
        *[(Ration.ORDERS, True, True)] * 3,
    ]
    assert "orders go on" in rationing.failing
    await rationing.look()
    assert rationing.ration is Ration.ORDERS, "there is no room yet"
    disk.free = 5
    await rationing.look()
    assert (rationing.ration, rationing.failing, disk.left) == (Ration.ALL, "", 4)
    assert not measurements.is_full()
    assert told(inbox) == ["store.short states", "store.short orders", "store.roomy"]


async def test_people_are_refused_before_orders_are_and_orders_once_it_is_spent() -> None:
    inbox, disk = BoundedInbox(), Disk(reserve=1)
    rationing = Rationing(disk, inbox, disk)
    await rationing.commit(Changes())
    with pytest.raises(StoreError, match="the disk is full"):
        await inbox.perform(lambda _batch: "step")
    order = asyncio.ensure_future(inbox.perform(lambda _batch: "open", order=True))
    stuck = asyncio.ensure_future(rationing.commit(Changes()))
    with pytest.raises(StoreError, match="look before you repeat"):
        await order
    with pytest.raises(StoreError, match="the disk is full"):
        await inbox.perform(lambda _batch: "open", order=True)
    assert rationing.ration is Ration.NOTHING
    disk.free = 1
    await stuck
    assert rationing.ration is Ration.ORDERS


async def test_a_link_that_waits_reads_on_as_soon_as_there_is_room() -> None:
    inbox = BoundedInbox()
    door = inbox.door(Ration.STATES)
    inbox.set_ration(Ration.STATES, "full")
    waiting = asyncio.ensure_future(door.has_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.set_ration(Ration.ALL, "")
    await asyncio.wait_for(waiting, 30)
    assert not door.is_full()


@pytest.mark.parametrize("reserve", [NO_RESERVE, None])
async def test_without_a_reserve_and_at_other_failures_nothing_is_taken_until_it_is_over(
    reserve: Reserve | None,
) -> None:
    inbox, disk = BoundedInbox(), Disk(reserve=3)
    if reserve is None:
        disk.error = StoreError("locked")
    rationing = Rationing(disk, inbox, reserve or disk)
    stuck = asyncio.ensure_future(rationing.commit(Changes()))
    while not rationing.failing:  # noqa: ASYNC110 - a state, not an event
        await asyncio.sleep(0.001)
    assert rationing.ration is Ration.NOTHING
    disk.free = 1
    await stuck
    assert rationing.ration is Ration.ALL
    assert disk.left == 3
    assert told(inbox) == [], "nobody was told that the disk was full"
