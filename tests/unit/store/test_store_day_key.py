"""Payloads sealed under the key of their day: read while it is there, and never again after it."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from errno import ENOSPC
from pathlib import Path

import pytest
import structlog

from hub.clock import ManualClock
from hub.errors import StoreError, StoreFullError
from hub.ports import Changes, NewcomerRow, QuarantineRow
from hub.store import bounds
from hub.store.books import GONE
from hub.store.safekeeping.backup import back_up
from hub.store.seals.day_key import DayKeys, Shelf, day_key_file, open_day_keys
from hub.store.sqlite import open_store
from tests.contract.store_cases import NOW
from tests.support.leftover import read_leftovers

DAY = 86_400.0
SECRET, WHY, SAMPLE = b"payload-of-nobody", "reason-of-nobody", b"sample-of-nobody"
ROW = QuarantineRow(link="mqtt", address="t/1", payload=SECRET, reason=WHY, at=NOW)
STRANGER = NewcomerRow(link="mqtt", address="x9", sample=SAMPLE, guess="door", at=NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


def raw(path: Path) -> Iterator[bytes]:
    """Yield the bytes of the database, its log and every copy beside it, but not the keys."""
    for file in path.parent.iterdir():
        if file != day_key_file(path):
            yield file.read_bytes()


async def commit(path: Path, now: float, changes: Changes) -> None:
    async with open_store(path, clock=ManualClock(now)) as store:
        await store.committer.commit(changes)


async def test_what_was_not_understood_lies_in_no_file_in_the_clear(path: Path) -> None:
    async with open_store(path, clock=ManualClock(NOW)) as store:
        await store.committer.commit(Changes(quarantine=[ROW], newcomers=[STRANGER]))
        for word in (SECRET, WHY.encode(), SAMPLE):
            assert not any(word in each for each in raw(path))
        (row,) = await store.books.quarantine(limit=9)
        assert (row.payload, row.reason) == (SECRET, WHY)
    ([row], [stranger]) = await read_leftovers(path)
    assert (row.payload, row.reason, stranger["sample"]) == (SECRET, WHY, SAMPLE)


async def test_a_backup_cannot_be_read_once_the_day_is_deleted(path: Path) -> None:
    await commit(path, NOW, Changes(quarantine=[ROW], newcomers=[STRANGER]))
    backup = path.with_name("backup.db")
    back_up(path, backup, tell=lambda *_: None)
    keys = day_key_file(path)
    day_key_file(backup).write_bytes(keys.read_bytes())
    ([row], _) = await read_leftovers(backup)
    assert row.payload == SECRET, "while the key is there"
    await commit(path, NOW + bounds.QUARANTINE_AGE + DAY, Changes())
    day_key_file(backup).write_bytes(keys.read_bytes())
    ([row], [stranger]) = await read_leftovers(backup)
    assert (row.payload, row.reason, stranger["sample"]) == (b"", GONE, b"")
    ([], [stranger]) = await read_leftovers(path)
    assert (stranger["address"], stranger["sample"]) == ("x9", b"")


async def test_a_sealed_value_is_read_in_its_own_row_only(path: Path) -> None:
    other = QuarantineRow(link="mqtt", address="t/2", payload=b"other", reason="no", at=NOW)
    await commit(path, NOW, Changes(quarantine=[ROW, other]))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE quarantine SET payload = (SELECT max(payload) FROM quarantine)")
    (rows, _) = await read_leftovers(path)
    assert min(row.payload for row in rows) == b""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE quarantine SET payload = substr(payload, 1, 10)")
    (rows, _) = await read_leftovers(path)
    assert {row.payload for row in rows} == {b""}


def test_keys_are_for_the_hubs_user_alone_and_outlive_it(path: Path) -> None:
    sealed = open_day_keys(path).seal(SECRET, Shelf.PAYLOADS, at=NOW, about="x")
    file = day_key_file(path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with structlog.testing.capture_logs() as logs:
        again = open_day_keys(path)
    assert logs == []
    assert again.unseal(sealed, about="x") == SECRET
    assert again.unseal(sealed, about="y") is None
    assert again.seal(SECRET, Shelf.PAYLOADS, at=NOW, about="x") != sealed, "never twice the same"


def test_keys_that_others_can_read_are_told(path: Path) -> None:
    open_day_keys(path).seal(SECRET, Shelf.PAYLOADS, at=NOW, about="x")
    day_key_file(path).chmod(0o640)
    with structlog.testing.capture_logs() as logs:
        open_day_keys(path)
    assert "chmod 600" in logs[0]["event"]


def test_keys_that_are_replaced_while_they_are_read_are_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old file is zeros by the time that it is read, and the new one stands in its place."""
    sealed = open_day_keys(path).seal(SECRET, Shelf.PAYLOADS, at=NOW, about="x")
    text = day_key_file(path).read_text()
    answers = ["\0" * len(text), text]
    monkeypatch.setattr(Path, "read_text", lambda *_: answers.pop(0))
    assert open_day_keys(path).unseal(sealed, about="x") == SECRET


def test_a_full_disk_is_told_as_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", fail)
    keys = open_day_keys(path)
    with pytest.raises(StoreFullError):
        keys.seal(SECRET, Shelf.PAYLOADS, at=NOW, about="x")
    monkeypatch.undo()
    sealed = keys.seal(SECRET, Shelf.PAYLOADS, at=NOW, about="x")
    assert open_day_keys(path).unseal(sealed, about="x") == SECRET


def test_the_old_file_of_keys_is_overwritten_where_it_lay(path: Path) -> None:
    keys = open_day_keys(path)
    keys.seal(SECRET, Shelf.PAYLOADS, at=NOW, about="x")
    before = day_key_file(path).read_bytes()
    with day_key_file(path).open("rb") as old:
        assert keys.forget(Shelf.PAYLOADS, int(NOW // DAY) + 1) == 1
        assert not old.read().strip(b"\0"), "zeros where the key was"
    assert before.split()[-1] not in day_key_file(path).read_bytes()
    assert keys.forget(Shelf.PAYLOADS, int(NOW // DAY) + 1) == 0


@pytest.mark.parametrize(
    "text", ["1 20416 abcd", "1 x " + "ab" * 32, "9 20416 " + "ab" * 32, "1 20416", "密钥"]
)
def test_a_file_that_holds_no_keys_is_refused_with_the_way_out(path: Path, text: str) -> None:
    day_key_file(path).write_text(text + "\n")
    with pytest.raises(StoreError, match="move it away"):
        open_day_keys(path)


def test_a_file_that_cannot_be_read_is_not_called_wrong(path: Path) -> None:
    day_key_file(path).mkdir()
    with pytest.raises(StoreError, match="as the hub's user"):
        open_day_keys(path)


async def test_keys_that_cannot_be_deleted_hold_up_no_commit(path: Path) -> None:
    class Stuck(DayKeys):
        def forget(self, shelf: Shelf, before: int) -> int:
            raise StoreError("the disk is full")

    async with open_store(path, clock=ManualClock(NOW), days=Stuck(None, {})) as store:
        old = QuarantineRow(link="a", address="b", payload=b"c", reason="d", at=NOW - 99 * DAY)
        await store.committer.commit(Changes(quarantine=[old]))
        assert await store.books.quarantine(limit=9) == []
