"""The steps of upkeep: each reads a bounded amount, or writes in one short transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from hub.store.readers import Readers
from hub.store.writer import Writer

T = TypeVar("T")


class Steps:
    """Takes steps beside the commits, which never wait long for one."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Read a bounded amount, however long it takes: on a busy hub it would never be done."""
        return await self._readers.read(work, limit=None)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Write something in a transaction of its own."""
        return await self._writer.call(lambda: self._writer.transact(work))
