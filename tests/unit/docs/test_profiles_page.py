"""`docs/profiles.md` names the facts, profiles and sections that there are, and no others."""

import re
import tomllib
from pathlib import Path

from hub.assembly.receiver_file import shipped_profiles
from hub.feeds.profiles.facts import PERSONAL, SOURCES
from hub.feeds.profiles.reading import SECTIONS
from hub.settings import parse_settings

PAGE = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text("utf-8")


def test_the_page_has_every_fact() -> None:
    [told] = re.findall(r"\*\*Facts\*\* for `from`: `([^`]*)`", PAGE)
    assert set(told.split()) == SOURCES
    [people] = re.findall(r"Of people: `([^`]*)`", PAGE)
    assert set(people.split()) == PERSONAL


def test_the_page_has_every_profile_and_section() -> None:
    for file in shipped_profiles():
        assert f"`{Path(file).stem}`" in PAGE
    for section in SECTIONS:
        assert f"[{section}" in PAGE, section


def test_the_configuration_of_the_page_is_one() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    text = re.sub(r"^ {3}", "", text, flags=re.MULTILINE)
    assert tomllib.loads(text)["receiver"][0]["name"] == "city"
    settings, problems = parse_settings(
        text, "lingdang.toml", {"LINGDANG_RECEIVER_CITY_SECRET": "s"}
    )
    said = [str(problem) for problem in problems]
    assert len(said) == 1, said
    assert "exclude" not in said[0]
    assert settings.profiles.dirs
