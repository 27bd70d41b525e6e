"""The one loop: batches, retries with the same batch, acknowledgement after the commit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import msgspec
import pytest

from hub.clock import SystemClock
from hub.errors import ConflictError, StoreError
from hub.intake.batch import Batch, Numbering
from hub.intake.inbox import BoundedInbox
from hub.intake.pipeline import LINGER, MANY, Pipeline
from hub.intake.ration import NO_RESERVE, Rationing
from hub.model.journal import Draft
from hub.ports import Changes, Envelope
from tests.support.patience import PATIENCE


class Work:
    """Writes one journal entry for each envelope; refuses nothing."""

    def __init__(self) -> None:
        self.numbering = Numbering(0)
        self.settled_batches: list[Batch] = []
        self.holds = 0

    def new_batch(self) -> Batch:
        return Batch(now=0.0, numbering=self.numbering, project=lambda *_: None)

    def take(self, envelope: Envelope, batch: Batch) -> None:
        batch.envelopes.append(envelope)
        batch.record([Draft(at=0.0, type="seen", subject=envelope.address, actor="hub")])

    def finish(self, batch: Batch) -> None:
        return

    def next_due(self) -> float | None:
        return None

    def hold_timers(self, now: float) -> None:
        self.holds += 1

    def settled(self, batch: Batch) -> None:
        self.settled_batches.append(batch)


class Committer:
    """Keeps what it is given; fails as often as it is told to."""

    def __init__(self, failures: int = 0, *, fatal: bool = False) -> None:
        self.failures = failures
        self.fatal = fatal
        self.takes = 0.01
        """Seconds that a commit takes."""
        self.began: list[float] = []
        self.tried: list[bytes] = []
        self.written: list[Changes] = []

    async def commit(self, changes: Changes) -> None:
        self.began.append(asyncio.get_running_loop().time())
        self.tried.append(msgspec.json.encode(changes))
        await asyncio.sleep(self.takes)
        if self.failures:
            self.failures -= 1
            error = StoreError("the disk is on fire")
            error.fatal = self.fatal  # type: ignore[attr-defined]
            raise error
        self.written.append(changes)

    def subjects(self) -> list[str]:
        return [entry.subject for changes in self.written for entry in changes.journal]


class Bench:
    """A running pipeline and what it acknowledged, link by link."""

    def __init__(self, committer: Committer) -> None:
        self.inbox = BoundedInbox(limit=100)
        self.work = Work()
        self.committer = committer
        self.acknowledged: list[tuple[str, str]] = []
        self.pipeline = Pipeline(
            inbox=self.inbox,
            work=self.work,
            rationing=Rationing(committer, self.inbox, NO_RESERVE),
            clock=SystemClock(),
        )

    def acknowledge(self, link: str, envelopes: Sequence[Envelope]) -> None:
        written = self.committer.subjects()
        for envelope in envelopes:
            assert envelope.address in written, "acknowledged before it was in the store"
            self.acknowledged.append((link, envelope.address))

    def offer(self, address: str, link: str = "mqtt") -> None:
        self.inbox.offer(Envelope(link=link, address=address, payload=b"", received=0.0))

    async def until_acknowledged(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.acknowledged) < count:  # noqa: ASYNC110 - counting, not an event
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(committer: Committer) -> AsyncIterator[Bench]:
    bench = Bench(committer)
    task = asyncio.create_task(bench.pipeline.run(bench.acknowledge))
    try:
        yield bench
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_everything_is_acknowledged_after_its_commit_and_in_order() -> None:
    async with running(Committer()) as bench:
        for n in range(250):
            bench.offer(f"m{n}", link="a" if n % 3 else "b")
            if n % 40 == 0:
                await asyncio.sleep(0.002)
        await bench.until_acknowledged(250)
    for link in ("a", "b"):
        order = [int(address[1:]) for each, address in bench.acknowledged if each == link]
        assert order == sorted(order)


async def test_messages_that_arrive_during_a_commit_share_the_next_one() -> None:
    async with running(Committer()) as bench:
        for n in range(100):
            bench.offer(f"m{n}")
        await bench.until_acknowledged(100)
    assert bench.pipeline.batches < 10


@pytest.mark.looptime
async def test_what_comes_after_a_quiet_moment_is_taken_at_once() -> None:
    async with running(Committer()) as bench:
        await asyncio.sleep(0.5)
        offered = asyncio.get_running_loop().time()
        bench.offer("m1")
        await bench.until_acknowledged(1)
        assert bench.committer.began == [pytest.approx(offered)]


@pytest.mark.looptime
@pytest.mark.parametrize(("at_once", "linger"), [(1, LINGER), (MANY, 2 * LINGER)])
async def test_batches_that_follow_each_other_take_their_time(at_once: int, linger: float) -> None:
    committer = Committer()
    committer.takes = 0.0001
    async with running(committer) as bench:
        for n in range(20 * at_once):
            bench.offer(f"m{n}")
            if n % at_once == 0:
                await asyncio.sleep(0.004)
        await bench.until_acknowledged(20 * at_once)
    gaps = [after - before for before, after in pairwise(committer.began)]
    assert min(gaps[1:]) == pytest.approx(linger, abs=1e-4), "what comes meanwhile shares a commit"


async def test_a_failed_commit_is_tried_again_with_the_very_same_batch() -> None:
    committer = Committer(failures=2)
    async with running(committer) as bench:
        bench.offer("m1")
        await asyncio.sleep(0.05)
        assert bench.pipeline.failing == "the disk is on fire"
        bench.offer("m2")
        await bench.until_acknowledged(2)
        assert bench.pipeline.failing == ""
    first, second, third, *_ = committer.tried
    assert first == second == third
    assert [entry.seq for changes in committer.written for entry in changes.journal] == [1, 2]


async def test_a_fatal_failure_ends_the_loop_and_acknowledges_nothing() -> None:
    bench = Bench(Committer(failures=1, fatal=True))
    bench.offer("m1")
    with pytest.raises(StoreError):
        await bench.pipeline.run(bench.acknowledge)
    assert bench.acknowledged == []


async def test_an_operation_returns_once_its_effect_is_in_the_store() -> None:
    async with running(Committer()) as bench:

        def act(batch: Batch) -> str:
            batch.record([Draft(at=0.0, type="done", subject="by hand", actor="wang")])
            return "ok"

        assert await bench.inbox.perform(act) == "ok"
        assert bench.committer.subjects() == ["by hand"]


async def test_a_refused_operation_changes_nothing_and_the_rest_goes_on() -> None:
    async with running(Committer()) as bench:

        def act(batch: Batch) -> None:
            raise ConflictError("not now", possible=("take",))

        with pytest.raises(ConflictError):
            await bench.inbox.perform(act)
        bench.offer("m1")
        await bench.until_acknowledged(1)
    assert bench.committer.subjects() == ["m1"]


async def test_a_stop_finishes_the_commit_under_way() -> None:
    bench = Bench(Committer())
    task = asyncio.create_task(bench.pipeline.run(bench.acknowledge))
    bench.offer("m1")
    while not bench.committer.tried:  # noqa: ASYNC110 - waiting for the very middle of a commit
        await asyncio.sleep(0.001)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert bench.acknowledged == [("mqtt", "m1")]


async def test_a_full_inbox_asks_links_to_wait_and_drops_nothing() -> None:
    inbox = BoundedInbox(limit=10)
    for n in range(12):
        inbox.offer(Envelope(link="mqtt", address=str(n), payload=b"", received=0.0))
    assert inbox.is_full()
    assert len(inbox.take(5)) == 5
    assert inbox.is_full(), "room is told only when half is free, so that links do not flutter"
    assert len(inbox.take(5)) == 5
    assert not inbox.is_full()
    assert len(inbox.take(5)) == 2


async def test_timers_wait_after_a_standstill_but_not_at_a_steady_slow_pace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.intake.pipeline.STOOD_STILL", 0.005)
    async with running(Committer()) as bench:
        for n in range(4):
            bench.offer(f"m{n}")
            await bench.until_acknowledged(n + 1)
        assert bench.work.holds == 1
        monkeypatch.setattr("hub.intake.pipeline.STOOD_STILL", 5.0)
        bench.offer("m4")
        await bench.until_acknowledged(5)
        monkeypatch.setattr("hub.intake.pipeline.STOOD_STILL", 0.005)
        bench.offer("m5")
        await bench.until_acknowledged(6)
        assert bench.work.holds == 2


async def test_while_the_store_takes_nothing_nobody_waits_and_nothing_is_done_behind_their_backs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.intake.ration.RETRY_AFTER", 0.01)
    done: list[str] = []
    async with running(Committer(failures=5)) as bench:
        bench.offer("m0")
        while not bench.pipeline.failing:  # noqa: ASYNC110 - a state, not an event
            await asyncio.sleep(0.001)
        with pytest.raises(StoreError, match="the disk is on fire"):
            await bench.inbox.perform(lambda _batch: done.append("refused"))
        await bench.until_acknowledged(1)
        await bench.inbox.perform(lambda _batch: done.append("taken"))
    assert done == ["taken"]


async def test_who_waits_when_the_store_fails_is_told_and_what_was_not_begun_is_not_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.intake.ration.RETRY_AFTER", 0.01)
    done: list[str] = []
    async with running(Committer(failures=3)) as bench:
        bench.offer("m0")
        while not bench.committer.tried:  # noqa: ASYNC110 - a state, not an event
            await asyncio.sleep(0.001)
        with pytest.raises(StoreError, match="look before you repeat"):
            await bench.inbox.perform(lambda _batch: done.append("too late"))
        await bench.until_acknowledged(1)
        await bench.inbox.perform(lambda _batch: done.append("taken"))
    assert done == ["taken"]
