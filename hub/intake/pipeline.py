"""The one loop that changes anything: take, prepare, commit, acknowledge, tell the readers.

While a commit runs, what arrives waits and becomes the next batch. A commit that fails is tried
again with the same prepared batch; nothing behind it is evaluated until it has gone through.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

from hub.clock import Clock
from hub.errors import HubError
from hub.intake.batch import Batch
from hub.intake.inbox import BoundedInbox, Operation
from hub.intake.ration import Rationing
from hub.intake.timer import Timer
from hub.ports import Envelope

BATCH_LIMIT = 1000
LINGER = 0.005
"""Real seconds from one batch to the next, at least: several messages share one commit. What comes
after a quiet moment is not held up by it."""
MANY = 30
"""Messages of a batch after which the next one may take twice as long to fill: at such a load it is
processor time that is short."""
STOP_LIMIT = 3.0
"""Real seconds that a stop waits for the commit under way."""
IDLE_LIMIT = 1.0
"""Seconds of the hub's clock after which timers are looked at, whatever they say."""

STOOD_STILL = 1.5
"""Real seconds from one batch to the next after which the hub, or its store, has stood still: what
was said meanwhile is in sockets and queues, and comes before any timer."""


class Work(Protocol):
    """What the loop works with; the composition root builds it."""

    def new_batch(self) -> Batch:
        """Start a batch at the current instant."""
        ...

    def take(self, envelope: Envelope, batch: Batch) -> None:
        """Take one envelope."""
        ...

    def finish(self, batch: Batch) -> None:
        """Run what is due, and add everything that has to be stored."""
        ...

    def next_due(self) -> float | None:
        """Return the instant at which a timer is due."""
        ...

    def hold_timers(self, now: float) -> None:
        """Let timers wait a moment, for what was said up to `now` and is not heard yet."""
        ...

    def settled(self, batch: Batch) -> None:
        """Tell the readers that the batch is in the store."""
        ...


Acknowledge = Callable[[str, Sequence[Envelope]], None]
"""Acknowledge envelopes of one link, in order."""


class Pipeline:
    """Runs the loop; ends by cancellation, between two batches or with the commit finished."""

    def __init__(
        self, *, inbox: BoundedInbox, work: Work, rationing: Rationing, clock: Clock
    ) -> None:
        self.batches = 0
        self.committed = 0
        self._inbox = inbox
        self._work = work
        self._rationing = rationing
        self._clock = clock
        self._timer = Timer(clock, inbox.wake)
        self._was_still = False
        self._linger = LINGER

    @property
    def failing(self) -> str:
        """Say why the store does not take everything at the moment; empty while it does."""
        return self._rationing.failing

    async def run(self, acknowledge: Acknowledge) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        taken = loop.time()
        with contextlib.closing(self._timer):
            while True:
                await self._wait(taken + self._linger)
                taken, last = loop.time(), taken
                self._look_for_standstill(taken - last)
                await self._look_at_ration()
                await self._finish(self._begin(acknowledge))

    def _begin(self, acknowledge: Acknowledge) -> asyncio.Future[None]:
        """Prepare a batch and start its commit.

        Nothing else holds it, or it would stay in memory until the next one is prepared.
        """
        items = self._inbox.take(BATCH_LIMIT)
        self._linger = 2 * LINGER if len(items) > MANY else LINGER
        batch = self._prepare(items)
        return asyncio.ensure_future(self._commit(batch, acknowledge))

    def _look_for_standstill(self, span: float) -> None:
        was_still, self._was_still = self._was_still, span > STOOD_STILL
        # Turns that are all as long are the pace of a slow clock.
        if self._was_still and not was_still:
            self._work.hold_timers(self._clock.now())

    async def _look_at_ration(self) -> None:
        if self._rationing.ration:
            # What waits at its source would be missed: no timer comes before it is heard.
            self._work.hold_timers(self._clock.now())
        await self._rationing.look()

    async def _finish(self, commit: asyncio.Future[None]) -> None:
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            # A stop must not leave a commit half told: what is in the store is acknowledged.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_LIMIT):
                    await commit
            raise

    async def _wait(self, earliest: float) -> None:
        """Wait for work, and until `earliest` (of the loop's clock) unless there is plenty."""
        if not len(self._inbox):
            await self._wait_for_work()
        rest = earliest - asyncio.get_running_loop().time()
        await asyncio.sleep(0.0 if len(self._inbox) >= BATCH_LIMIT else max(0.0, rest))

    async def _wait_for_work(self) -> None:
        due = self._work.next_due()
        now = self._clock.now()
        latest = now + IDLE_LIMIT
        due = latest if due is None else min(due, latest)
        if due > now:
            self._timer.set(due)
            await self._inbox.arrival()

    def _prepare(self, items: Sequence[Envelope | Operation]) -> Batch:
        batch = self._work.new_batch()
        for item in items:
            if isinstance(item, Envelope):
                self._work.take(item, batch)
            else:
                _perform(item, batch)
        self._work.finish(batch)
        return batch

    async def _commit(self, batch: Batch, acknowledge: Acknowledge) -> None:
        if not batch.is_empty():
            await self._rationing.commit(batch.changes)
        for link, envelopes in groupby(batch.envelopes, key=lambda envelope: envelope.link):
            acknowledge(link, list(envelopes))
        self.batches += 1
        self.committed += len(batch.envelopes)
        self._work.settled(batch)
        batch.settle()


def _perform(operation: Operation, batch: Batch) -> None:
    if operation.done.done() and not operation.done.cancelled():
        return  # who asked was told that it is refused
    try:
        result = operation.act(batch)
    except HubError as error:
        if not operation.done.done():
            operation.done.set_exception(error)
    else:
        batch.answer(operation.done, result)
