"""`docs/profile.schema.json` is what the command prints, and takes what the reader takes."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from hub.assembly.receiver_file import read_profile_text, shipped_profiles
from hub.cli import app
from hub.errors import Problem
from hub.feeds.profiles.schema_words import KEYS, SECTIONS

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "profile.schema.json").read_text("utf-8"))
FILE, PUSH = next(pair for pair in shipped_profiles().items() if "push-number" in pair[0])
GOOD = tomllib.loads(PUSH)


def accepts(table: dict[str, Any]) -> bool:
    return jsonschema_rs.Draft202012Validator(SCHEMA).is_valid(table)


def test_the_published_schema_is_what_the_command_prints() -> None:
    told = CliRunner().invoke(app, ["profile", "schema"]).output
    published = (DOCS / "profile.schema.json").read_text("utf-8")
    assert told == published, "lingdang profile schema > docs/profile.schema.json"


def test_the_schema_is_one_and_every_shipped_profile_is_valid() -> None:
    assert jsonschema_rs.meta.is_valid(SCHEMA)
    assert SCHEMA["$id"] == "urn:lingdang:profile:1"
    assert all(accepts(tomllib.loads(text)) for text in shipped_profiles().values())


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("auth", "algorithm", "md4"),
        ("auth", "algoritm", "md5"),
        ("auth", "window", 0),
        ("time", "format", "soon"),
        ("grid", "digits", 16),
        ("create", "path", "no slash"),
        ("create", "method", "DELETE"),
        ("poll", "period", "1m"),
        ("poll", "page_size", 5000),
        ("coordinates", "accepts", ["bd09"]),
        ("transport", "format", "yaml"),
        ("profile", "id", "Has Spaces"),
        ("envelope", "ok", "0"),
    ],
)
def test_what_is_wrong_is_wrong_for_both(section: str, key: str, value: object) -> None:
    table = copy.deepcopy(GOOD)
    table[section][key] = value
    assert not accepts(table)
    assert faults_of(section, key, value)


def faults_of(section: str, key: str, value: object) -> tuple[Problem, ...]:
    """Write the same into the text: behind the section's head, in place of the key's line."""
    lines = PUSH.split("\n")
    at = lines.index(f"[{section}]")
    end = next(n for n in range(at + 1, len(lines)) if lines[n].startswith("["))
    kept = [line for line in lines[at + 1 : end] if not line.startswith(f"{key} =")]
    text = "\n".join([*lines[: at + 1], f"{key} = {json.dumps(value)}", *kept, *lines[end:]])
    return read_profile_text(text, FILE)[1]


@pytest.mark.parametrize("section", ["profil", "fields", "codes"])
def test_a_file_has_no_other_sections(section: str) -> None:
    assert not accepts(GOOD | {section: {}})


def test_an_editor_can_say_what_each_key_is_for_in_both_languages() -> None:
    for key, words in {**SECTIONS, **KEYS}.items():
        zh, _, en = words.partition(" / ")
        assert zh, key
        assert en, key
