"""Follows the outbox: reads a page, delivers it, moves the cursor; again and again.

It tries again by itself, which only the supervisor may do elsewhere. The supervisor's links stand
between a device and the commit, and others wait for them; this is a reader behind the commit.
Nobody waits for it, what it owes lies in the store, and its next try is its next look.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from hub.clock import Clock
from hub.errors import StoreBrokenError, StoreError
from hub.ports import Desk
from hub.store.sink import parcel
from hub.store.sink.delivery import POINTS, Delivery, deliver
from hub.store.sink.line import LineWriter
from hub.store.sink.parcel import Cursor
from hub.store.sink.receiver import Answer, Receiver, Verdict
from hub.store.sink.shelf import Page, read_page

log = structlog.get_logger(__name__)

PAUSE = 1.0
"""Seconds between two looks while little arrives: what gathers meanwhile shares a request."""
FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0


class Sink:
    """One store's reader of the outbox; `cursor` is where it stands."""

    def __init__(
        self, path: Path, *, cursor: Cursor, writer: LineWriter, receiver: Receiver, desk: Desk
    ) -> None:
        self.cursor = cursor
        self.failing = ""
        """Why the store takes nothing at the moment; empty while it does."""
        self._path = path
        self._writer = writer
        self._receiver = receiver
        self._desk = desk
        self._wait = FIRST_WAIT

    async def run(self, clock: Clock) -> None:
        """Follow until cancelled."""
        while True:
            await clock.sleep(await self.step(clock.now()))

    async def step(self, now: float) -> float:
        """Deliver the next page, if there is one; returns the seconds until the next look."""
        try:
            found = await asyncio.to_thread(self._prepare)
        except StoreBrokenError:
            raise
        except StoreError as error:
            return self._fail(Answer(verdict=Verdict.LATER, why=str(error)))
        if found is None:
            return PAUSE
        page, lines = found
        outcome = await deliver(lines, self._receiver, _probe(now))
        if outcome.later is not None:
            return self._fail(outcome.later)
        full = page.through - self.cursor.after >= POINTS
        try:
            await self._move(page, len(lines), outcome, now)
        except StoreBrokenError:
            raise
        except StoreError as error:
            # The hub's own store takes nothing; the page is offered again, which changes nothing.
            return self._fail(Answer(verdict=Verdict.LATER, why=str(error)))
        self._recover()
        return 0.0 if full else PAUSE

    def _prepare(self) -> tuple[Page, list[str]] | None:
        page = read_page(self._path, self.cursor.after, POINTS)
        return None if page is None else (page, self._writer.write(page.sayings))

    async def _move(self, page: Page, offered: int, outcome: Delivery, now: float) -> None:
        """Write the cursor and delete what it has passed, in one transaction."""
        moved = _moved(self.cursor, page, offered, outcome)
        gone = [parcel.settled(key) for key in page.keys]
        await self._desk.write([parcel.keep(parcel.CURSOR, moved, now), *gone])
        self.cursor = moved
        if outcome.refused:
            log.warning(
                "the time-series store refused readings; they are skipped, and stay in the history",
                refused=outcome.refused,
                example=outcome.last_refused,
                why=outcome.why,
            )

    def _fail(self, answer: Answer) -> float:
        if not self.failing:
            log.warning("the time-series store takes nothing; readings wait for it", why=answer.why)
        self.failing = answer.why
        wait = self._wait
        self._wait = min(LONGEST_WAIT, 2 * wait)
        return min(LONGEST_WAIT, max(wait, answer.wait))

    def _recover(self) -> None:
        if self.failing:
            log.info("the time-series store takes readings again")
        self.failing = ""
        self._wait = FIRST_WAIT


def _moved(cursor: Cursor, page: Page, offered: int, outcome: Delivery) -> Cursor:
    return Cursor(
        after=page.through,
        sent=cursor.sent + outcome.sent,
        refused=cursor.refused + outcome.refused,
        withheld=cursor.withheld + page.through - cursor.after - offered,
        last_refused=outcome.last_refused or cursor.last_refused,
        why=outcome.why or cursor.why,
    )


def _probe(now: float) -> str:
    """Return a line that no sound store refuses."""
    return f"hub,device=hub,kind=hub,point=sink.probe value=1 {round(now * 1_000_000)}"
