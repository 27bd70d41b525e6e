"""`lingdang audit` as a person meets it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hub.cli import main
from hub.clock import SystemClock
from hub.ports import Changes
from hub.store.seals.key_file import key_file
from hub.store.sqlite import open_store
from tests.contract.store_cases import entry


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The settings of a hub that has stopped with six entries in its journal."""

    async def run() -> None:
        async with open_store(tmp_path / "lingdang.db", clock=SystemClock()) as store:
            await store.committer.commit(Changes(journal=[entry(seq) for seq in range(1, 7)]))

    asyncio.run(run())
    config = tmp_path / "lingdang.toml"
    config.write_text('[community]\nid = "x"\n[store]\npath = "lingdang.db"\n')
    return config


class Shell:
    """Runs the command."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> tuple[int, str]:
        """Return the exit code and everything that was said."""
        self._monkeypatch.setattr(sys, "argv", ["lingdang", *map(str, words)])
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code or 0
        said = self._capsys.readouterr()
        assert isinstance(code, int)
        return code, said.out + said.err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def harm(config: Path, statement: str) -> None:
    with closing(sqlite3.connect(config.parent / "lingdang.db")) as connection, connection:
        connection.execute(statement)


def test_a_sound_journal_ends_with_0_and_names_its_head(config: Path, shell: Shell) -> None:
    _, head = shell("audit", "head", config)
    code, said = shell("audit", "verify", config, "--head", head.strip())
    assert code == 0
    assert said == f"审计链完好 the audit chain is sound: 1..6, {head}"


def test_a_changed_row_ends_with_1_and_is_named_in_both_languages(
    config: Path, shell: Shell
) -> None:
    harm(config, "UPDATE journal SET actor = 'li' WHERE seq = 4")
    code, said = shell("audit", "verify", config)
    assert code == 1
    assert said.startswith("流水 4 号内容或封印被改过。")
    assert "Number 4 of the journal: it or its seal was changed." in said


def test_a_tail_that_was_cut_off_is_named_by_the_head_that_a_backup_printed(
    config: Path, shell: Shell, tmp_path: Path
) -> None:
    _, said = shell("backup", config, tmp_path / "copy.db")
    head = said.strip().rpartition(" ")[2]
    harm(config, "DELETE FROM journal WHERE seq > 4")
    code, said = shell("audit", "verify", config, "--head", head)
    assert code == 1
    assert "Number 5 of the journal: the rest was cut off (the journal went to 6)" in said
    code, said = shell("audit", "verify", config, tmp_path / "copy.db", "--head", head)
    assert code == 0, "the backup holds what was cut off"


def test_a_backup_is_proven_elsewhere_with_a_copy_of_the_key(
    config: Path, shell: Shell, tmp_path: Path
) -> None:
    key = tmp_path / "safe" / "key"
    key.parent.mkdir()
    shutil.copy(key_file(config.parent / "lingdang.db"), key)
    shell("backup", config, tmp_path / "copy.db")
    for each in tmp_path.glob("lingdang.db*"):
        each.unlink()
    code, said = shell("audit", "verify", config, tmp_path / "copy.db")
    assert code == 1
    assert "is no file of audit keys" in said
    assert shell("audit", "verify", config, tmp_path / "copy.db", "--key", key)[0] == 0


@pytest.mark.parametrize("head", ["", "6", "6:ab", "x:00", f"0:{'00' * 36}", f"6:{'zz' * 36}"])
def test_what_is_no_head_ends_with_2(config: Path, shell: Shell, head: str) -> None:
    code, said = shell("audit", "verify", config, "--head", head)
    assert code == 2
    assert "give NUMBER:SEAL" in said


def test_a_proof_of_a_backup_tells_of_its_chain(config: Path, shell: Shell, tmp_path: Path) -> None:
    harm(config, "UPDATE journal SET seq = 60 WHERE seq = 6")
    harm(config, "UPDATE journal SET actor = 'li' WHERE seq = 4")
    harm(config, "UPDATE journal SET seq = 6 WHERE seq = 60")
    shell("backup", config, tmp_path / "copy.db")
    code, said = shell("restore", tmp_path / "copy.db", config, "--verify")
    assert code == 0, "what there is can be restored"
    assert "Number 4 of the journal: it or its seal was changed." in said


def test_a_database_that_is_not_there_ends_with_1(config: Path, shell: Shell) -> None:
    (config.parent / "lingdang.db").unlink()
    for words in (("head", config), ("verify", config)):
        code, said = shell("audit", *words)
        assert code == 1
        assert "there is no such database" in said
