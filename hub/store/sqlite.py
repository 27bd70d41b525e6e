"""The embedded store: one SQLite file, opened with everything that keeps it sound."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from hub.clock import Clock
from hub.errors import StoreBrokenError, StoreError
from hub.ports import Holding
from hub.store.archive import SqliteArchive
from hub.store.books import SqliteBooks
from hub.store.committer import Hands, SqliteCommitter
from hub.store.connections import SQLITE, Connections
from hub.store.deletion.holding import find_reach, read_holdings
from hub.store.deletion.scrubbing import scrub_once
from hub.store.event import EventWriter
from hub.store.failure import explain
from hub.store.hand import MappedHand, open_hand
from hub.store.leftover import Leftovers
from hub.store.lock import exclusive
from hub.store.migration import Secrets, migrate, shipped_steps
from hub.store.readers import Readers
from hub.store.readings.unsaved import Unsaved, read_unsaved
from hub.store.readings.upkeep import Upkeep
from hub.store.reserve import FileReserve, open_reserve
from hub.store.safekeeping.copying import check_database
from hub.store.seals.chain import read_head
from hub.store.seals.day_key import DayKeys, open_day_keys
from hub.store.seals.key_file import open_ring
from hub.store.seals.seal import NAME_BYTES, KeyRing
from hub.store.writer import Writer

log = structlog.get_logger(__name__)

BUSY_TIMEOUT = 5.0
"""Seconds that a commit waits for a lock that somebody else holds on the file."""
CHECKED_WHOLE = 64 * 1024 * 1024
"""Bytes up to which a database is checked whole after a crash; of a larger one only the books."""

_RUNNING = (
    "INSERT INTO meta (key, value) VALUES ('running', ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
_BOOKS = (
    "journal",
    "feed",
    "ticket",
    "alarm",
    "command",
    "document",
    "state",
    "cursor",
    "point",
    "intake",
)


class SqliteStore:
    """An open store: the four ports, and the upkeep."""

    def __init__(
        self,
        path: Path,
        *,
        committer: SqliteCommitter,
        upkeep: Upkeep,
        readers: Readers,
        archive: SqliteArchive,
        books: SqliteBooks,
        hand: MappedHand,
        reserve: FileReserve,
    ) -> None:
        self.path = path
        self.hand = hand
        self.committer = committer
        self.upkeep = upkeep
        self._readers = readers
        self.reserve = reserve
        self.archive = archive
        self.books = books

    async def holdings(self) -> list[Holding]:
        """Return what is held of each kind of data; nothing before it was said what is kept."""
        retention = self.upkeep.ageing.retention
        if retention is None:
            return []
        return await self._readers.read(partial(read_holdings, retention=retention))

    async def reach(self, uid: str, point: str) -> float | None:
        """Return since when a point's readings are complete; None where none were deleted."""
        retention = self.upkeep.ageing.retention
        if retention is None:
            return None
        find = partial(find_reach, retention=retention, uid=uid, point=point)
        return await self._readers.read(find)


@asynccontextmanager
async def open_store(
    path: Path,
    *,
    clock: Clock,
    busy_timeout: float = BUSY_TIMEOUT,
    connections: Connections = SQLITE,
    ring: KeyRing | None = None,
    days: DayKeys | None = None,
    reserve: int = 0,
) -> AsyncIterator[SqliteStore]:
    """Open the file, made or upgraded as needed, for as long as the block runs.

    `ring` seals the journal, `days` what was not understood; without them the keys beside the file
    do, and are made where missing. `reserve` bytes of the disk are kept for when it is full.
    Raises StoreError when another hub uses it, when it comes from a newer hub, or when it is
    damaged (looked at after a stop that was not clean).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(exclusive(path))
        secrets = Secrets(ring or open_ring(path), days or open_day_keys(path))
        hand = stack.enter_context(open_hand(path.with_name(path.name + ".hand")))
        writer = Writer(path, busy_timeout=busy_timeout, connect=connections.writer)
        stack.push_async_callback(writer.close)
        await writer.open()
        unsaved = await writer.call(partial(_prepare, writer, path, clock.now(), secrets))
        kept = await stack.enter_async_context(open_reserve(path, reserve, writer))
        readers = Readers(path, connections.reader)
        stack.push_async_callback(writer.call, partial(_note_stop, writer))
        stack.push_async_callback(readers.close)
        hands = Hands(EventWriter(secrets.days), Leftovers(secrets.days))
        upkeep = Upkeep(
            writer=writer,
            readers=readers,
            unsaved=unsaved,
            clock=clock,
            hands=hands,
            reserve=kept,
        )
        await stack.enter_async_context(_running(upkeep))
        committer = SqliteCommitter(writer, unsaved, clock, secrets.ring, hands)
        yield SqliteStore(
            path,
            committer=committer,
            upkeep=upkeep,
            readers=readers,
            archive=SqliteArchive(path, readers, secrets.days),
            books=SqliteBooks(readers, secrets.days),
            hand=hand,
            reserve=kept,
        )


@asynccontextmanager
async def _running(upkeep: Upkeep) -> AsyncIterator[None]:
    task = asyncio.create_task(upkeep.run(), name="store-upkeep")
    task.add_done_callback(_tell_end)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        with contextlib.suppress(StoreError):
            await upkeep.save()


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("history is not put in order any more; restart the hub", exc_info=error)


def _prepare(writer: Writer, path: Path, now: float, secrets: Secrets) -> Unsaved:
    connection = writer.connection()
    try:
        came = migrate(connection, path, now=now, steps=shipped_steps(), secrets=secrets)
        _check_after_crash(connection, path)
        scrub_once(connection, fresh=not came)
        connection.execute(_RUNNING, ("yes",))
        _look_for_key(connection, secrets.ring)
        return read_unsaved(connection)
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error


def _look_for_key(connection: sqlite3.Connection, ring: KeyRing) -> None:
    head = read_head(connection)
    if head.seq and not ring.knows(head.seal):
        log.warning(
            "the key that sealed the journal is not in the file of audit keys; put its copy back,"
            " or nobody can prove what was sealed with it",
            seq=head.seq,
            key=head.seal[:NAME_BYTES].hex(),
        )


def _check_after_crash(connection: sqlite3.Connection, path: Path) -> None:
    marker = connection.execute("SELECT value FROM meta WHERE key = 'running'").fetchone()
    if marker is None or marker[0] == "no":
        return
    whole = path.stat().st_size <= CHECKED_WHOLE
    try:
        for table in ("",) if whole else _BOOKS:
            check_database(connection, path, table=table)
    except StoreError as error:
        raise StoreBrokenError(str(error)) from error


def _note_stop(writer: Writer) -> None:
    try:
        writer.connection().execute(_RUNNING, ("no",))
    except (sqlite3.Error, StoreError):
        # Not noted means checked at the next start, which is what a failing disk deserves.
        return
