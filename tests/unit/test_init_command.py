"""`lingdang init`: five answers, a site without a fault, and nothing overwritten."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from hub.cli import main
from hub.commands.init import QUESTIONS

FLAGS = ("--name", "关山, 一期", "--id", "guanshan", "--broker", "none")
REST = ("--listen", "127.0.0.1:18080", "--administrator", "王主任")


def call(monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    monkeypatch.setattr(sys, "argv", ["lingdang", *words])
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_there_are_five_questions_in_both_languages() -> None:
    assert list(QUESTIONS) == ["name", "id", "broker", "listen", "administrator"]
    for question in QUESTIONS.values():
        assert question.check(question.usual) == question.usual
        assert question.text.isascii() is False
        assert question.en.endswith(("?", ".", "one.", "in."))


def test_flags_alone_write_a_site_that_has_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "site"
    assert call(monkeypatch, "init", str(folder), *FLAGS, *REST) == 0
    said = capsys.readouterr().out
    assert f"lingdang run {folder}/lingdang.toml" in said
    assert "王主任  " in said
    assert call(monkeypatch, "check", str(folder / "lingdang.toml")) == 0
    assert "no faults found" in capsys.readouterr().out
    assert call(monkeypatch, "user", "list", "--config", str(folder / "lingdang.toml")) == 0
    assert "administrator" in capsys.readouterr().out

    before = (folder / "lingdang.toml").read_text("utf-8")
    assert call(monkeypatch, "init", str(folder), "--yes") == 2
    assert "lingdang.toml: it is there already, and nothing was written" in capsys.readouterr().err
    assert (folder / "lingdang.toml").read_text("utf-8") == before


def test_who_answers_wrongly_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = "关山\nGuan Shan\nguanshan\n\nnowhere\n0.0.0.0:8088\n\n"
    assert call(monkeypatch, "init", str(tmp_path), typed=typed) == 0
    told = capsys.readouterr()
    assert "1 to 32 of a-z 0-9 _ -" in told.out + told.err
    text = (tmp_path / "lingdang.toml").read_text("utf-8")
    assert 'host = "0.0.0.0"\nport = 8088' in text
    assert '[mqtt]\nhost = "127.0.0.1"\nport = 1883' in text
    assert 'prefix = "GUAN"' in text


@pytest.mark.parametrize("flag", ["--id=A B", "--broker=here", "--listen=:8080", "--name= "])
def test_a_wrong_flag_is_a_sentence_and_writes_nothing(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(monkeypatch, "init", str(tmp_path / "new"), flag, "--yes") == 2
    assert not (tmp_path / "new").exists()
