"""Read-only connections: a few, each used by one short transaction at a time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from traceback import clear_frames
from typing import TypeVar

from hub.store.failure import explain

READERS = 3
READ_LIMIT = 5.0
"""Real seconds; a longer reading would keep the write-ahead log from being cut."""

T = TypeVar("T")


def open_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that can neither write nor checkpoint."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


class Readers:
    """A pool; who finds no free connection waits for one."""

    def __init__(
        self, path: Path, connect: Callable[[Path], sqlite3.Connection] = open_reader
    ) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._all = [connect(path) for _ in range(READERS)]
        self._free: asyncio.LifoQueue[sqlite3.Connection] = asyncio.LifoQueue()
        for connection in self._all:
            self._free.put_nowait(connection)

    async def read(
        self, work: Callable[[sqlite3.Connection], T], *, limit: float | None = READ_LIMIT
    ) -> T:
        """Run `work` on one moment of the database; StoreError when it takes over `limit`."""
        loop = asyncio.get_running_loop()
        connection = await self._free.get()
        timer = loop.call_later(limit, connection.interrupt) if limit is not None else None
        future = loop.run_in_executor(self._threads, self._run, connection, work)

        def give_back(_: asyncio.Future[T]) -> None:
            if timer:
                timer.cancel()
            self._free.put_nowait(connection)

        future.add_done_callback(give_back)
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Wait for what is being read, and disconnect."""
        for _ in self._all:
            await self._free.get()
        self._threads.shutdown(wait=True)
        for connection in self._all:
            connection.close()

    def _run(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection.execute("BEGIN")
            return work(connection)
        except sqlite3.Error as error:
            # A cursor that is left in a frame would keep the stop in force, for the end as well.
            clear_frames(error.__traceback__)
            raise explain(error, str(self._path)) from error
        finally:
            _end(connection)


def _end(connection: sqlite3.Connection) -> None:
    """End what is being read; a stop that comes too late hits this instead, but only once."""
    for _ in range(2):
        if connection.in_transaction:
            with suppress(sqlite3.OperationalError):
                connection.execute("ROLLBACK")
