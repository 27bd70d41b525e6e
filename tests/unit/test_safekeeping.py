"""`lingdang backup` and `lingdang restore` as a person meets them."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from hub.cli import main
from hub.clock import SystemClock
from hub.ports import Changes
from hub.store.sqlite import open_store
from tests.contract.store_cases import entry, everything

DATED = re.compile(r"lingdang-\d{8}T\d{6}Z\.db")


def commit(folder: Path, changes: Changes) -> None:
    async def run() -> None:
        async with open_store(folder / "lingdang.db", clock=SystemClock()) as store:
            await store.committer.commit(changes)

    asyncio.run(run())


def call(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """Run the command and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["lingdang", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The settings of a hub that has stopped with two entries in its journal."""
    folder = tmp_path / "site"
    folder.mkdir()
    commit(folder, everything())
    config = folder / "lingdang.toml"
    config.write_text('[community]\nid = "x"\n[store]\npath = "lingdang.db"\n')
    return config


def test_a_backup_tells_size_time_and_journal_and_a_folder_gets_a_dated_one(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    assert call(monkeypatch, "backup", config, shelf) == 0
    said = capsys.readouterr()
    [made] = shelf.iterdir()
    assert DATED.fullmatch(made.name)
    assert f"backed up: {made}" in said.out
    assert re.search(r"流水到 2 号。 0\.\d MB in \d+\.\d s, journal up to 2\.", said.out)
    assert said.err == "", "there is nobody who watches"


def test_a_proof_says_what_the_backup_holds_and_what_it_lacks(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "copy.db"
    assert call(monkeypatch, "backup", config, copy) == 0
    commit(config.parent, Changes(journal=[entry(3), entry(4), entry(5)]))
    before = (config.parent / "lingdang.db").read_bytes()
    assert call(monkeypatch, "restore", copy, config, "--verify") == 0
    said = capsys.readouterr().out
    assert f"备份完好 the backup is sound: {copy}" in said
    assert "流水 journal: 1..2，无缺号 without a gap" in said
    assert "工单 tickets: 1，未结 open 1" in said
    assert "entries of the journal that it lacks: 3" in said
    assert (config.parent / "lingdang.db").read_bytes() == before


def test_a_restore_says_where_the_old_data_is_and_what_comes_next(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "copy.db"
    assert call(monkeypatch, "backup", config, copy) == 0
    commit(config.parent, Changes(journal=[entry(3)]))
    assert call(monkeypatch, "restore", copy, config) == 0
    said = capsys.readouterr().out
    [aside] = config.parent.glob("lingdang-replaced-*.db")
    assert f"已恢复 restored: {config.parent / 'lingdang.db'}" in said
    assert f"is kept as: {aside}" in said
    assert "systemctl start lingdang" in said
    assert "shut them out once more" in said
    assert call(monkeypatch, "backup", config, copy) == 0
    assert "journal up to 3." in capsys.readouterr().out, "and the entry about the restore"


@pytest.mark.parametrize("words", [("--verify",), ()])
def test_a_file_that_is_no_backup_ends_with_1_in_both_languages(
    words: tuple[str, ...],
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(monkeypatch, "restore", config, config, *words) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"lingdang: {config} 不能作为数据库读取")
    assert "cannot be read as a database" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [("backup", "nope.toml", "c"), ("restore", "c", "nope.toml")])
def test_settings_that_are_not_there_end_with_2(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, *words) == 2
    assert capsys.readouterr().err.startswith("nope.toml: there is no such file; ")


def test_settings_that_are_no_toml_do_not_say_where_the_data_is(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[store")
    assert call(monkeypatch, "backup", config, config.parent / "copy.db") == 2
    assert not (config.parent / "copy.db").exists()


def test_who_watches_sees_how_far_a_backup_is(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert call(monkeypatch, "backup", config, tmp_path / "copy.db") == 0
    assert capsys.readouterr().err.endswith("\r100%\n")
