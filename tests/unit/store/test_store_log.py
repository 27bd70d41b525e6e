"""The intake log: what a crash leaves in it, and how it becomes history."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import structlog

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.model.device import LinkState
from hub.model.report import Quality
from hub.ports import Changes, CursorRow, HeardRow, ReadingRow, Snapshot
from hub.store import migration
from hub.store.migration import shipped_steps
from hub.store.peek import newest_instant
from hub.store.readings import compaction, log, unsaved, upkeep
from hub.store.readings.log import Page
from hub.store.readings.sheaf import Sheaf
from hub.store.seals.day_key import DayKeys
from hub.store.seals.seal import KeyRing, new_key
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, each_said, everything, reading, said

CLOCK = ManualClock(NOW)
HOUR = 3600


def talk(number: int, devices: int = 3) -> Changes:
    """Return a batch in which each device says its next word."""
    uids = [f"d{n}" for n in range(devices)]
    rows = [reading(NOW + number, float(number), uid=u, boot="b", seq=number) for u in uids]
    cursors = [CursorRow(uid=uid, topic="state", boot="b", seq=number) for uid in uids]
    heard = [HeardRow(uid=u, at=NOW + number, state=LinkState.ONLINE, boot="b") for u in uids]
    return Changes(readings=each_said(rows), cursors=cursors, heard=heard)


def tables(path: Path, *names: str) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT count(*) FROM {}"
        return [connection.execute(sql.format(name)).fetchone()[0] for name in names]


async def values(store: SqliteStore, uid: str = "d1") -> list[object]:
    page = await store.archive.history(uid, "power.active", start=0, end=NOW * 2, limit=10**6)
    return [row.value for row in page.rows]


def crash(store: SqliteStore, copy: Path) -> Path:
    """Return a copy of the files as a killed hub leaves them."""
    for end in ("", "-wal"):
        file = store.path.with_name(store.path.name + end)
        shutil.copy(file, copy.with_name(copy.name + end))
    return copy


def _same(one: Snapshot, other: Snapshot) -> None:
    assert one.points == other.points
    assert sorted(one.cursors, key=repr) == sorted(other.cursors, key=repr)
    assert sorted(one.heard, key=repr) == sorted(other.heard, key=repr)


@pytest.mark.parametrize("saved", [{}, {1}, {3, 4}, {7}])
async def test_a_start_finds_what_a_killed_hub_had_only_in_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved: set[int]
) -> None:
    monkeypatch.setattr(unsaved, "AT_ONCE", 2)
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        for number in range(1, 8):
            await store.committer.commit(talk(number, devices=number))
            if number in saved:
                await store.upkeep.save()
        before = await store.archive.load(now=NOW)
        copy = crash(store, tmp_path / "killed.db")
    async with open_store(copy, clock=CLOCK) as again:
        _same(await again.archive.load(now=NOW), before)
        await again.committer.commit(talk(8, devices=1))
        copy_again = crash(again, tmp_path / "killed again.db")
        latest = await again.archive.load(now=NOW)
    async with open_store(copy_again, clock=CLOCK) as third:
        _same(await third.archive.load(now=NOW), latest)
        assert len(await values(third)) == 6, "d1 spoke from the second round to the seventh"
    assert {row.value for row in before.points} == {7.0}


async def test_a_clean_stop_leaves_nothing_that_is_only_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(talk(1))
        assert tables(path, "point") == [0]
        assert newest_instant(path) == NOW + 1
    assert tables(path, "point", "cursor", "heard") == [3, 3, 3]


async def test_saving_ends_while_devices_go_on_to_speak(tmp_path: Path) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        await store.committer.commit(talk(1))
        writer, transact = store.committer._writer, store.committer._writer.transact
        said = 1

        def speak_and_transact(work: Callable[[sqlite3.Connection], object]) -> object:
            nonlocal said
            said += 1
            unsaved.Unsaved.note(store.upkeep._unsaved, said, Page([], [], [], []))
            store.upkeep._unsaved._begin(f"x{said}")
            return transact(work)

        writer.transact = speak_and_transact  # type: ignore[method-assign]
        await store.upkeep.save()
        writer.transact = transact  # type: ignore[method-assign]
        assert said == 2, "one transaction: what was said meanwhile waits"


async def test_only_what_is_saved_and_sorted_leaves_the_log(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(talk(1))
        await store.upkeep._sort()
        await store.upkeep._cut()
        assert tables(path, "intake", "chunk") == [1, 3], "its latest values are not saved"
        assert await values(store) == [1], "and what is in both is read once"
        await store.committer.commit(talk(2))
        await store.upkeep.save()
        await store.upkeep._cut()
        assert tables(path, "intake") == [1], "its readings are not sorted"
        await store.upkeep._sort()
        await store.upkeep._cut()
        assert tables(path, "intake") == [0]
        assert await values(store) == [1, 2]


async def test_the_log_becomes_parts_and_hours_that_are_over_columns(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        for number in (1, 2, HOUR, HOUR + 1):
            await store.committer.commit(talk(number))
        await store.upkeep.tidy(now=NOW)
        assert tables(path, "intake", "chunk", "chunk WHERE part = 0") == [0, 6, 0]
        await store.committer.commit(talk(3))
        await store.upkeep.tidy(now=NOW + 2.5 * HOUR)
        assert tables(path, "chunk", "chunk WHERE part = 0") == [6, 3]
        await store.committer.commit(talk(4))
        assert await values(store) == [1, 2, 3, 4, HOUR, HOUR + 1]
        await store.upkeep.tidy(now=NOW + 4 * HOUR)
        assert tables(path, "chunk", "chunk WHERE part = 0") == [6, 6]
        assert await values(store) == [1, 2, 3, 4, HOUR, HOUR + 1]


def recalled(store: SqliteStore, *uids: str) -> dict[str, list[int | None]]:
    """Return the numbers of each device's messages as a start is given them."""
    found: dict[str, list[int | None]] = {}
    hours = (int(NOW // HOUR) * HOUR - HOUR, NOW + HOUR)
    for report in store.archive.recall(
        start=hours[0], end=hours[1], uids=uids or ("d0", "d1", "d2")
    ):
        found.setdefault(report.uid, []).append(report.seq)
    return found


def announce(sheaf: Sheaf) -> Callable[[sqlite3.Connection], None]:
    """Return what writes that the chunks of a sheaf will come."""
    return partial(compaction.write_parts, part=sheaf.last, counts=sheaf.counts())


async def test_sorting_that_was_cut_off_leaves_nothing_double(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        await store.committer.commit(talk(1))
        await store.committer.commit(talk(2))
        await store.upkeep.save()
        sheaf = Sheaf(0)
        await store.archive._readers.read(partial(sheaf.gather, upto=2))
        writer = store.committer._writer
        await writer.call(lambda: writer.transact(announce(sheaf)))
        monkeypatch.setattr("hub.store.readings.sheaf.CHUNKS", 2)
        assert await writer.call(lambda: writer.transact(sheaf.write)), "there is more"
        assert await values(store, "d0") == [1, 2]
        assert len(list(store.archive.replay(start=0, end=NOW * 2))) == 6
        assert recalled(store) == {"d0": [1, 2], "d1": [1, 2], "d2": [1, 2]}
        await store.committer.commit(talk(3))
        await store.upkeep.tidy(now=NOW * 2)
        assert await values(store, "d0") == [1, 2, 3]
        assert len(list(store.archive.replay(start=0, end=NOW * 2))) == 9
        assert recalled(store) == {"d0": [1, 2, 3], "d1": [1, 2, 3], "d2": [1, 2, 3]}


async def test_parts_that_were_announced_and_never_written_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(talk(1))
        await store.upkeep.save()
        sheaf = Sheaf(0)
        await store.archive._readers.read(partial(sheaf.gather, upto=2))
        writer = store.committer._writer
        await writer.call(lambda: writer.transact(announce(sheaf)))
        await store.upkeep._merge(NOW * 2)
        assert tables(path, "part WHERE part > 0", "intake") == [0, 1]
        await store.upkeep.tidy(now=NOW * 2)
        assert await values(store) == [1]


async def test_devices_of_one_group_each_have_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "GROUPS", 1)
    compaction.group_of.cache_clear()
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        for number in (1, 2):
            await store.committer.commit(talk(number))
            await store.upkeep.tidy(now=NOW)
        assert tables(path, "chunk") == [2], "two parts of the one group"
        assert await values(store, "d2") == [1, 2]
        assert recalled(store, "d0", "d2") == {"d0": [1, 2], "d2": [1, 2]}
        found = store.archive.replay(start=0, end=NOW * 2, uids=["d0", "d2"])
        assert [(report.uid, report.seq) for report in found] == [
            ("d0", 1),
            ("d2", 1),
            ("d0", 2),
            ("d2", 2),
        ]
        await store.upkeep.tidy(now=NOW * 2)
        assert tables(path, "chunk") == [3], "a row of columns for each device"
        assert await values(store, "d2") == [1, 2]
    compaction.group_of.cache_clear()


async def test_a_long_log_is_sorted_in_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in {"MESSAGES": 4, "PIECE": 3, "CHUNKS": 2}.items():
        monkeypatch.setattr(f"hub.store.readings.sheaf.{name}", number)
    monkeypatch.setattr(compaction, "ROWS", 2)
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        for number in range(5):
            await store.committer.commit(talk(number))
        await store.upkeep.tidy(now=NOW * 2)
        assert tables(path, "intake", "chunk", "chunk WHERE part = 0") == [0, 3, 3]
        assert await values(store) == [0, 1, 2, 3, 4]
    with closing(sqlite3.connect(path)) as connection:
        counted = connection.execute("SELECT value FROM meta WHERE key = 'sorted'").fetchone()
    assert int(counted[0]) == 15


async def test_sorting_ends_while_devices_go_on_to_speak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(talk(1))
        write = Sheaf.write

        def speak_and_write(sheaf: Sheaf, connection: sqlite3.Connection) -> bool:
            page = log.to_page(talk(2), [])
            assert page is not None
            store.upkeep._unsaved.note(log.append(connection, page), page)
            return write(sheaf, connection)

        monkeypatch.setattr(Sheaf, "write", speak_and_write)
        await store.upkeep._sort()
        assert tables(path, "intake", "chunk", "part") == [2, 3, 1], "what came meanwhile waits"


async def test_upkeep_goes_on_after_a_failure_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LOOK", 0.0)
    monkeypatch.setattr(upkeep, "SORT_EVERY", 0.0)
    monkeypatch.setattr(upkeep, "SAVE_EVERY", 0.0)
    tried = asyncio.Event()
    rounds = 0

    def fail(_: sqlite3.Connection) -> tuple[int, int]:
        nonlocal rounds
        rounds += 1
        if rounds <= 2:
            raise StoreError("the disk is full")
        tried.set()
        return 1, 1

    with structlog.testing.capture_logs() as logs:
        monkeypatch.setattr(compaction, "measure_log", fail)
        async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
            await store.committer.commit(talk(1))
            await tried.wait()
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_an_upkeep_that_dies_of_a_defect_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LOOK", 0.0)
    dead = asyncio.Event()

    def fail(_: sqlite3.Connection) -> tuple[int, int]:
        raise ZeroDivisionError

    monkeypatch.setattr(compaction, "measure_log", fail)

    async def serve() -> None:
        async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
            task = next(t for t in asyncio.all_tasks() if t.get_name() == "store-upkeep")
            task.add_done_callback(lambda _: dead.set())
            await dead.wait()
            assert [entry["log_level"] for entry in logs] == ["error"]
            await store.committer.commit(talk(1))
            assert await values(store) == [1], "the commits go on"

    with structlog.testing.capture_logs() as logs, pytest.raises(ZeroDivisionError):
        await serve()


def _first_schema(path: Path, rows: Sequence[ReadingRow]) -> None:
    """Make a database as the first schema had it."""
    codes = {bool: 4, int: 8, float: 12, str: 16, type(None): 0}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        secrets = migration.Secrets(KeyRing([new_key()]), DayKeys(None, {}))
        steps = migration.shipped_steps()[:1]
        migration.migrate(connection, path, now=NOW, steps=steps, secrets=secrets)
        connection.execute("INSERT INTO boot VALUES (1, 'b'), (2, '')")
        for index, row in enumerate(rows):
            found = connection.execute(
                "INSERT INTO series (uid, point) VALUES (?, ?) ON CONFLICT DO UPDATE SET uid = uid"
                " RETURNING id",
                (row.uid, row.point),
            ).fetchone()
            code = codes[type(row.value)] + 32 * (row.seq is not None)
            code += list(Quality).index(row.quality)
            text = row.value if isinstance(row.value, str) else None
            number = None if text is not None else row.value
            boot = 1 if row.boot else 2
            tie = index if row.seq is None else row.seq
            late = row.received if row.received != row.at else None
            values = (found[0], row.at, boot, tie, late, code, number, text)
            for table in ("reading", "point"):
                connection.execute(
                    f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
                )


async def test_history_of_the_first_schema_is_taken_over(tmp_path: Path) -> None:
    rows = [
        reading(NOW, 1.5, seq=1, boot="b", received=NOW + 1),
        reading(NOW + 1, 2.5, seq=2, boot="b"),
        reading(NOW + HOUR, 7),
        reading(NOW + HOUR, "open", point="arm.position"),
        reading(NOW, None, uid="d2", quality=Quality.BAD),
        reading(NOW + 9, True, uid="d2", point="loop.occupied", seq=5, boot="b"),
    ]
    path = tmp_path / "hub.db"
    _first_schema(path, rows)
    async with open_store(path, clock=CLOCK) as store:
        for uid, point in {(row.uid, row.point) for row in rows}:
            page = await store.archive.history(uid, point, start=0, end=NOW * 2, limit=99)
            assert page.rows == [row for row in rows if (row.uid, row.point) == (uid, point)]
        points = (await store.archive.load(now=NOW)).points
        assert [row for row in rows[2:] if row not in points] == []
        await store.committer.commit(everything())
    assert (tmp_path / f"hub.db.before-{shipped_steps()[-1].version}").exists()


async def test_of_two_devices_whose_names_contain_each_other_each_has_its_own(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path / "hub.db", clock=CLOCK) as store:
        rows = [reading(NOW, 1.0, uid="d1"), reading(NOW, 2.0, uid="d11")]
        await store.committer.commit(Changes(readings=[said(row) for row in rows]))
        assert await values(store, "d1") == [1.0]
        assert await values(store, "d11") == [2.0]
