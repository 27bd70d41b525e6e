"""The SQLite file: locks, full disks, upgrades, copies, crashes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import StoreBrokenError, StoreError, StoreFullError
from hub.ports import Changes, Document
from hub.store import readers, writer
from hub.store.failure import explain
from hub.store.migration import (
    Secrets,
    Step,
    current_version,
    migrate,
    shipped_steps,
    split_statements,
)
from hub.store.seals.day_key import DayKeys
from hub.store.seals.seal import KeyRing, new_key
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, entry, everything, reading, said

CLOCK = ManualClock(NOW)
SECRETS = Secrets(KeyRing([new_key()]), DayKeys(None, {}))


def _big(size: int) -> Changes:
    body = b'"' + b"x" * size + b'"'
    return Changes(journal=[entry(1)], documents=[Document(collection="c", key="k", body=body)])


def _sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


async def _last_seq(store: SqliteStore) -> int:
    return (await store.archive.load(now=NOW)).last_seq


async def test_a_second_hub_is_refused_with_the_first_ones_number(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK):
        with pytest.raises(StoreError, match=r"in use by another hub \(process \d+\)"):
            async with open_store(path, clock=CLOCK):
                pass
    async with open_store(path, clock=CLOCK):
        pass


async def test_what_was_committed_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(everything())
        before = await store.archive.load(now=NOW)
    async with open_store(path, clock=CLOCK) as store:
        assert await store.archive.load(now=NOW) == before
        await store.committer.commit(Changes(readings=[said(reading(NOW + 1, boot="b1"))]))
        page = await store.archive.history("d1", "power.active", start=0, end=NOW + 2, limit=9)
        assert len(page.rows) == 2, "the same series goes on"


async def test_a_full_disk_writes_nothing_and_works_again_with_space(tmp_path: Path) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        inner = store.committer._writer
        await inner.call(lambda: inner.connection().execute("PRAGMA max_page_count = 60"))
        changes = _big(1_000_000)
        changes.readings.append(said(reading(uid="new", boot="new")))
        with pytest.raises(StoreFullError, match="the disk is full"):
            await store.committer.commit(changes)
        assert await _last_seq(store) == 0
        await inner.call(lambda: inner.connection().execute("PRAGMA max_page_count = 100000"))
        await store.committer.commit(changes)
        snapshot = await store.archive.load(now=NOW)
        assert (snapshot.last_seq, snapshot.points[0].uid) == (1, "new")


async def test_a_locked_file_fails_the_commit_but_the_next_try_goes_through(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK, busy_timeout=0.05) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked"):
                await store.committer.commit(everything())
            other.execute("ROLLBACK")
        await store.committer.commit(everything())
        assert await _last_seq(store) == 2


async def test_a_commit_waits_for_a_lock_that_is_let_go_in_time(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            commit = asyncio.create_task(store.committer.commit(everything()))
            await asyncio.sleep(0)
            other.execute("ROLLBACK")
            await commit
        assert await _last_seq(store) == 2


async def test_a_failure_in_the_middle_leaves_nothing_of_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:

        def fail(connection: sqlite3.Connection, rows: object) -> None:
            connection.execute("INSERT INTO nowhere VALUES (1)")

        with monkeypatch.context() as patch:
            parts = (*store.committer._parts, ("journal", fail))
            patch.setattr(store.committer, "_parts", parts)
            with pytest.raises(StoreError, match="no such table"):
                await store.committer.commit(everything())
        snapshot = await store.archive.load(now=NOW)
        assert (snapshot.last_seq, snapshot.points, snapshot.tickets) == (0, [], [])
        await store.committer.commit(everything())
        assert len((await store.archive.load(now=NOW)).points) == 2


async def test_a_cancelled_caller_leaves_no_transaction_open(tmp_path: Path) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        gate = threading.Event()
        held = asyncio.create_task(store.committer._writer.call(gate.wait))
        commit = asyncio.create_task(store.committer.commit(everything()))
        for _ in range(3):
            await asyncio.sleep(0)
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit
        gate.set()
        await held
        await store.committer.commit(Changes(journal=[entry(3)]))
        assert await _last_seq(store) == 3
        assert len(await store.books.journal(after=0, limit=9)) == 3


async def test_after_a_failed_fsync_nothing_is_committed_any_more(tmp_path: Path) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:

        def fail(connection: sqlite3.Connection) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error

        inner = store.committer._writer
        with pytest.raises(StoreBrokenError):
            await inner.call(lambda: inner.transact(fail))
        with pytest.raises(StoreBrokenError) as caught:
            await store.committer.commit(everything())
        assert caught.value.fatal
        assert await _last_seq(store) == 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_FULL", StoreFullError),
        ("SQLITE_IOERR_FSYNC", StoreBrokenError),
        ("SQLITE_CORRUPT", StoreBrokenError),
        ("SQLITE_BUSY", StoreError),
        ("SQLITE_INTERRUPT", StoreError),
    ],
)
def test_each_error_is_named_for_what_to_do_next(name: str, kind: type[StoreError]) -> None:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorname = name
    failure = explain(error, "hub.db")
    assert type(failure) is kind
    assert str(failure).startswith("hub.db: ")


async def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        await store.committer.commit(everything())


async def test_the_log_is_cut_when_it_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "WAL_LIMIT", 100_000)
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(_big(300_000))
        assert path.with_name("hub.db-wal").stat().st_size == 0
        assert await _last_seq(store) == 1


async def test_a_reading_that_takes_too_long_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        with pytest.raises(StoreError, match="took too long"):
            await store.books._readers.read(lambda c: c.execute(endless).fetchall(), limit=0.05)
        assert await _last_seq(store) == 0, "the connection serves on"


async def test_a_reading_that_is_stopped_with_an_open_cursor_leaves_its_connection_usable(
    tmp_path: Path,
) -> None:
    def stopped(connection: sqlite3.Connection) -> None:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT i FROM n"
        outer, inner = connection.execute(endless), connection.execute(endless)
        next(outer)
        connection.interrupt()
        next(inner)

    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        for _ in range(readers.READERS + 1):
            with pytest.raises(StoreError, match="took too long"):
                await store.books._readers.read(stopped)
        assert await _last_seq(store) == 0


async def test_readers_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK):
        refused = pytest.raises(sqlite3.OperationalError, match="readonly")
        with closing(readers.open_reader(path)) as connection, refused:
            connection.execute("DELETE FROM journal")


async def test_a_database_of_a_newer_hub_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK):
        pass
    _sql(path, "INSERT INTO schema_version VALUES (9999, 0)")
    with pytest.raises(StoreError, match="newer hub"):
        async with open_store(path, clock=CLOCK):
            pass


def test_an_upgrade_keeps_a_copy_and_a_failed_step_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    first = [Step(1, "0001", "CREATE TABLE a (x);\n-- why\nINSERT INTO a VALUES (1);")]
    second = [*first, Step(2, "0002", "CREATE TABLE b (x);"), Step(3, "0003", "DROP TABLE c;")]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, now=NOW, steps=first, secrets=SECRETS)
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, path, now=NOW, steps=second, secrets=SECRETS)
        assert current_version(connection) == 2
        assert not connection.in_transaction
    with closing(sqlite3.connect(tmp_path / "hub.db.before-3")) as copy:
        assert current_version(copy) == 1
        assert copy.execute("SELECT x FROM a").fetchall() == [(1,)]


def test_shipped_steps_are_numbered_without_a_gap() -> None:
    steps = shipped_steps()
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.name.startswith(f"{step.version:04d}_") for step in steps)


def test_a_file_is_split_where_its_statements_end() -> None:
    sql = "CREATE TABLE a (x TEXT DEFAULT ';');\n-- a; comment\nDROP TABLE a;\n-- the end\n"
    assert len(list(split_statements(sql))) == 2


async def test_damage_is_found_after_a_stop_that_was_not_clean(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(everything())
    _sql(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = 'CREATE INDEX alarm_open ON alarm (raised_at, id)'"
        " WHERE name = 'alarm_open'",
    )
    async with open_store(path, clock=CLOCK):
        pass
    _sql(path, "UPDATE meta SET value = 'yes' WHERE key = 'running'")
    with pytest.raises(StoreBrokenError, match="damaged"):
        async with open_store(path, clock=CLOCK):
            pass


async def test_a_stop_by_cancellation_is_a_clean_one(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    opened = asyncio.Event()

    async def serve() -> None:
        async with open_store(path, clock=CLOCK):
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    await opened.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'running'").fetchall() == [
            ("no",)
        ]
