"""Asks one channel's vendor what became of the messages that it took, less and less often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hub.bells.channel import Address, Witness
from hub.bells.course import NEVER
from hub.bells.lane import Surroundings
from hub.bells.receipt import Receipt, next_asking
from hub.bells.receipt_book import ReceiptBook
from hub.config.bell_settings import BellSettings
from hub.courier.doze import doze
from hub.model.ring import Ring


class Enquiry:
    """One channel's; when each message was asked about last is in memory only."""

    def __init__(
        self, bell: BellSettings, witness: Witness, around: Surroundings, book: ReceiptBook
    ) -> None:
        self.bell = bell
        self.news = asyncio.Event()
        self._witness = witness
        self._around = around
        self._book = book
        self._asked: dict[str, float] = {}

    async def run(self, settle: Callable[[], None]) -> None:
        """Ask until cancelled; `settle` is told of each word that changes something."""
        clock = self._around.clock
        while True:
            awaited = self._book.awaited(self.bell.id)
            self._forget({receipt.id for _, receipt in awaited})
            due = {receipt.id: self._due(receipt) for _, receipt in awaited}
            ready = [pair for pair in awaited if due[pair[1].id] <= clock.now()]
            if not ready:
                await doze(clock, self.news, min(due.values(), default=NEVER))
            for ring, receipt in ready:
                if await self._ask(ring, receipt):
                    settle()

    def _due(self, receipt: Receipt) -> float:
        return next_asking(receipt, self._asked.get(receipt.id))

    def _forget(self, awaited: set[str]) -> None:
        self._asked = {each: at for each, at in self._asked.items() if each in awaited}

    async def _ask(self, ring: Ring, receipt: Receipt) -> bool:
        around = self._around
        address = await around.contacts.find(ring.person, self.bell.facts)
        known = address if isinstance(address, Address) else Address()
        news = await self._witness.ask(receipt, known)
        self._asked[receipt.id] = around.clock.now()
        return await self._book.take(self.bell.id, [news])
