"""Says how many commits an image holds, and what is wrong with it."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import apsw

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.store.archive import SqliteArchive
from hub.store.books import SqliteBooks
from hub.store.migration import current_version, shipped_steps
from hub.store.seals.chain import prove_chain
from hub.store.seals.diagnosis import find_fault
from hub.store.sqlite import open_store
from tests.chaos.power_cut.disk import Image, write_image
from tests.chaos.power_cut.memory import Memory
from tests.chaos.power_cut.plan import DAYS, ENTRIES, NOW, RING, Held, Plan, read_held
from tests.chaos.power_cut.recorder import Connection

T = TypeVar("T")
Finding = int | str
"""Commits held by a sound image; or a sentence about one that is not."""

UNREADABLE = (apsw.Error, sqlite3.Error, ValueError, TypeError, zlib.error)
"""What may come up where a page holds something else; msgspec's own are kinds of ValueError."""

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
_LATEST = shipped_steps()[-1].version


class Judge:
    """Knows one plan, the images that were seen, and the contents that they came to."""

    def __init__(self, plan: Plan, memory: Memory, seen: dict[bytes, Finding]) -> None:
        self.plan = plan
        self._memory = memory
        self._contents: dict[int, Finding] = {}
        self.seen = seen

    async def look(self, image: Image) -> Finding:
        """Return what is found in an image; one that was seen is known."""
        key = fingerprint(image)
        if key not in self.seen:
            self.seen[key] = await self._open(image)
        return self.seen[key]

    async def _open(self, image: Image) -> Finding:
        try:
            with self._memory.opened(image) as connection:
                found = connection.execute("PRAGMA integrity_check").fetchall()
                return (
                    await self._read(connection) if found == [("ok",)] else f"damaged: {found[0]}"
                )
        except UNREADABLE as error:
            return f"damaged: {error}"

    async def _read(self, connection: Connection) -> Finding:
        if current_version(connection) < _LATEST:
            return 0
        names = [name for (name,) in connection.execute(_TABLES)]
        rows = [tuple(connection.execute(f"SELECT * FROM {name}")) for name in names]
        key = hash(tuple(rows))
        if key not in self._contents:
            readers = OneReader(connection)
            held = await read_held(SqliteArchive(Path(), readers, DAYS), SqliteBooks(readers, DAYS))
            self._contents[key] = await self._compare(held)
        return self._contents[key]

    async def _compare(self, held: Held) -> Finding:
        seqs = [entry.seq for entry in held["journal"]]
        if seqs != list(range(1, len(seqs) + 1)):
            return f"the journal has a gap: {seqs}"
        number, rest = divmod(len(seqs), ENTRIES)
        expected = await self.plan.held_after(number)
        wrong = sorted(name for name, part in expected.items() if held[name] != part)
        if rest or wrong:
            return f"half a commit: beside journal {len(seqs)} differ {wrong}"
        return number

    async def start_on(self, folder: Path, image: Image, number: int) -> list[str]:
        """Let the hub's own SQLite start on an image, with what a link would bring again."""
        write_image(folder, image)
        try:
            return await self._start(folder, number)
        except StoreError as error:
            return [f"the hub does not start: {error}"]

    async def _start(self, folder: Path, number: int) -> list[str]:
        async with open_store(
            folder / "hub.db", clock=ManualClock(NOW), ring=RING, days=DAYS
        ) as store:
            found = [await read_held(store.archive, store.books)]
            for each in range(max(number, 1), number + 2):
                await store.committer.commit(self.plan.changes(each))
            await store.upkeep.tidy(now=NOW)
            found.append(await read_held(store.archive, store.books))
        with closing(sqlite3.connect(folder / "hub.db")) as connection:
            fault = prove_chain(connection, RING, find_fault, {}).fault
        if fault:
            return [f"the chain of seals is broken: {fault}"]
        wanted = [await self.plan.held_after(each) for each in (number, number + 1)]
        return ["the hub's own start finds another store"] if found != wanted else []


class OneReader:
    """Reads by one connection, at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, work: Callable[[Connection], T], *, limit: float | None = None) -> T:
        return work(self._connection)


def fingerprint(image: Image) -> bytes:
    """Return what tells images apart."""
    whole = sha256()
    for name in sorted(image):
        whole.update(f"{name}/{len(image[name])}/".encode())
        whole.update(image[name])
    return whole.digest()
