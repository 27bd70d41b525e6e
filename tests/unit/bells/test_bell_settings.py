"""Settings of bells: what each kind needs, and every fault with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.bell_settings import BellSettings, read_bells, variable
from hub.config.toml_reader import TomlReader
from hub.model.alarm import Severity
from hub.model.bell import CONSOLE, KINDS
from hub.settings import parse_settings

FILE = "/srv/guanshan/lingdang.toml"
WEBHOOK = (
    '[[bell]]\nid = "hook"\nkind = "webhook"\nurl = "https://a.example/x"\n'
    'secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"\n'
)
ROBOT = '[[bell]]\nid = "crew"\nkind = "wecom_robot"\nurl = "https://q.example/send?key=k"\n'
MIDNIGHT = 1_764_000_000.0
"""2025-11-25 00:00 of the community."""


def read(text: str, **environ: str) -> tuple[tuple[BellSettings, ...], list[str]]:
    reader = TomlReader(text, FILE)
    bells = read_bells(reader, environ)
    return bells, [str(problem).removeprefix(FILE) for problem in reader.problems]


def test_good_bells_are_read() -> None:
    bells, faults = read(WEBHOOK + ROBOT + "rate = 10\n")
    assert not faults
    assert [(bell.id, bell.per_minute) for bell in bells] == [("hook", 60), ("crew", 10)]


def test_they_are_part_of_the_settings() -> None:
    settings, problems = parse_settings('[community]\nid = "g"\n' + ROBOT, FILE, {})
    assert not problems
    assert settings.bell[0].facts is KINDS["wecom_robot"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[bell]\nid = 1\n", ":1:2: bell: each bell has a table of its own; write [[bell]]"),
        (ROBOT.replace("wecom_robot", "wecom_robt"), ":3:8: bell.kind: there is no kind"),
        (ROBOT.replace("wecom_robot", "console"), ":3:8: bell.kind: there is no kind 'console'"),
        (ROBOT.replace('"crew"', '"console"'), ":2:6: bell.id: 'console' is taken"),
        (ROBOT + ROBOT, ":6:6: bell.id: 'crew' is taken"),
        (ROBOT.replace("https://", ""), ":4:7: bell.url: it is no address for wecom_robot"),
        (ROBOT + "templates = 1\n", ":5:1: there is no key 'templates'; did you mean"),
        (ROBOT + 'template = "x"\n', ":5:12: bell.template: wecom_robot has no use for"),
        (ROBOT + 'quiet = "22-7"\n', ":5:9: bell.quiet: "),
        (ROBOT + "rate = 0\n", ":5:8: bell.rate: "),
        (ROBOT + 'quiet_below = "bad"\n', ":5:15: bell.quiet_below: "),
        ('[[bell]]\nid = "s"\nkind = "aliyun_sms"\n', ":2:6: bell.id: aliyun_sms needs the key"),
        (WEBHOOK.replace("whsec_", "wh_"), ":5:10: bell.secret: it is no secret of Standard"),
        ('[[bell]]\nkind = "mqtt"\n', ":1:3: bell: the key 'id' is missing"),
    ],
)
def test_each_fault_is_told_with_its_place_and_the_bell_is_left_out(text: str, fault: str) -> None:
    bells, faults = read(text)
    assert any(each.startswith(fault) for each in faults), faults
    assert len(bells) <= 1
    assert all(bell.id != "console" for bell in bells)


def test_a_fault_repeats_no_secret() -> None:
    _, faults = read(WEBHOOK.replace("https://a.example", "ftp://sesame").replace("whsec_", "x_"))
    assert len(faults) == 2
    assert "sesame" not in " ".join(faults)
    assert "MfKQ" not in " ".join(faults)


def test_secrets_come_from_files_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("https://q.example/send?key=secret\n")
    text = f'[[bell]]\nid = "night-crew"\nkind = "wecom_robot"\nurl_file = "{tmp_path / "key"}"\n'
    [bell], faults = read(text)
    assert (bell.url, faults) == ("https://q.example/send?key=secret", [])
    assert variable("night-crew", "url") == "LINGDANG_BELL_NIGHT_CREW_URL"
    [bell], faults = read(
        '[[bell]]\nid = "night-crew"\nkind = "wecom_robot"\n',
        LINGDANG_BELL_NIGHT_CREW_URL="https://q.example/e",
    )
    assert (bell.url, faults) == ("https://q.example/e", [])
    _, faults = read(text.replace("key", "keys"))
    assert "cannot be read" in faults[0]


@pytest.mark.parametrize(
    ("kind", "url", "abroad"),
    [
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/1", False),
        ("feishu", "https://open.larksuite.com/open-apis/bot/v2/hook/1", True),
        ("apprise", "tgram://123/456", True),
        ("apprise", "slack://a/b/c", True),
        ("apprise", "pushplus://tok", False),
        ("apprise", "ntfy://my-topic", True),
        ("apprise", "ntfy://ntfy.community.cn/topic", False),
        ("apprise", "ntfys://ntfy.sh/topic", True),
    ],
)
def test_services_abroad_are_off_by_default(
    monkeypatch: pytest.MonkeyPatch, kind: str, url: str, abroad: bool
) -> None:
    monkeypatch.setattr("hub.config.bell_settings.has_apprise", lambda: True)
    secret = 'secret = "s"\n' if kind == "feishu" else ""
    text = f'[[bell]]\nid = "x"\nkind = "{kind}"\nurl = "{url}"\n{secret}'
    bells, faults = read(text)
    assert (len(bells), len(faults)) == ((0, 1) if abroad else (1, 0)), faults
    bells, faults = read(text + "abroad = true\n")
    assert (len(bells), faults) == (1, [])


def test_apprise_has_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.config.bell_settings.has_apprise", lambda: False)
    bells, faults = read('[[bell]]\nid = "x"\nkind = "apprise"\nurl = "schan://t"\n')
    assert not bells
    assert "apprise is not installed" in faults[0]


@pytest.mark.parametrize(
    ("quiet", "hour", "until"),
    [
        ("22:00-07:00", 23.0, 31.0),
        ("22:00-07:00", 2.0, 7.0),
        ("22:00-07:00", 7.0, 7.0),
        ("22:00-07:00", 21.99, 21.99),
        ("12:00-14:00", 13.0, 14.0),
        ("12:00-14:00", 15.0, 15.0),
        ("12:00-12:00", 12.0, 12.0),
        ("", 3.0, 3.0),
    ],
)
def test_quiet_hours_end(quiet: str, hour: float, until: float) -> None:
    bell = BellSettings(id="x", kind="mqtt", quiet=quiet)
    now = MIDNIGHT + hour * 3600
    assert bell.silent_until(Severity.MAJOR, now) == pytest.approx(MIDNIGHT + until * 3600)
    assert bell.silent_until(Severity.CRITICAL, now) == now


def test_quiet_hours_can_let_more_through() -> None:
    bell = BellSettings(id="x", kind="mqtt", quiet="00:00-08:00", quiet_below=Severity.MAJOR)
    assert bell.silent_until(Severity.MAJOR, MIDNIGHT) == MIDNIGHT
    assert bell.silent_until(Severity.MINOR, MIDNIGHT) == MIDNIGHT + 8 * 3600


def test_only_what_stays_in_the_house_is_no_outside_cloud() -> None:
    assert {name for name, kind in KINDS.items() if not kind.outside} == {CONSOLE, "mqtt"}
