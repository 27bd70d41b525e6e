"""What the doctor makes of what it is told."""

from __future__ import annotations

import os
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from hub.commands.broker_checkup import Patient, judge, judge_version
from hub.commands.broker_probe import Heard
from hub.commands.doctor import check_backup, check_disk, check_remains, check_store, see
from hub.commands.finding import Finding, Verdict
from hub.config.storage import StoreSettings

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil's
NOW = 1_764_000_000.0


@pytest.mark.parametrize(
    ("text", "verdict", "faults"),
    [
        ("mosquitto version 2.0.11", Verdict.WARNING, 3),
        ("mosquitto version 2.0.22", Verdict.WARNING, 2),
        ("mosquitto version 2.1.2", Verdict.OK, 1),
        ("", Verdict.WARNING, 1),
    ],
)
def test_a_version_is_known_by_its_defects(text: str, verdict: Verdict, faults: int) -> None:
    finding = judge_version(text)
    assert finding.verdict is verdict
    assert finding.en.count(";") + 1 == faults


def verdicts(heard: Heard) -> dict[str, Verdict]:
    return {finding.check: finding.verdict for finding in judge(heard)}


def test_qos_0_and_a_message_that_does_not_come_back_are_wrong() -> None:
    found = verdicts(Heard(figures={}, qos=0, seconds=None))
    assert found["qos"] is found["round-trip"] is Verdict.WRONG
    assert found["dropped"] is Verdict.WARNING, "a figure that is not told is no figure of 0"


def test_dropped_messages_are_told_and_durability_is_never_promised() -> None:
    found = verdicts(Heard(figures={"publish/messages/dropped": "7"}, qos=1, seconds=0.01))
    assert found["dropped"] is found["durability"] is Verdict.WARNING
    assert found["qos"] is found["round-trip"] is Verdict.OK


@pytest.mark.parametrize(
    ("free", "verdict"), [(50, Verdict.OK), (19, Verdict.WARNING), (4, Verdict.WRONG)]
)
def test_a_disk_is_judged_by_its_free_share(
    free: int, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(100, 100 - free, free))
    assert check_disk(Path("x")).verdict is verdict


def test_a_sound_store_is_ok_a_torn_one_wrong_and_a_missing_one_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "lingdang.db"
    assert check_store(path).verdict is Verdict.WARNING
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t(x)")
    assert check_store(path).verdict is Verdict.OK
    path.write_bytes(b"no database at all" * 100)
    assert check_store(path).verdict is Verdict.WRONG


def test_the_newest_copy_counts_and_none_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "lingdang.db"
    assert check_backup(path, NOW).verdict is Verdict.WARNING
    (tmp_path / "lingdang.db.lock").touch()
    assert check_backup(path, NOW).verdict is Verdict.WARNING, "a lock is no copy"
    copy = tmp_path / "lingdang.db.backup"
    copy.write_bytes(b"")
    os.utime(copy, (NOW - 3600, NOW - 3600))
    assert check_backup(path, NOW).verdict is Verdict.OK
    assert check_backup(path, NOW + 3 * 86400).verdict is Verdict.WARNING
    assert check_backup(tmp_path / "other.db", NOW, copy).verdict is Verdict.OK
    assert check_backup(path, NOW, tmp_path / "missing").verdict is Verdict.WARNING


def test_a_broker_that_cannot_be_reached_is_wrong_and_ends_with_2(tmp_path: Path) -> None:
    config = tmp_path / "lingdang.toml"
    config.write_text('[community]\nid = "x"\nname = { zh = "x", en = "x" }\n[mqtt]\nport = 1\n')
    said: list[str] = []
    assert see(config, Patient(), as_json=False, echo=said.append) == 2
    assert any(line.startswith("wrong: broker: 连不上 broker。 127.0.0.1:1 ") for line in said)


def test_a_finding_is_one_line_with_its_next_step() -> None:
    finding = Finding("disk", Verdict.WRONG, "满。", "Full.", "free some space")
    assert str(finding) == "wrong: disk: 满。 Full. -> free some space"


def test_copies_of_the_hubs_own_that_outlive_what_they_hold_are_named(tmp_path: Path) -> None:
    store = StoreSettings(path=tmp_path / "lingdang.db")
    assert check_remains(store, NOW).verdict is Verdict.OK
    for name in ("lingdang.db.before-5", "lingdang-replaced-20260101T000000Z.db", "mine.db"):
        copy = tmp_path / name
        copy.write_bytes(b"")
        os.utime(copy, (NOW, NOW))
    assert check_remains(store, NOW + 29 * 86400).verdict is Verdict.OK
    found = check_remains(store, NOW + 31 * 86400)
    assert found.verdict is Verdict.WARNING
    assert found.en.startswith("lingdang-replaced-20260101T000000Z.db, lingdang.db.before-5 may")
    assert "mine.db" not in str(found), "what people keep is theirs"
