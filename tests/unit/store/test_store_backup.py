"""Backup, proof and restore: of one moment, never half done, and nothing is thrown away."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, HubError, NotFoundError, StoreError, StoreFullError
from hub.model.era import ERAS, read_eras
from hub.ports import Changes
from hub.store.migration import Secrets, migrate, shipped_steps
from hub.store.safekeeping import copying
from hub.store.safekeeping.backup import back_up
from hub.store.safekeeping.restoring import restore, verify
from hub.store.seals.chain import prove_chain
from hub.store.seals.day_key import DayKeys
from hub.store.seals.diagnosis import find_fault
from hub.store.seals.key_file import look_for_ring
from hub.store.seals.seal import KeyRing, new_key
from hub.store.sqlite import open_store
from tests.contract.store_cases import NOW, entry, everything, reading, said, ticket

CLOCK = ManualClock(NOW)
RING = KeyRing([new_key()])
BESIDE = {"hub.db", "hub.db.audit-key", "hub.db.lock"}
SECRETS = Secrets(RING, DayKeys(None, {}))
HOURS_LATER = NOW + 9000.0


def nobody(_done: int, _total: int) -> None:
    return


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


async def last_seq(path: Path) -> int:
    async with open_store(path, clock=CLOCK) as store:
        return (await store.archive.load(now=NOW)).last_seq


def names(folder: Path) -> set[str]:
    """Return who is there, but for what SQLite leaves behind who only reads."""
    return {
        each.name
        for each in folder.iterdir()
        if not each.name.endswith("-shm")
        and (each.stat().st_size or not each.name.endswith("-wal"))
    }


def content(file: Path) -> bytes:
    return file.read_bytes()


def has_chinese(error: HubError) -> bool:
    return bool(error.texts.get("zh"))


@pytest.fixture
async def site(tmp_path: Path) -> Path:
    """The database of a hub that has stopped, with an hour in columns."""
    path = tmp_path / "site" / "hub.db"
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(everything())
        await store.upkeep.tidy(now=HOURS_LATER)
    return path


@pytest.fixture
def copy(site: Path, tmp_path: Path) -> Path:
    """A backup of the site."""
    target = tmp_path / "copy.db"
    back_up(site, target, tell=nobody)
    return target


async def test_commits_go_on_between_the_steps_of_a_backup_that_shows_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES", 8)
    path, copy = tmp_path / "hub.db", tmp_path / "copy.db"
    seen: list[tuple[int, int]] = []
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(everything())
        loop = asyncio.get_running_loop()

        def commit_another(done: int, total: int) -> None:
            seen.append((done, total))
            commit = store.committer.commit(Changes(journal=[entry(2 + len(seen))]))
            asyncio.run_coroutine_threadsafe(commit, loop).result(20)

        made = await asyncio.to_thread(back_up, path, copy, tell=commit_another)
        assert len(seen) > 3
        assert seen[-1][0] == seen[-1][1]
        assert (await store.archive.load(now=NOW)).last_seq == 2 + len(seen)
    assert made.seq == 2
    assert made.size == copy.stat().st_size
    assert await last_seq(copy) == 2


def test_a_backup_replaces_an_older_one_and_is_for_its_owner_alone(site: Path, copy: Path) -> None:
    sql(site, "DELETE FROM journal")
    assert back_up(site, copy, tell=nobody).seq == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    assert names(copy.parent) == {"copy.db", "site"}


@pytest.mark.parametrize(
    ("target", "error", "word"),
    [
        ("missing/copy.db", NotFoundError, "no such folder"),
        ("site/hub.db", ConflictError, "in use"),
        ("busy.db", ConflictError, "in use"),
        ("lingdang.toml", ConflictError, "no backup"),
    ],
)
def test_a_backup_writes_over_nothing_but_a_backup(
    target: str, error: type[HubError], word: str, site: Path, tmp_path: Path
) -> None:
    (tmp_path / "lingdang.toml").write_text("[community]")
    for name in ("busy.db", "busy.db-wal"):
        (tmp_path / name).touch()
    with pytest.raises(error, match=word) as refused:
        back_up(site, tmp_path / target, tell=nobody)
    assert has_chinese(refused.value)
    assert (tmp_path / "lingdang.toml").read_text() == "[community]"


def test_where_there_is_no_database_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such database"):
        back_up(tmp_path / "hub.db", tmp_path / "copy.db", tell=nobody)
    (tmp_path / "hub.db").write_text("of something else" * 100)
    with pytest.raises(StoreError, match="cannot be read as a database"):
        back_up(tmp_path / "hub.db", tmp_path / "copy.db", tell=nobody)
    assert names(tmp_path) == {"hub.db"}


def test_a_disk_without_room_is_told_before_anything_is_written(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    sql(site, "CREATE TABLE big (x)", "INSERT INTO big VALUES (zeroblob(2000000))")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(StoreFullError, match="has 1 MB free, but a copy takes 2 MB") as refused:
        back_up(site, tmp_path / "copy.db", tell=nobody)
    assert has_chinese(refused.value)
    assert names(tmp_path) == {"site"}


def test_a_backup_that_is_interrupted_leaves_the_older_one(
    site: Path, copy: Path, tmp_path: Path
) -> None:
    before = content(copy)

    def press_ctrl_c(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(site, copy, tell=press_ctrl_c)
    assert content(copy) == before
    assert names(tmp_path) == {"copy.db", "site"}


async def test_a_proof_counts_what_a_backup_holds_and_touches_nothing(copy: Path) -> None:
    before, around = content(copy), names(copy.parent)
    proof = await verify(copy, clock=CLOCK, tell=nobody, ring=RING)
    assert (proof.first_seq, proof.last_seq) == (1, 2)
    assert (proof.tickets, proof.open_tickets) == (1, 1)
    assert (proof.alarms, proof.open_alarms) == (1, 1)
    assert (proof.commands, proof.devices, proof.messages) == (1, 0, 2)
    assert proof.schema == shipped_steps()[-1].version
    assert proof.size == len(before)
    assert content(copy) == before
    assert names(copy.parent) == around


def lose_an_entry(copy: Path) -> None:
    sql(
        copy,
        "INSERT INTO journal SELECT 4, at, type, subject, actor, place, body, seal FROM journal"
        " WHERE seq = 1",
    )


def damage_an_index(copy: Path) -> None:
    sql(
        copy,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = 'CREATE INDEX alarm_open ON alarm (raised_at, id)'"
        " WHERE name = 'alarm_open'",
    )


def damage_a_ticket(copy: Path) -> None:
    sql(copy, "UPDATE ticket SET ended = 2, body = substr(body, 1, 20)")


def damage_history(copy: Path) -> None:
    sql(copy, "UPDATE chunk SET body = CAST(substr(body, 1, length(body) - 1) || 'x' AS BLOB)")


def damage_a_roll_up(copy: Path) -> None:
    sql(copy, "UPDATE rollup SET body = CAST(substr(body, 1, length(body) - 1) || 'x' AS BLOB)")


def let_a_row_refer_to_none(copy: Path) -> None:
    sql(
        copy,
        "PRAGMA foreign_keys = OFF",
        "CREATE TABLE a (x INTEGER REFERENCES command (id))",
        "INSERT INTO a VALUES (7)",
    )


def come_from_a_newer_hub(copy: Path) -> None:
    sql(copy, "INSERT INTO schema_version VALUES (9999, 0)")


def be_of_something_else(copy: Path) -> None:
    copy.unlink()
    sql(copy, "CREATE TABLE a (x)")


def be_empty(copy: Path) -> None:
    copy.write_bytes(b"")


def be_a_text(copy: Path) -> None:
    copy.write_text("nothing of this" * 500)


def be_away(copy: Path) -> None:
    copy.unlink()


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (lose_an_entry, "the journal lacks number 3"),
        (damage_an_index, "is damaged"),
        (damage_a_ticket, "a row cannot be read"),
        (damage_history, "a row cannot be read"),
        (damage_a_roll_up, "a row cannot be read"),
        (let_a_row_refer_to_none, "a row of a refers to none"),
        (come_from_a_newer_hub, "written by a newer hub"),
        (be_of_something_else, "not of a hub"),
        (be_empty, "not of a hub"),
        (be_a_text, "cannot be read as a database"),
        (be_away, "no such database"),
    ],
)
async def test_a_backup_that_is_not_sound_is_refused_and_the_site_stays(
    harm: Callable[[Path], None], word: str, copy: Path, site: Path
) -> None:
    harm(copy)
    before = content(site)
    for act in (
        lambda: verify(copy, clock=CLOCK, tell=nobody, ring=RING),
        lambda: restore(copy, site, clock=CLOCK, tell=nobody, actor="local:li"),
    ):
        with pytest.raises(HubError, match=word) as refused:
            await act()
        assert copy.name in str(refused.value), "it names the backup, not the copy of it"
        assert has_chinese(refused.value)
    assert content(site) == before
    assert names(site.parent) == BESIDE | {"hub.db.day-keys"}


async def test_a_restore_keeps_what_a_killed_hub_had_only_in_its_log(
    copy: Path, tmp_path: Path
) -> None:
    path = tmp_path / "killed" / "hub.db"
    path.parent.mkdir()
    async with open_store(tmp_path / "running.db", clock=CLOCK) as store:
        await store.committer.commit(Changes(journal=[entry(seq) for seq in range(1, 8)]))
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"running.db{end}", f"{path}{end}")
    restored = await restore(copy, path, clock=CLOCK, tell=nobody, actor="local:li")
    aside = restored.aside
    assert aside
    assert aside.name.startswith("hub-replaced-")
    kept = {aside.name, aside.name + "-wal"}
    assert names(path.parent) == {"hub.db", "hub.db.audit-key", "hub.db.lock", *kept}
    assert restored.proof.last_seq == 2
    assert await last_seq(path) == 3, "and the entry about the restore"
    again = await restore(aside, path, clock=CLOCK, tell=nobody, actor="local:li")
    assert again.proof.last_seq == 7
    assert await last_seq(path) == 8


async def test_a_restore_stands_in_the_journal_with_the_head_that_it_gave_up(
    copy: Path, site: Path
) -> None:
    async with open_store(site, clock=CLOCK) as store:
        await store.committer.commit(Changes(journal=[entry(3), entry(4)]))
        given_up = str(await store.books.head())
    await restore(copy, site, clock=CLOCK, tell=nobody, actor="local:li")
    async with open_store(site, clock=CLOCK) as store:
        *_, last = await store.books.journal(after=0, limit=9)
    assert (last.seq, last.type, last.actor) == (3, "store.restored", "local:li")
    assert last.data == {"backup": copy.name, "replaced": given_up, "era": "69248100"}
    with closing(sqlite3.connect(site)) as connection:
        verdict = prove_chain(connection, look_for_ring(site), find_fault, {})
    assert verdict.fault is None
    assert verdict.head.seq == 3


async def test_each_restore_begins_an_era_behind_all_that_either_side_has_been_through(
    copy: Path, site: Path
) -> None:
    before = ManualClock(NOW - 9e6)
    for clock in (CLOCK, CLOCK, before):
        await restore(copy, site, clock=clock, tell=nobody, actor="local:li")
    async with open_store(site, clock=CLOCK) as store:
        eras = read_eras(await store.books.documents(ERAS))
    assert eras.now == "69248102", "two at one instant, and one with the clock set back"
    assert (eras.of(2), eras.of(3)) == ("", eras.now), "the backup knows of no other era"
    be_a_text(site)
    await restore(copy, site, clock=CLOCK, tell=nobody, actor="local:li")
    async with open_store(site, clock=CLOCK) as store:
        assert read_eras(await store.books.documents(ERAS)).now == "69248100"


async def test_numbers_of_tickets_that_are_given_up_are_not_given_again(
    copy: Path, site: Path
) -> None:
    async with open_store(site, clock=CLOCK) as store:
        later = [ticket("GS-20261124-0012"), ticket("GS-20261125-0003")]
        await store.committer.commit(Changes(tickets=later))
    for _ in range(2):
        await restore(copy, site, clock=CLOCK, tell=nobody, actor="local:li")
    async with open_store(site, clock=CLOCK) as store:
        found = await store.archive.load(now=NOW)
    assert found.last_ticket == {"20261124": 12, "20261125": 3}
    assert [each.number for each in found.tickets] == ["GS-20261124-0007"]
    be_a_text(site)
    await restore(copy, site, clock=CLOCK, tell=nobody, actor="local:li")
    async with open_store(site, clock=CLOCK) as store:
        assert (await store.archive.load(now=NOW)).last_ticket == {"20261124": 7}


async def test_a_hub_that_runs_is_not_restored_over(copy: Path, site: Path) -> None:
    async with open_store(site, clock=CLOCK) as store:
        with pytest.raises(StoreError, match="in use by another hub") as refused:
            await restore(copy, site, clock=CLOCK, tell=nobody, actor="local:li")
        await store.committer.commit(Changes(journal=[entry(3)]))
    assert has_chinese(refused.value)
    assert await last_seq(site) == 3


async def test_the_database_itself_is_no_backup(site: Path) -> None:
    with pytest.raises(ConflictError, match="is the database itself") as refused:
        await restore(site, site, clock=CLOCK, tell=nobody, actor="local:li")
    assert has_chinese(refused.value)


async def test_a_restore_to_an_empty_site_goes_on_with_history(copy: Path, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "deep" / "hub.db"
    (path.parent / "hub.db.restoring").mkdir(parents=True)
    (path.parent / "hub.db.restoring" / "left by a killed one").touch()
    restored = await restore(copy, path, clock=CLOCK, tell=nobody, actor="local:li")
    assert restored.aside is None
    assert names(path.parent) == BESIDE
    async with open_store(path, clock=CLOCK) as store:
        await store.committer.commit(Changes(readings=[said(reading(NOW + 1, boot="b1"))]))
        page = await store.archive.history("d1", "power.active", start=0, end=NOW + 2, limit=9)
        assert [row.at for row in page.rows] == [NOW, NOW + 1]


async def test_a_backup_of_an_older_schema_is_brought_to_this_hubs(tmp_path: Path) -> None:
    old, path = tmp_path / "old.db", tmp_path / "site" / "hub.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        migrate(connection, old, now=NOW, steps=shipped_steps()[:1], secrets=SECRETS)
    before = content(old)
    restored = await restore(old, path, clock=CLOCK, tell=nobody, actor="local:li")
    assert restored.proof.schema == 1
    proof = await verify(path, clock=CLOCK, tell=nobody, ring=RING)
    assert proof.schema == shipped_steps()[-1].version
    assert content(old) == before
    assert names(path.parent) == BESIDE
