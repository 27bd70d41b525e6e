"""`lingdang import` and `export` on a site whose hub does not run."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from device_drivers.catalogue import shipped_models
from hub.assembly import sheet_reader
from hub.assembly.sheet_reader import read_in_process
from hub.cli import main
from hub.services.sheets.reading import Reading, read_workbook
from tests.support.workbook import make_workbook, read, sound_rows, whole_rows

HEAD = "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
CONFIG = """
[community]
id = "gs"
[mqtt]
[[line]]
name = "riser-1"
host = "127.0.0.1"
port = 4001
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with one place and no device; its workbooks are read in this process."""

    async def read_here(data: bytes, file: str) -> Reading:
        return read_workbook(data, file)

    for module in ("hub.assembly.site_office", "hub.commands.workbook"):
        monkeypatch.setattr(f"{module}.read_in_process", read_here)
    (tmp_path / "places.csv").write_text("path,name\ngs,关山\n", "utf-8")
    (tmp_path / "devices.csv").write_text(HEAD, "utf-8")
    (tmp_path / "lingdang.toml").write_text(CONFIG, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lingdang", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_workbook_may_name_a_model_of_the_site_s_own(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = sound_rows(2)
    rows["devices"][2][4] = "our-gate"
    (site / "in.xlsx").write_bytes(make_workbook(rows))
    assert call(monkeypatch, "import", "in.xlsx", "--dry-run") == 1
    captured = capsys.readouterr()
    assert "our-gate" in captured.out + captured.err
    (site / "own").mkdir()
    text = shipped_models()["ld-barrier-gate.toml"].replace('"ld-barrier-gate"', '"our-gate"')
    (site / "own" / "our-gate.toml").write_text(text, "utf-8")
    (site / "lingdang.toml").write_text(CONFIG + '[models]\ndirs = ["own"]\n', "utf-8")
    assert call(monkeypatch, "import", "in.xlsx", "--dry-run") == 0
    assert "2 new" in capsys.readouterr().out


def test_a_workbook_is_tried_loaded_written_and_taken_back(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "in.xlsx").write_bytes(make_workbook(sound_rows(30)))
    assert call(monkeypatch, "import", "in.xlsx", "--dry-run") == 0
    assert "30 new (sw-0, gate-1, gate-2, gate-3, gate-4, …)" in capsys.readouterr().out
    assert not (site / "lingdang.db").exists()

    assert call(monkeypatch, "import", "in.xlsx") == 0
    assert "已导入（第 1 次）。 Loaded, as load 1." in capsys.readouterr().out
    assert call(monkeypatch, "export", "out.xlsx") == 0
    assert call(monkeypatch, "import", "out.xlsx", "--dry-run") == 0
    assert "devices: 0 new, 0 changed, 0 gone" in capsys.readouterr().out
    assert call(monkeypatch, "check", "lingdang.toml") == 0

    (site / "devices.csv").write_text(HEAD + "\n", "utf-8")
    assert call(monkeypatch, "check", "lingdang.toml") == 1
    said = capsys.readouterr().err
    assert "devices.csv: it was edited after a workbook was loaded (in.xlsx, " in said
    assert "take the load back with lingdang import --undo" in said

    assert call(monkeypatch, "import", "--undo") == 0
    assert "Load 1 (in.xlsx) was taken back." in capsys.readouterr().out
    assert call(monkeypatch, "export", "empty.xlsx") == 0
    assert read((site / "empty.xlsx").read_bytes()).sheets["devices"].rows == []
    assert call(monkeypatch, "import", "--undo") == 1
    assert "没有可以撤销的导入" in capsys.readouterr().err


def test_a_fault_of_books_that_were_loaded_is_told_of_the_workbook(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = CONFIG + '[[family]]\nname = "plugs"\ndialect = "tasmota"\n'
    (site / "lingdang.toml").write_text(config, "utf-8")
    rows = sound_rows(3)
    rows["devices"][2][2] = "plugs"
    (site / "in.xlsx").write_bytes(make_workbook(rows))
    assert call(monkeypatch, "import", "in.xlsx") == 0
    assert call(monkeypatch, "check", "lingdang.toml") == 1
    said = capsys.readouterr().err
    assert "in.xlsx (devices, load 1): gate-1: its link 'plugs' speaks tasmota" in said


def test_people_get_their_codes_once_and_are_exported_when_asked_for(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "in.xlsx").write_bytes(make_workbook(whole_rows(10)))
    assert call(monkeypatch, "import", "in.xlsx") == 0
    said = capsys.readouterr().out
    assert re.search(r"^楼长甲  [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$", said, re.MULTILINE)
    assert "people: 8 new" in said
    assert "areas: 10 new" in said
    assert call(monkeypatch, "import", "in.xlsx") == 0
    assert "people: 0 new, 0 changed" in (again := capsys.readouterr().out)
    assert "一次性口令" not in again
    assert call(monkeypatch, "export", "plain.xlsx") == 0
    assert "people" not in read((site / "plain.xlsx").read_bytes()).sheets
    assert call(monkeypatch, "export", "whole.xlsx", "--people") == 0
    assert (site / "whole.xlsx").stat().st_mode & 0o077 == 0
    assert len(read((site / "whole.xlsx").read_bytes()).sheets["people"].rows) == 8


def test_faults_are_told_in_both_languages_and_nothing_is_written(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = sound_rows(20)
    rows["devices"][3][5] = "gs/nowhere"
    (site / "in.xlsx").write_bytes(make_workbook(rows))
    assert call(monkeypatch, "import", "in.xlsx") == 1
    said = capsys.readouterr().out
    assert "in.xlsx 工作表 devices 第 4 行 F 列：place：没有位置“gs/nowhere”；" in said
    assert "in.xlsx devices!F4: place: no place 'gs/nowhere'; " in said
    assert "1 处错误，什么都没有写入" in said
    assert not (site / "lingdang.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "no.xlsx"), "no.xlsx: there is no such file; check the path"),
        (("export", "out.csv"), "out.csv: this is no name of a workbook; end it in .xlsx"),
        (("import",), "name a workbook, or write --undo"),
    ],
)
def test_a_wrong_word_is_one_sentence(
    words: tuple[str, ...],
    said: str,
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(monkeypatch, *words) == 2
    assert said in capsys.readouterr().err


async def test_a_file_is_read_by_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_workbook(sound_rows(20))
    assert await read_in_process(data, "a.xlsx") == read(data, "a.xlsx")
    monkeypatch.setattr(sheet_reader, "PATIENCE", 0.0)
    [problem] = (await read_in_process(data, "a.xlsx")).problems
    assert str(problem).startswith("a.xlsx: the file is too large once it is unpacked")


async def test_a_reader_that_is_killed_costs_the_file_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = asyncio.create_subprocess_exec

    async def start_another(*_words: str, **more: object) -> asyncio.subprocess.Process:
        return await start("sh", "-c", "cat >/dev/null; kill -9 $$", **more)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_another)
    [problem] = (await read_in_process(b"x", "a.xlsx")).problems
    assert problem.zh.startswith("文件展开后太大")
