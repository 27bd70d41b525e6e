"""A message that kills the hub is handled twice, and then no more; all others are handled."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from device_drivers.dialects.lingdang import LingdangDriver
from hub.clock import ManualClock
from hub.intake.suspect import KEPT, SUSPECTS
from hub.model.device import Device
from hub.model.report import Report
from hub.ports import Envelope
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import GATE, MODELS, OTHER, Hand, Stage, device, stage

POISON = b'{"boot":"b1","seq":66,"points":{"mode":"manual"}}'
TOPIC = "ld/gs/gate-1/state"
GOOD = {"points": {"boom.broken": False}}
DEVICES = (GATE, OTHER, device("gate-3"))


class DeathError(BaseException):
    """Stands for the end of the process: nothing in the hub may catch it."""


class Fragile(LingdangDriver):
    """Dies of one payload of one gate."""

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        if envelope.payload == POISON and device is GATE:
            raise DeathError
        return super().decode(envelope, device)


class Life:
    """One hub after another on one store and one hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(self.clock)
        self.hand = Hand()

    async def handle(self, run: Stage, *payloads: bytes) -> None:
        """Do in one turn what the loop does, but die as a process does: before the commit."""
        batch = run.intake.pipeline._work.new_batch()
        for payload in payloads:
            envelope = Envelope(
                link="mqtt", address=TOPIC, payload=payload, received=self.clock.now()
            )
            run.intake.pipeline._work.take(envelope, batch)
        run.intake.pipeline._work.finish(batch)
        await self.store.committer.commit(batch.changes)

    async def die(self) -> None:
        """Start a hub that dies of the poison."""
        async with self._stage() as run:
            with pytest.raises(DeathError):
                await self.handle(run, POISON)

    def _stage(self):  # type: ignore[no-untyped-def] # noqa: ANN202 - the stage's own
        return stage(
            self.store,
            self.clock,
            DEVICES,
            hand=self.hand,
            drivers={"lingdang": Fragile(MODELS)},
        )


async def test_the_second_death_is_the_last_and_the_message_is_kept_with_its_reason() -> None:
    life = Life()
    await life.die()
    await life.die()
    async with life._stage() as run:
        run.raw(TOPIC, POISON)
        run.say("state", GOOD, of=OTHER)
        await run.settle()
        (row,) = await life.store.books.quarantine(limit=10)
        assert (row.address, row.payload) == (TOPIC, POISON)
        assert "died of it 2 times" in row.reason
        assert len(run.acknowledged) == 2
        assert run.intake.live.device("gate-2").points["boom.broken"].value is False  # type: ignore[union-attr]


async def test_it_is_kept_out_again_when_it_comes_again() -> None:
    life = Life()
    await life.die()
    await life.die()
    for _ in range(2):
        async with life._stage() as run:
            run.raw(TOPIC, POISON)
            await run.settle()
            assert run.intake.reception.counts["quarantined"] == 1


async def test_after_a_week_it_may_try_again() -> None:
    life = Life()
    await life.die()
    await life.die()
    async with life._stage():
        pass
    await life.clock.advance(KEPT + 1)
    async with life._stage():
        assert await life.store.books.documents(SUSPECTS) == {}


async def test_a_message_that_was_only_there_is_cleared_when_it_is_handled() -> None:
    life = Life()
    innocent = b'{"boot":"b1","seq":7,"points":{"mode":"auto"}}'
    life.hand.take(TOPIC, innocent)
    async with life._stage() as run:
        [paper] = (await life.store.books.documents(SUSPECTS)).values()
        assert msgspec.json.decode(paper).keys() == {"address", "deaths", "at"}, "not what it says"
        run.raw(TOPIC, innocent)
        await run.settle()
        assert await life.store.books.documents(SUSPECTS) == {}
        assert await life.store.books.quarantine(limit=10) == []
    life.hand.take(TOPIC, innocent)
    async with life._stage() as run:
        run.raw(TOPIC, innocent)
        await run.settle()
        assert await life.store.books.quarantine(limit=10) == [], "two kills, but never harm"


async def test_the_same_bytes_of_another_device_are_handled() -> None:
    life = Life()
    await life.die()
    await life.die()
    async with life._stage() as run:
        run.raw("ld/gs/gate-2/state", POISON)
        await run.settle()
        assert run.intake.live.device("gate-2").points["mode"].value == "manual"  # type: ignore[union-attr]
        assert await life.store.books.quarantine(limit=10) == []


async def test_nothing_is_in_hand_between_two_batches() -> None:
    life = Life()
    async with life._stage() as run:
        run.say("state", GOOD)
        await run.settle()
        assert life.hand.left is None


async def test_a_death_is_counted_before_any_message_is_taken() -> None:
    life = Life()
    await life.die()
    async with life._stage():
        (paper,) = (await life.store.books.documents(SUSPECTS)).values()
        assert b'"deaths":1' in paper
