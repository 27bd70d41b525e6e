"""Which way a command takes into the store, and what it says when there is none."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from hub.access.local import LOCAL_FILE
from hub.assembly.notify import READY_FILE
from hub.assembly.remote_office import hub_client
from hub.cli import main


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lingdang", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "places.csv").write_text("path,name,kind,grid_code\nx,X,community,\n")
    head = "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
    (tmp_path / "devices.csv").write_text(head)
    config = tmp_path / "lingdang.toml"
    config.write_text('[community]\nid = "x"\n[store]\npath = "data/lingdang.db"\n')
    return config


def announce(folder: Path, url: str, pid: int) -> None:
    (folder / READY_FILE).write_text(json.dumps({"url": url, "pid": pid}))
    (folder / LOCAL_FILE).write_text("7 ld_local_secret")


def test_a_code_is_alone_on_standard_output_and_its_data_are_the_owners(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = os.umask(0o022)
    words = ("user", "add", "王主任", "--role", "administrator", "--config", str(config))
    assert call(monkeypatch, *words) == 0
    os.umask(before)
    told = capsys.readouterr()
    assert len(told.out.strip()) == 14
    assert "chooses one" in told.err
    assert (config.parent / "data" / "lingdang.db").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("LINGDANG_CONFIG", str(config))
    assert call(monkeypatch, "user", "list") == 0
    head, row = capsys.readouterr().out.splitlines()
    assert row.split() == ["王主任", "administrator", "-", "invited"]
    assert head.index("role") == row.index("administrator") + 3, "three letters are twice as wide"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files that are another's")
def test_what_root_makes_belongs_to_the_folders_owner_or_the_hub_cannot_open_it(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = config.parent / "data"
    folder.mkdir()
    os.chown(folder, 4711, 4711)
    words = ("user", "add", "wang", "--role", "administrator", "--config", str(config))
    assert call(monkeypatch, *words) == 0
    made = [file for file in folder.iterdir() if file.name.startswith("lingdang.db")]
    assert {file.stat().st_uid for file in made} == {4711}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("user", "add", "li", "--role", "king"), 2, "one of: guard, crew"),
        (("user", "add", "li", "--role", "crew", "--place", "y"), 1, "there is no place 'y'"),
        (("user", "disable", "li"), 1, "there is nobody called 'li'"),
        (("key", "rotate", "k"), 1, "there is no key 'k'"),
    ],
)
def test_a_refusal_is_a_sentence_and_nothing_on_standard_output(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    assert call(monkeypatch, *words, "--config", str(config)) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err


def test_settings_that_cannot_be_read_make_no_store_somewhere_else(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[store\n")
    assert call(monkeypatch, "user", "list", "--config", str(config)) == 2
    assert call(monkeypatch, "user", "list", "--config", str(config.parent / "no.toml")) == 2
    assert not list(config.parent.rglob("*.db"))


def test_a_token_is_sent_to_the_hub_that_wrote_it_and_to_nobody_else(tmp_path: Path) -> None:
    assert hub_client(tmp_path, "root") is None
    announce(tmp_path, "http://127.0.0.1:1", pid=8)
    assert hub_client(tmp_path, "root") is None
    announce(tmp_path, "http://127.0.0.1:1", pid=7)
    client = hub_client(tmp_path, "root")
    assert client is not None
    assert client.headers["authorization"] == "Bearer ld_local_secret.root"
