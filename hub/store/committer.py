"""The commit: everything that one batch changes, in one transaction of the writer's thread."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from hub.clock import Clock
from hub.ports import Changes, Document
from hub.store import bounds
from hub.store.event import EventWriter
from hub.store.leftover import Leftovers
from hub.store.readings import log
from hub.store.readings.unsaved import Unsaved
from hub.store.record import write_feed, write_journal
from hub.store.seals.paper_seal import seal_papers
from hub.store.seals.seal import KeyRing
from hub.store.seals.state_seal import seal_states
from hub.store.thing import write_things
from hub.store.writer import Writer


class Hands(NamedTuple):
    """What writes that which may concern people."""

    events: EventWriter
    leftovers: Leftovers


class SqliteCommitter:
    """Writes changes; safe to repeat with the very same ones."""

    def __init__(
        self, writer: Writer, unsaved: Unsaved, clock: Clock, ring: KeyRing, hands: Hands
    ) -> None:
        self._writer = writer
        self._ring = ring
        self._leftovers = hands.leftovers
        self._days = hands.events.days
        self._parts = (
            ("events", hands.events.write),
            ("feed", write_feed),
            ("quarantine", hands.leftovers.write_quarantine),
            ("newcomers", hands.leftovers.write_newcomers),
        )
        self._unsaved = unsaved
        self._clock = clock
        self._pruned_at = float("-inf")

    async def commit(self, changes: Changes) -> None:
        """Write all of it durably, or raise StoreError with nothing written.

        StoreFullError says that there is no space, StoreBrokenError (`fatal`) that the hub must
        stop. Cancelling the caller neither stops nor undoes the transaction.
        """
        now = self._clock.now()
        await self._writer.call(lambda: self._commit(changes, now))

    def _commit(self, changes: Changes, now: float) -> None:
        due = abs(now - self._pruned_at) >= bounds.PRUNE_EVERY
        page = log.to_page(changes, seal_states(changes.states, self._days))
        papers = seal_papers(changes.documents, self._days)

        def work(connection: sqlite3.Connection) -> int:
            number = log.append(connection, page) if page else 0
            self._write(connection, changes, papers)
            if changes.journal:
                write_journal(connection, changes.journal, self._ring)
            if due:
                self._leftovers.prune(connection, now)
            return number

        number = self._writer.transact(work)
        if page:
            self._unsaved.note(number, page)
        if due:
            self._pruned_at = now

    def _write(
        self, connection: sqlite3.Connection, changes: Changes, papers: list[Document]
    ) -> None:
        write_things(connection, changes, papers)
        for field, write in self._parts:
            rows = getattr(changes, field)
            if rows:
                write(connection, rows)
