"""The steps of upkeep: each reads a bounded amount, or writes in one short transaction."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from hub.store.readers import Readers
from hub.store.writer import Writer

PACE = 1.0
"""Seconds of rest for each second of work."""
LONGEST_REST = 0.1

T = TypeVar("T")


class Steps:
    """Takes steps beside the commits, which never wait long for one.

    While it is `unhurried` it rests after each, since a thread that works in Python holds up the
    loop.
    """

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._pace = 0.0
        self._writer = writer
        self._readers = readers

    @contextlib.contextmanager
    def unhurried(self) -> Iterator[None]:
        """Rest between the steps while the block runs: nobody waits for the end of them."""
        self._pace = PACE
        try:
            yield
        finally:
            self._pace = 0.0

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Read a bounded amount, however long it takes: on a busy hub it would never be done."""
        began = time.monotonic()
        result = await self._readers.read(work, limit=None)
        await self._rest(began)
        return result

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Write something in a transaction of its own."""
        return await self.call(lambda: self._writer.transact(work))

    async def call(self, work: Callable[[], T]) -> T:
        """Run something in the writer's thread."""
        began = time.monotonic()
        result = await self._writer.call(work)
        await self._rest(began)
        return result

    async def _rest(self, began: float) -> None:
        if self._pace:
            await asyncio.sleep(min(self._pace * (time.monotonic() - began), LONGEST_REST))
