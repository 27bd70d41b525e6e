"""Tells the journal what was deleted by age, once no byte of it is left in the write-ahead log."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from hub.clock import Clock
from hub.errors import StoreError
from hub.ports import Desk, Document
from hub.store.deletion.holding import DELETED
from hub.store.sqlite import SqliteStore

EVERY = 3600.0
"""Real seconds between two entries: deletion goes on all the time, an entry a minute tells less."""
AGAIN = 60.0
"""Real seconds until the next try, where somebody was reading or the store took nothing."""
TOLD = ("setting", "deleted")
"""The document that says how much was told already."""


async def keep_telling(store: SqliteStore, desk: Desk, clock: Clock) -> None:
    """Tell once an hour what was deleted, until cancelled."""
    while True:
        await asyncio.sleep(EVERY)
        done = False
        while not done:
            with contextlib.suppress(StoreError):
                done = await tell_deletions(store, desk, now=clock.now())
            if not done:
                await asyncio.sleep(AGAIN)


async def tell_deletions(store: SqliteStore, desk: Desk, *, now: float) -> bool:
    """Write `store.deleted` with what was not told yet; False while the log cannot be emptied.

    What was told stands in the same commit, so that nothing is told twice, and nothing is missing.
    """
    counters = await store.books.counters()
    total = {kind: sum(counters.get(n, 0) for n in names) for kind, names in DELETED.items()}
    body = await store.books.document(*TOLD)
    told: dict[str, int] = msgspec.json.decode(body) if body else {}
    fresh = {kind: n - told.get(kind, 0) for kind, n in total.items() if n > told.get(kind, 0)}
    if not fresh:
        return True
    if not await store.upkeep.empty_log():
        return False
    collection, key = TOLD
    paper = Document(collection=collection, key=key, body=msgspec.json.encode(total), at=now)
    await desk.write([paper], [("store.deleted", "store", "hub", {"deleted": fresh})])
    return True
