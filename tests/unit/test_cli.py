"""The command line as a person meets it: one sentence, a next step, and an exit code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from device_drivers.catalogue import shipped_models
from hub.cli import main

CONFIG = '[community]\nid = "x"\n[demo]\naccess = "access.json"\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A sound site, but for the file of its people."""
    (tmp_path / "places.csv").write_text("path,name,kind,grid_code\nx,X,community,\n")
    head = "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
    (tmp_path / "devices.csv").write_text(head)
    config = tmp_path / "lingdang.toml"
    config.write_text(CONFIG)
    return config


@pytest.fixture(autouse=True)
def _logs_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.app.configure_logging", lambda: None)


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the command and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["lingdang", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("run",),
        ("status",),
        ("rules", "test"),
        ("rules", "backtest"),
    ],
)
def test_a_file_that_is_not_there_is_one_sentence_with_the_next_step(
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    missing = tmp_path / "nope.toml"
    assert call(monkeypatch, *words, str(missing)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{missing}: there is no such file; ")
    assert said.count("\n") == 1


def test_rules_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    odd = tmp_path / "odd.toml"
    odd.write_bytes(b"\xff\xfe")
    assert call(monkeypatch, "rules", "test", str(odd)) == 2
    assert capsys.readouterr().err == f"{odd}: byte 1 is not UTF-8; save the file as UTF-8\n"
    assert call(monkeypatch, "rules", "test", str(tmp_path)) == 2
    assert "it cannot be read: Is a directory" in capsys.readouterr().err


def test_the_check_looks_for_the_first_people_too(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    access = site.parent / "access.json"
    assert call(monkeypatch, "check", str(site)) == 1
    said = capsys.readouterr().err
    assert f"{access}: there is no such file; write it, or take 'access' out of [demo]" in said
    assert "1 fault found" in said
    access.write_text("{")
    assert call(monkeypatch, "check", str(site)) == 1
    assert f"{access}: " in capsys.readouterr().err
    access.write_text("{}")
    assert call(monkeypatch, "check", str(site)) == 0


def test_the_check_reads_the_sites_own_holidays(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (site.parent / "access.json").write_text("{}")
    own = site.parent / "holidays.toml"
    site.write_text(f'{CONFIG}[limits]\ncalendar = "holidays.toml"\n')
    assert call(monkeypatch, "check", str(site)) == 1
    assert f"{own}: there is no such file; write it" in capsys.readouterr().err
    own.write_text("[[off]]\nfrom = 2027-02-12\nto = 2027-02-10\n")
    assert call(monkeypatch, "check", str(site)) == 1
    assert f"{own}:3:6: off.to: 2027-02-12 to 2027-02-10 cannot be" in capsys.readouterr().err
    own.write_text("[[off]]\nfrom = 2027-02-10\nto = 2027-02-12\n")
    assert call(monkeypatch, "check", str(site)) == 0


def test_the_check_reads_the_sites_own_models(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], site: Path
) -> None:
    site.write_text('[community]\nid = "x"\n[models]\ndirs = ["own"]\n')
    (site.parent / "own").mkdir()
    own = site.parent / "own" / "meter.toml"
    own.write_text(shipped_models()["acrel-adw300.toml"].replace("scale = 0.1\n", "scale = 0\n", 1))
    assert call(monkeypatch, "check", str(site)) == 1
    assert f"{own}:26:1: register 1: a scale of 0 makes every value 0" in capsys.readouterr().err


def test_without_the_file_of_its_people_a_hub_does_not_start(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "run", str(site)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{site.parent / 'access.json'}: there is no such file; write it")


def test_a_hub_that_does_not_run_is_told_how_to_start(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "status", str(site)) == 1
    assert f"does not run; start it: lingdang run {site}" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--data", "--ready-file"])
def test_a_demo_says_which_folder_it_cannot_use(
    option: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    assert call(monkeypatch, "demo", option, str(tmp_path / "file" / "x")) == 2
    assert f"name another with {option}\n" in capsys.readouterr().err


def test_the_version_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("lingdang 0.")


def test_a_broker_version_without_a_profile_ends_with_2(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(site.parent / "broker")
    assert call(monkeypatch, "broker-config", str(site), "--out", out, "--for", "1.6") == 2
    assert "--for: no profile for mosquitto '1.6'; 2.0 or 2.1" in capsys.readouterr().err


def test_the_doctor_without_a_broker_looks_at_disk_and_store(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "doctor", str(site)) in {1, 2}
    said = capsys.readouterr().out
    assert "warning: store: 还没有数据库。" in said
    assert "ok: broker: " in said
