"""Profiles of people: every fault with its line, the nearest name, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.assembly.receiver_file import (
    load_receivers,
    read_beside,
    read_profile_text,
    shipped_profiles,
)
from hub.cli import app
from hub.config.receiver_settings import ReceiverSettings, variable
from hub.errors import ConfigError, Problem
from hub.feeds.profiles import checking
from hub.model.profile import Profile
from hub.settings import parse_settings

PUSH = next(text for name, text in shipped_profiles().items() if "push-number" in name)
PULL = next(text for name, text in shipped_profiles().items() if "sign-md5" in name)
FOLDER = Path(next(iter(shipped_profiles()))).parent


def faults_of(text: str) -> list[str]:
    _, problems = read_profile_text(text, str(FOLDER / "x.toml"))
    return [str(problem).rpartition("x.toml:")[2] for problem in problems]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_every_shipped_profile_is_good_and_says_that_it_was_not_tried() -> None:
    assert len(shipped_profiles()) == 5
    for file, text in shipped_profiles().items():
        profile, problems = read_profile_text(text, file)
        assert problems == ()
        assert profile is not None
        assert profile.head.id == Path(file).stem
        assert profile.head.tried == ""
        assert profile.codes.sample
        assert all("样例" in row.name for row in profile.codes.rows)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('from = "title.zh"', 'from = "titel.zh"', "there is no fact 'titel.zh'; did you mean 't"),
        ('from = "severity"', 'from = "reporter.phone"', "reporter.phone concerns people; list it"),
        ('map = "severity"', 'map = "severty"', "no [maps.severty]; did you mean 'severity'?"),
        ('"20" = "dispatch"', '"20" = "dispach"', "no 'dispach'; did you mean 'dispatch'?"),
        ('closed = "end"', 'closd = "end"', "there is no 'closd'; did you mean 'closed'?"),
        ('arrived = "4"', 'arived = "4"', "there is no 'arived'; did you mean 'arrived'?"),
        ("[create]", "[creat]", "there is no section 'creat'; did you mean 'create'?"),
        ('where = "header"', 'were = "header"', "there is no key 'were'; did you mean 'where'?"),
        ('where = "header"', 'where = "heder"', "did you mean 'header'?"),
        ("digits = 15", "digits = 16", "grid.digits: Invalid enum value 16"),
        ('path = "/case/add"', 'path = "case/add"', "create.path: Expected"),
        ('ok = ["0"]', "ok = []", "HTTP 200 alone would count as success"),
        ('canonical = "{params}"', 'canonical = "x"', "what is asked is not signed"),
        ('format = "%Y-%m-%d %H:%M:%S"', 'format = "%Q"', "or a form such as %Y-%m-%d %H:%M:%S"),
        ('codes = "codes/sample.toml"', 'codes = "codes/none.toml"', "it cannot be read"),
        ('codes = "codes/sample.toml"', 'codes = "../../x"', "it has to lie beside the profile"),
        ("length = 50", 'length = "50"', "field.length: Expected"),
    ],
)
def test_a_fault_names_its_line_and_the_nearest_word(old: str, new: str, said: str) -> None:
    assert old in PUSH
    text = PUSH.replace(old, new, 1)
    found = [fault for fault in faults_of(text) if said in fault]
    assert found, faults_of(text)
    line = int(found[0].partition(":")[0])
    assert abs(line - line_of(text, new)) <= 3, found[0]


def test_faults_are_told_together() -> None:
    text = PUSH.replace('from = "title.zh"', 'from = "x"').replace("digits = 15", "digits = 1")
    assert len(faults_of(text)) >= 2


def test_a_create_that_could_happen_twice_is_refused() -> None:
    text = re.sub(r"\[query\].*?(?=\[update\])", "", PUSH, flags=re.DOTALL)
    assert faults_of(text) == [], "their word that it is there is enough"
    text = text.replace('duplicate = ["2001"]', "duplicate = []")
    assert any("makes a second case there" in fault for fault in faults_of(text))


def test_a_secret_that_is_not_in_the_text_is_no_sign() -> None:
    text = PULL.replace('"{params}&key={secret}"', '"{params}"')
    assert any("everybody could sign" in fault for fault in faults_of(text))


def test_an_algorithm_that_is_missing_here_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "has_algorithm", lambda _name: False)
    text = PULL.replace('algorithm = "md5"', 'algorithm = "hmac-sm3"')
    assert any("this machine's OpenSSL has no SM3" in fault for fault in faults_of(text))


@pytest.mark.parametrize("text", ["", "[profile]\nid = 'x'", "= 3", "[profile", "[field]\n"])
def test_what_is_no_profile_has_faults_and_raises_nothing(text: str) -> None:
    assert faults_of(text)


def test_a_code_table_has_lines_too() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_beside(str(FOLDER / "x.toml"), "codes/none.toml")


def settings_of(text: str, **environ: str) -> tuple[tuple[ReceiverSettings, ...], list[str]]:
    settings, problems = parse_settings(text, "lingdang.toml", environ)
    return settings.receiver, [str(problem) for problem in problems if "id" not in problem.message]


GOOD = """
[community]
id = "t"
[[receiver]]
name = "city"
profile = "push-number"
url = "https://city.example/api"
app_key = "k"
"""


def join(text: str, **environ: str) -> tuple[int, list[str]]:
    faults: list[Problem] = []
    wanted, problems = settings_of(text, **environ)
    assert not problems
    return len(load_receivers(wanted, {}, {"t": None, "t/a": None}, faults)), list(map(str, faults))


def test_a_receiver_has_its_secret_from_the_environment() -> None:
    assert variable("city-1") == "LINGDANG_RECEIVER_CITY_1_SECRET"
    assert join(GOOD, LINGDANG_RECEIVER_CITY_SECRET="s") == (1, [])
    [one], _ = settings_of(GOOD, LINGDANG_RECEIVER_CITY_SECRET="s")
    assert one.secret == "s"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "it has no secret; secret_file, or LINGDANG_RECEIVER_CITY_SECRET"),
        ("push-number", "push-numbr", "no profile 'push-numbr' without faults; did you mean"),
        ('url = "https://city.example/api"', "", "the key 'url' is missing"),
        ('app_key = "k"', "", "the key 'app_key' is missing"),
        ('app_key = "k"', 'app_key = "k"\nplace = "t/b"', "there is no place 't/b'"),
    ],
)
def test_a_receiver_with_a_fault_is_left_out_and_named(old: str, new: str, said: str) -> None:
    count, faults = join(GOOD.replace(old, new, 1))
    assert count == 0
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize(
    "url",
    ["ftp://x/", "http://user:pw@x/", "javascript:alert(1)", "https://", "https://x/#f", "x"],
)
def test_a_hostile_address_is_refused_before_anything_runs(url: str) -> None:
    _, problems = settings_of(GOOD.replace("https://city.example/api", url))
    assert any("https://host/path" in problem for problem in problems), problems


def test_two_receivers_have_two_names_and_networks_are_networks() -> None:
    _, problems = settings_of(GOOD + GOOD.partition('"t"')[2])
    assert any("'city' is taken" in problem for problem in problems)
    _, problems = settings_of(GOOD + 'addresses = ["10.1.2.3/8"]')
    assert any("write it like 10.1.2.0/24" in problem for problem in problems)


def test_the_command_lists_faults_with_their_places(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(PULL.replace('from = "severity"', 'from = "severty"'), "utf-8")
    said = CliRunner().invoke(app, ["profile", "check", str(file)])
    assert said.exit_code == 1
    assert re.search(r"mine\.toml:\d+:\d+: .*did you mean 'severity'\?", said.output)
    assert "处错误" in said.output
    shipped = next(name for name in shipped_profiles() if "sign-sm3" in name)
    good = CliRunner().invoke(app, ["profile", "check", shipped])
    assert good.exit_code == 0, good.output
    assert "没有错误" in good.output
    assert "not tried against a real platform" in good.output


def test_the_command_lists_what_ships() -> None:
    listed = CliRunner().invoke(app, ["profile", "list"])
    assert listed.output.count("page-sign-") >= 3


def profile_of(text: str) -> Profile:
    profile, problems = read_profile_text(text, str(FOLDER / "x.toml"))
    assert profile is not None
    assert not problems, problems
    return profile
