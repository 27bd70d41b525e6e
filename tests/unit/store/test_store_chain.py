"""The chain of seals: whatever is done to the journal behind the hub's back is found, and named."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.ports import Changes
from hub.store.seals.chain import (
    AT_ONCE,
    FIRST,
    Fault,
    Head,
    Verdict,
    Wrong,
    prove_chain,
    read_rows,
)
from hub.store.seals.diagnosis import find_fault
from hub.store.seals.key_file import key_file, look_for_ring, open_ring, read_ring
from hub.store.seals.seal import KeyRing, new_key
from hub.store.sqlite import open_store
from tests.contract.store_cases import NOW, entry

CLOCK = ManualClock(NOW)
ROWS = 12
SWAP = (
    "UPDATE journal SET seq = -1 WHERE seq = {0}",
    "UPDATE journal SET seq = {0} WHERE seq = {1}",
    "UPDATE journal SET seq = {1} WHERE seq = -1",
)
SHIFT_DOWN = (
    "UPDATE journal SET seq = -seq WHERE seq > {0}",
    "UPDATE journal SET seq = -seq - 1 WHERE seq < 0",
)
MAKE_ROOM = (
    "UPDATE journal SET seq = -seq WHERE seq >= {0}",
    "UPDATE journal SET seq = -seq + 1 WHERE seq < 0",
)
PUT_IN = (
    "INSERT INTO journal SELECT {0}, at, type, 'gate-009', actor, place, body, {1} FROM journal"
    " WHERE seq = {2}"
)
RANDOM_SEAL = "randomblob(36)"
ITS_SEAL = "seal"


async def write(path: Path, first: int, last: int, ring: KeyRing | None = None) -> None:
    async with open_store(path, clock=CLOCK, ring=ring) as store:
        for seq in range(first, last + 1):
            await store.committer.commit(Changes(journal=[entry(seq)]))


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "hub.db"
    await write(path, 1, ROWS)
    return path


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def prove(path: Path, pins: dict[int, bytes] | None = None) -> Verdict:
    with closing(sqlite3.connect(path)) as connection:
        return prove_chain(connection, look_for_ring(path), find_fault, pins or {})


def head_of(path: Path) -> Head:
    return prove(path).head


def rechain(path: Path, ring: KeyRing, first: int) -> None:
    """Seal everything from `first` on anew, as a forger would who has a key of his own."""
    with closing(sqlite3.connect(path)) as connection, connection:
        before = FIRST
        for sealed in list(read_rows(connection, 0)):
            if sealed.seq >= first:
                seal = ring.seal(sealed.row, before)
                connection.execute("UPDATE journal SET seal = ? WHERE seq = ?", (seal, sealed.seq))
                before = seal
            else:
                before = sealed.seal


async def test_a_journal_that_nobody_touched_is_sound_to_its_end(path: Path) -> None:
    verdict = prove(path)
    assert verdict.fault is None
    assert verdict.head.seq == ROWS


async def test_the_chain_goes_on_over_a_restart_and_a_commit_made_twice(path: Path) -> None:
    async with open_store(path, clock=CLOCK) as store:
        again = Changes(journal=[entry(ROWS), entry(ROWS + 1)])
        await store.committer.commit(again)
        await store.committer.commit(again)
        assert prove(path) == Verdict(head_of(path)), "also while the hub runs"
    assert head_of(path).seq == ROWS + 1


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        (["UPDATE journal SET actor = 'li' WHERE seq = 5"], Fault(5, Wrong.CHANGED)),
        (["UPDATE journal SET at = at + 0.001 WHERE seq = 5"], Fault(5, Wrong.CHANGED)),
        (["UPDATE journal SET at = '' WHERE seq = 5"], Fault(5, Wrong.CHANGED)),
        (
            ["UPDATE journal SET type = NULL || 'x', type = 'x' WHERE seq = 1"],
            Fault(1, Wrong.CHANGED),
        ),
        (["UPDATE journal SET body = x'7b7d' WHERE seq = 12"], Fault(12, Wrong.CHANGED)),
        (["UPDATE journal SET body = CAST(body AS TEXT) WHERE seq = 5"], Fault(5, Wrong.CHANGED)),
        (["UPDATE journal SET place = CAST(x'ff' AS TEXT) WHERE seq = 5"], Fault(5, Wrong.CHANGED)),
        (["UPDATE journal SET seal = randomblob(36) WHERE seq = 5"], None),
        (["UPDATE journal SET seal = x'' WHERE seq = 5"], Fault(5, Wrong.CHANGED)),
        (["UPDATE journal SET seal = 7 WHERE seq = 5"], Fault(5, Wrong.CHANGED)),
        (
            ["UPDATE journal SET seal = (SELECT seal FROM journal WHERE seq = 4) WHERE seq = 5"],
            Fault(5, Wrong.CHANGED),
        ),
        (["DELETE FROM journal WHERE seq = 5"], Fault(5, Wrong.MISSING, "5")),
        (["DELETE FROM journal WHERE seq BETWEEN 5 AND 7"], Fault(5, Wrong.MISSING, "7")),
        (["DELETE FROM journal WHERE seq < 4"], Fault(1, Wrong.MISSING, "3")),
        (
            ["DELETE FROM journal WHERE seq = 5", *(s.format(5) for s in SHIFT_DOWN)],
            Fault(5, Wrong.MISSING, "5"),
        ),
        ([s.format(5, 6) for s in SWAP], Fault(5, Wrong.REORDERED, "6")),
        ([s.format(11, 12) for s in SWAP], Fault(11, Wrong.REORDERED, "12")),
        ([s.format(3, 9) for s in SWAP], Fault(3, Wrong.REORDERED, "9")),
        (["UPDATE journal SET seq = 99 WHERE seq = 5"], Fault(5, Wrong.REORDERED, "99")),
        (
            [*(s.format(5) for s in MAKE_ROOM), PUT_IN.format(5, ITS_SEAL, 2)],
            Fault(5, Wrong.ADDED),
        ),
        ([PUT_IN.format(0, ITS_SEAL, 2)], Fault(0, Wrong.ADDED)),
        ([PUT_IN.format(13, ITS_SEAL, 12)], Fault(13, Wrong.CHANGED)),
    ],
)
async def test_what_is_done_to_a_row_is_found_and_named(
    path: Path, tampering: list[str], fault: Fault | None
) -> None:
    sql(path, *tampering)
    found = prove(path).fault
    if fault is None:
        assert found is not None
        assert (found.seq, found.wrong) == (5, Wrong.OTHER_KEY)
    else:
        assert found == fault


async def test_a_chain_made_anew_with_another_key_is_found(path: Path) -> None:
    sql(path, "UPDATE journal SET actor = 'li' WHERE seq = 5")
    rechain(path, KeyRing([new_key()]), first=5)
    found = prove(path).fault
    assert found is not None
    assert (found.seq, found.wrong) == (5, Wrong.OTHER_KEY)


async def test_another_key_under_the_name_of_ours_is_found(path: Path) -> None:
    sql(path, "UPDATE journal SET actor = 'li' WHERE seq = 5")
    rechain(path, KeyRing([new_key()]), first=5)
    ours = head_of(path).seal[:4].hex()
    sql(path, f"UPDATE journal SET seal = x'{ours}' || substr(seal, 5) WHERE seq >= 5")
    assert prove(path).fault == Fault(5, Wrong.CHANGED)


@pytest.mark.parametrize("left", [0, 1, ROWS - 1])
async def test_a_tail_that_is_cut_off_shows_by_a_head_kept_elsewhere(path: Path, left: int) -> None:
    pin = head_of(path)
    sql(path, f"DELETE FROM journal WHERE seq > {left}")
    assert prove(path).fault is None, "the chain alone cannot tell"
    assert prove(path, {pin.seq: pin.seal}).fault == Fault(left + 1, Wrong.CUT_OFF, str(ROWS))


async def test_a_journal_forged_with_the_key_itself_shows_by_a_head_kept_elsewhere(
    path: Path,
) -> None:
    pin = head_of(path)
    sql(path, "UPDATE journal SET actor = 'li' WHERE seq = 5")
    rechain(path, open_ring(path), first=5)
    assert prove(path).fault is None
    assert prove(path, {pin.seq: pin.seal}).fault == Fault(ROWS, Wrong.RESEALED)
    await write(path, ROWS + 1, ROWS + 1)
    assert prove(path, {pin.seq: pin.seal}).fault == Fault(ROWS, Wrong.RESEALED)


async def test_what_was_cut_off_is_not_hidden_by_what_is_written_later(path: Path) -> None:
    pin = head_of(path)
    sql(path, "DELETE FROM journal WHERE seq > 10")
    async with open_store(path, clock=CLOCK) as store:
        for seq in (11, 12):
            await store.committer.commit(Changes(journal=[entry(seq, "ticket.voided")]))
    assert prove(path).fault is None
    assert prove(path, {pin.seq: pin.seal}).fault == Fault(ROWS, Wrong.RESEALED)


async def test_a_lost_key_is_told_and_its_rows_are_proven_once_it_is_back(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = key_file(path)
    old = file.read_text()
    file.unlink()
    await write(path, ROWS + 1, ROWS + 2)
    assert "put its copy back" in capsys.readouterr().out
    found = prove(path).fault
    assert found is not None
    assert (found.seq, found.wrong) == (1, Wrong.OTHER_KEY)
    file.write_text(old + file.read_text())
    assert prove(path).fault is None
    assert head_of(path).seq == ROWS + 2


async def test_the_key_is_made_once_for_the_owner_alone_and_is_in_no_database(path: Path) -> None:
    file = key_file(path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    await write(path, ROWS + 1, ROWS + 1)
    assert file.read_bytes() == before
    key = before.split()[-1]
    stored = b"".join(each.read_bytes() for each in path.parent.glob("hub.db*") if each != file)
    assert key not in stored
    assert bytes.fromhex(key.decode()) not in stored


def open_to_all(file: Path) -> None:
    file.chmod(0o644)


@pytest.mark.parametrize("text", ["", "zz\n", "00ff\n", "# only words\n", "\xff\n"])
def test_a_file_that_holds_no_keys_is_told_with_the_way_out(tmp_path: Path, text: str) -> None:
    file = key_file(tmp_path / "hub.db")
    file.write_text(text, "latin-1")
    with pytest.raises(StoreError, match="put its copy back") as refused:
        read_ring(file)
    assert "请放回副本" in refused.value.texts["zh"]


async def test_a_key_that_others_can_read_is_told(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_to_all(key_file(path))
    read_ring(key_file(path))
    assert "chmod 600" in capsys.readouterr().out


def test_who_only_looks_makes_no_key(tmp_path: Path) -> None:
    look_for_ring(tmp_path / "hub.db")
    assert not list(tmp_path.iterdir())


async def test_a_journal_is_read_in_parts(path: Path) -> None:
    last = AT_ONCE + 5
    async with open_store(path, clock=CLOCK) as store:
        more = [entry(seq) for seq in range(ROWS + 1, last + 1)]
        await store.committer.commit(Changes(journal=more))
    assert head_of(path).seq == last
    sql(path, f"DELETE FROM journal WHERE seq = {AT_ONCE}")
    assert prove(path).fault == Fault(AT_ONCE, Wrong.MISSING, str(AT_ONCE))


async def test_a_failed_commit_leaves_the_chain_as_it_was(path: Path) -> None:
    before = head_of(path)

    async def fail(change: Callable[[], Changes]) -> None:
        async with open_store(path, clock=CLOCK) as store:
            await store.committer.commit(change())

    with pytest.raises(StoreError):
        await fail(lambda: Changes(journal=[entry(2, "ticket.voided"), entry(ROWS + 1)]))
    assert head_of(path) == before


async def test_a_number_that_the_hub_itself_left_out_is_missing(path: Path) -> None:
    await write(path, ROWS + 2, ROWS + 2)
    assert prove(path).fault == Fault(ROWS + 1, Wrong.MISSING, str(ROWS + 1))
