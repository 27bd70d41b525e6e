"""Commits, and says what may come in while the disk is full: orders last of all are refused.

A full disk takes nothing more, but somebody may have to open a gate. So a reserve is given up piece
by piece: at first for states and orders, in its second half for orders alone. Measurements wait at
their source. What was prepared is committed first, since nothing may be told out of its turn.
"""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from hub.errors import StoreError, StoreFullError
from hub.intake.batch import Batch
from hub.intake.inbox import BoundedInbox, Ration
from hub.model.journal import Draft
from hub.ports import Changes, Committer, Reserve

log = structlog.get_logger(__name__)

RETRY_AFTER = 0.5
"""Real seconds between two tries of a commit that fails."""
LOOK_EVERY = 5.0
"""Real seconds between two looks whether the reserve can be filled again."""
_FULL = {
    Ration.STATES: "the disk is full: measurements wait, states and orders go on from the reserve",
    Ration.ORDERS: "the disk is full: all devices wait, orders go on from the rest of the reserve",
}


class _NoReserve:
    """The reserve of a store that has none."""

    size = left = 0
    spending = False

    async def spend(self) -> bool:
        """Nothing can be given up."""
        return False

    async def refill(self) -> bool:
        """Nothing was given up."""
        return True


NO_RESERVE = _NoReserve()


class Rationing:
    """The way to the store: a commit returns once it is done, however long that takes."""

    def __init__(self, committer: Committer, inbox: BoundedInbox, reserve: Reserve) -> None:
        self.failing = ""
        """Why the store does not take everything at the moment; empty while it does."""
        self._committer = committer
        self._inbox = inbox
        self._reserve = reserve
        self._told = Ration.ALL
        self._looks_at = float("-inf")

    @property
    def ration(self) -> Ration:
        """Return what is taken at the moment."""
        return self._inbox.ration

    async def commit(self, changes: Changes) -> None:
        """Commit; tries again until it is done. A fatal StoreError is raised."""
        while True:
            try:
                await self._committer.commit(changes)
            except StoreError as error:
                if getattr(error, "fatal", False):
                    raise
                await self._make_way(error)
            else:
                self._say_what_is_taken()
                return

    async def look(self) -> None:
        """Fill the reserve again where the disk has room; everything is taken from then on."""
        now = asyncio.get_running_loop().time()
        if self._reserve.left >= self._reserve.size or now < self._looks_at:
            return
        self._looks_at = now + LOOK_EVERY
        if await self._reserve.refill():
            self._say_what_is_taken()

    async def _make_way(self, error: StoreError) -> None:
        if isinstance(error, StoreFullError) and await self._reserve.spend():
            self._looks_at = asyncio.get_running_loop().time() + LOOK_EVERY
            self._say_what_is_taken()
            return
        self._say(Ration.NOTHING, str(error))
        await asyncio.sleep(RETRY_AFTER)

    def _say_what_is_taken(self) -> None:
        """Say it of a store that takes commits."""
        ration = Ration.ALL
        if self._reserve.spending:
            is_low = 2 * self._reserve.left <= self._reserve.size
            ration = Ration.ORDERS if is_low else Ration.STATES
        self._say(ration, _FULL.get(ration, ""))

    def _say(self, ration: Ration, why: str) -> None:
        if ration is self.ration and why == self.failing:
            return
        if why and why != self.failing:
            log.error("the store does not take everything; devices wait", why=why)
        if self.failing and not why:
            log.info("the store takes everything again")
        self.failing = why
        self._inbox.set_ration(ration, why)
        if ration not in {Ration.NOTHING, self._told}:
            self._told = ration
            self._inbox.post(partial(_tell, ration))


def _tell(ration: Ration, batch: Batch) -> None:
    """Say it in the journal, which the walls follow."""
    kind = "store.short" if ration else "store.roomy"
    data = {"takes": ration.shortage} if ration else {}
    batch.record([Draft(at=batch.now, type=kind, subject="store", actor="hub", data=data)])
