"""The one thread that writes: a transaction is one function, run there as a whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from hub.errors import StoreBrokenError, StoreError
from hub.store.failure import explain

HANDED_OVER = 4
"""Functions that may wait for the thread; whoever comes later waits on the loop."""
WAL_LIMIT = 64 * 1024 * 1024
"""Bytes of write-ahead log that readers may hold up before it is cut."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What is deleted is overwritten, on whole pages that become free as well: not every build does.
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -4000",
)

FOLDED = 8000
"""Pages of the log that a commit brings into the file. By SQLite's default, 1,000, a batch of that
many points would be copied after each commit."""
FOLDED_ON_A_FULL_DISK = 200

T = TypeVar("T")


def open_writer(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """Return a connection that begins and ends transactions only where it is told to."""
    return sqlite3.connect(path, isolation_level=None, timeout=busy_timeout)


class Writer:
    """Owns the only connection that ever writes or checkpoints.

    SQLite before 3.51.3 can damage a WAL database when two connections do so at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: float,
        connect: Callable[[Path, float], sqlite3.Connection] = open_writer,
    ) -> None:
        self._path = path
        self._busy = int(busy_timeout * 1000)
        self._opener = connect
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._slots = asyncio.Semaphore(HANDED_OVER)
        self._connection: sqlite3.Connection | None = None
        self._broken: str = ""

    async def open(self) -> None:
        """Connect, in the thread."""
        await self.call(self._connect)

    async def close(self) -> None:
        """Finish what was handed over, disconnect and end the thread."""
        await self.call(self._disconnect)
        self._thread.shutdown(wait=True)

    async def call(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread to its end, even where the caller is cancelled meanwhile."""
        await self._slots.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def tell(done: Future[T]) -> None:
            loop.call_soon_threadsafe(self._pass_on, done, answer)

        try:
            self._thread.submit(work).add_done_callback(tell)
        except RuntimeError:
            self._slots.release()
            raise StoreError(f"{self._path} is closed; nothing was written") from None
        return await answer

    def _pass_on(self, done: Future[T], answer: asyncio.Future[T]) -> None:
        self._slots.release()
        if answer.cancelled():
            return
        error = done.exception()
        if error is None:
            answer.set_result(done.result())
        else:
            answer.set_exception(error)

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction; StoreError means that nothing was written. In the thread."""
        connection = self.connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(connection)
            failure = explain(error, str(self._path))
            self._remember(failure)
            raise failure from error
        except BaseException:
            self._roll_back(connection)
            raise
        self._cut_log()
        return result

    def connection(self) -> sqlite3.Connection:
        """Return the connection; only for functions that run in the thread."""
        if self._broken:
            raise StoreBrokenError(self._broken)
        if self._connection is None:
            raise StoreError(f"{self._path} is closed; nothing was written")
        return self._connection

    def _connect(self) -> None:
        try:
            self._connection = connection = self._opener(self._path, self._busy / 1000)
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            connection.execute(f"PRAGMA wal_autocheckpoint = {FOLDED}")
        except sqlite3.Error as error:
            raise explain(error, str(self._path)) from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        # A full disk has rolled back already; going on would write half a batch.
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def _remember(self, failure: StoreError) -> None:
        if isinstance(failure, StoreBrokenError):
            self._broken = str(failure)

    def empty_log(self) -> bool:
        """Bring the whole log into the file and cut it; False while somebody reads. In the thread.

        Raises StoreError where the disk fails.
        """
        return self._checkpoint("TRUNCATE")

    def keep_log_short(self, *, short: bool) -> None:
        """Have commits fold the log so often that it does not grow, or as usual. In the thread.

        Raises StoreError where the disk fails.
        """
        pages = FOLDED_ON_A_FULL_DISK if short else FOLDED
        self.connection().execute(f"PRAGMA wal_autocheckpoint = {pages}")
        if short:
            self._checkpoint("PASSIVE")

    def _checkpoint(self, mode: str) -> bool:
        connection = self.connection()
        try:
            connection.execute("PRAGMA busy_timeout = 0")
            busy, *_ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error as error:
            failure = explain(error, str(self._path))
            self._remember(failure)
            raise failure from error
        finally:
            connection.execute(f"PRAGMA busy_timeout = {self._busy}")
        return not busy

    def _cut_log(self) -> None:
        log = self._path.with_name(self._path.name + "-wal")
        if log.stat().st_size > WAL_LIMIT:
            # The commit before is safe; what matters is whether another one may follow.
            with suppress(StoreError):
                self.empty_log()
