"""A database of the schema before: brought up to this one with a copy kept, and the way back."""

from __future__ import annotations

import asyncio
import gzip
import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from hub.clock import ManualClock
from hub.ports import Changes, EventRow
from hub.store.event import COLUMNS, to_event
from hub.store.migration import current_version, shipped_steps
from hub.store.seals.chain import is_sealed, prove_chain
from hub.store.seals.day_key import open_day_keys
from hub.store.seals.diagnosis import find_fault
from hub.store.seals.key_file import key_file, open_ring
from hub.store.seals.seal import KEY_BYTES
from hub.store.sqlite import open_store
from tests.contract.store_cases import NOW, entry
from tests.support.leftover import read_leftovers

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
WRITTEN = {
    3: "4369fb172709b3f1de269c1cbb62e0ac55e1b040",
    4: "78e465ece725a14eeb3a819470e2bbb3304da4eb",
}
"""Schema → the last commit whose hub knows no newer one; what each has written is a fixture.

In each are 40 entries, and a row in every table.
"""
CLEAR = (
    b"plate-of-nobody-1",
    b"plate-of-nobody-2",
    b"plate-of-nobody-4",
    b"reason-of-nobody",
    b"cGxhdGUtb2Ytbm9ib2R5",
)
"""What the fixture of schema 4 keeps of messages as they came."""
LATEST = shipped_steps()[-1].version
CLOCK = ManualClock(NOW)


@pytest.fixture(params=WRITTEN)
def schema(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def path(tmp_path: Path, schema: int) -> Path:
    path = tmp_path / "lingdang.db"
    written = ROOT / f"tests/fixtures/store/schema-{schema}.db.gz"
    path.write_bytes(gzip.decompress(written.read_bytes()))
    key_file(path).write_text(bytes(KEY_BYTES).hex() + "\n")
    (tmp_path / "lingdang.toml").write_text(
        '[community]\nid = "x"\n[store]\npath = "lingdang.db"\n'
    )
    return path


@pytest.fixture
def old_code(tmp_path_factory: pytest.TempPathFactory, schema: int) -> Path:
    """The hub as it was, from the repository's history."""
    folder = tmp_path_factory.mktemp("old")
    made = subprocess.run(
        ["git", "archive", WRITTEN[schema], "hub", "device_drivers", "rules"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"the history does not reach back to {WRITTEN[schema]}")
    with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return everything but seals and what each start notes."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN"
                " ('meta', 'schema_version', 'sqlite_sequence')"
            )
        ]
        return {name: _rows(connection, name) for name in names}


def _rows(connection: sqlite3.Connection, name: str) -> list[tuple[object, ...]]:
    found = connection.execute(f"SELECT * FROM {name}")
    kept = [place for place, (column, *_) in enumerate(found.description) if column != "seal"]
    return [tuple(row[place] for place in kept) for row in found]


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return current_version(connection)


def opened(path: Path, when: str) -> list[EventRow]:
    """Return the events, and hold that those about people lie sealed from now on."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT {COLUMNS} FROM event ORDER BY uid, at").fetchall()
    assert rows
    if when != "mixed":
        assert {row[-1].startswith(b"{") for row in rows} == {when == "old"}
    days = open_day_keys(path)
    return [to_event(row, days) for row in rows]


def parted(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return documents without what was kept of messages that had killed the hub."""
    told = []
    for collection, key, body, *rest in rows:
        paper = msgspec.json.decode(body)  # type: ignore[arg-type]
        paper.pop("payload", None)
        told.append((collection, key, paper, *rest))
    return told


def holds(file: Path, word: bytes) -> bool:
    return word in file.read_bytes()


def beside(path: Path) -> list[Path]:
    return list(path.parent.iterdir())


async def start(path: Path, *seqs: int) -> None:
    async with open_store(path, clock=CLOCK) as store:
        if seqs:
            await store.committer.commit(Changes(journal=[entry(seq) for seq in seqs]))


async def lingdang(code: Path, *words: str | Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *map(str, words)),
        cwd=code,
        env={**os.environ, "PYTHONPATH": str(code)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_database_of_before_comes_up_whole_sealed_and_with_a_copy(
    path: Path, schema: int
) -> None:
    before = tables(path)
    events = opened(path, "old")
    named = ("quarantine", "newcomer", "event", "document")
    parts = {name: before.pop(name) for name in named}
    await start(path, 41)
    copy = path.with_name(f"lingdang.db.before-{LATEST}")
    assert version(copy) == schema
    assert tables(copy) == {**before, **parts}
    assert version(path) == LATEST
    after = tables(path)
    assert after["journal"].pop()[0] == 41
    assert {name: after[name] for name in before} == before
    with closing(sqlite3.connect(path)) as connection:
        assert is_sealed(connection)
        verdict = prove_chain(connection, open_ring(path), find_fault, {})
    assert verdict.fault is None
    assert verdict.head.seq == 41
    held, strangers = await read_leftovers(path)
    assert sorted((row.at, row.payload, row.reason) for row in held) == sorted(
        (row[0], row[4], row[5]) for row in parts["quarantine"]
    )
    assert {row["address"]: row["sample"] for row in strangers} == {
        row[1]: row[5] for row in parts["newcomer"]
    }
    assert opened(path, "new") == events
    assert parted(after["document"]) == parted(parts["document"])


@pytest.mark.parametrize("schema", [4])
async def test_what_was_kept_as_it_came_is_left_in_the_copy_alone(path: Path) -> None:
    assert all(holds(path, word) for word in CLEAR)
    await start(path, 41)
    copy = path.with_name(f"lingdang.db.before-{LATEST}")
    for word in CLEAR:
        holders = [file for file in beside(path) if holds(file, word)]
        assert holders == [copy], "for the way back; it has to be deleted by hand"


@pytest.mark.parametrize("schema", [4])
async def test_events_past_their_time_lose_their_data_and_the_others_keep_it(path: Path) -> None:
    """Many more than one portion, from the newest to three months before."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 12000)"
            " INSERT INTO event SELECT 'cam', ? - x * 648.0, CASE x % 2 WHEN 0 THEN 'plate.read'"
            " ELSE 'door.forced' END, 'b', x, 1, ?, CAST('{\"x\":' || x || '}' AS BLOB) FROM n",
            (NOW, NOW),
        )
    await start(path)
    found = {row.seq: row for row in opened(path, "mixed") if row.uid == "cam"}
    assert len(found) == 12_000
    for number, row in found.items():
        limit = 30 if row.name == "plate.read" else 180
        old = NOW + 5 - row.at > limit * 86_400
        assert row.data == ({} if old else {"x": number}), number
    assert sum(not row.data for row in found.values()) > 3_900


@pytest.mark.parametrize("schema", [4])
async def test_free_pages_of_before_are_given_up_once(path: Path) -> None:
    """Not every SQLite overwrites what it deletes."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        with connection:
            connection.execute("DELETE FROM newcomer")
            connection.execute("CREATE TABLE filler (x)")
            connection.execute("INSERT INTO filler VALUES (?)", (b"deleted-long-ago" * 9999,))
        with connection:
            connection.execute("DROP TABLE filler")
    assert holds(path, b"deleted-long-ago")
    await start(path)
    assert not holds(path, b"deleted-long-ago")


@pytest.mark.parametrize("schema", [3])
async def test_a_journal_of_many_parts_is_sealed_whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "WITH RECURSIVE n(x) AS (SELECT 41 UNION ALL SELECT x + 1 FROM n WHERE x < 12000)"
            " INSERT INTO journal SELECT x, x, 'a', 'b', 'c', 'd', x'7b7d' FROM n"
        )
    await start(path)
    with closing(sqlite3.connect(path)) as connection:
        verdict = prove_chain(connection, open_ring(path), find_fault, {})
    assert verdict.fault is None
    assert verdict.head.seq == 12_000


@pytest.mark.parametrize("schema", [3])
async def test_an_upgrade_that_dies_in_the_middle_is_made_again(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER stop BEFORE UPDATE ON journal WHEN old.seq = 20"
            " BEGIN SELECT raise(ABORT, 'the disk is full'); END"
        )
    with pytest.raises(Exception, match="the disk is full"):
        await start(path)
    assert version(path) == 3
    with closing(sqlite3.connect(path)) as connection, connection:
        assert not is_sealed(connection)
        connection.execute("DROP TRIGGER stop")
    await start(path, 41)
    assert version(path) == LATEST


async def test_the_way_back_is_the_old_hub_and_the_copy_that_the_upgrade_made(
    path: Path, old_code: Path, schema: int
) -> None:
    before = tables(path)
    await start(path, 41, 42)
    config, copy = path.with_name("lingdang.toml"), f"{path}.before-{LATEST}"
    code, said = await lingdang(old_code, "restore", path, config, "--verify")
    assert code == 1
    assert "was written by a newer hub" in said, "the old hub refuses what it does not know"
    code, said = await lingdang(old_code, "restore", copy, config)
    assert code == 0, said
    assert version(path) == schema
    restored = tables(path)
    if schema > 3:
        assert restored["journal"].pop()[2] == "store.restored"
    assert restored == before
    await start(path)
    assert version(path) == LATEST, "and forward again"
