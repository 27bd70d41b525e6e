"""Languages of the pages: catalogues of words, Chinese first, read once from `catalogues/`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Language(StrEnum):
    """What a page is written in; the value is the catalogue's name and the text key."""

    ZH = "zh"
    EN = "en"


class Words:
    """One catalogue: `words("wall.more", n=3)` writes a phrase, `words.of(texts)` picks one."""

    def __init__(self, language: Language, phrases: Mapping[str, str]) -> None:
        self.language = language
        self.phrases = phrases

    def __call__(self, key: str, /, **fields: object) -> str:
        """Write the phrase of that key; KeyError when the catalogue has none."""
        phrase = self.phrases[key]
        return phrase.format(**fields) if fields else phrase

    def name(self, group: str, word: object) -> str:
        """Write a word of a group, or the word itself where the catalogue does not know it."""
        return self.phrases.get(f"{group}.{word}", str(word))

    def of(self, texts: Mapping[str, str]) -> str:
        """Pick this language's text, or any other that there is."""
        return texts.get(self.language) or next(iter(texts.values()), "")


@cache
def words_of(language: Language) -> Words:
    """Return a language's words."""
    file = files("hub.console") / "catalogues" / f"{language}.toml"
    return Words(language, dict(_flatten(tomllib.loads(file.read_text("utf-8")))))


def language_of(code: str) -> Language:
    """Return the language of a code; anything unknown is Chinese."""
    return Language(code) if code in set(Language) else Language.ZH


def _flatten(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for group, table in tables.items():
        for key, phrase in table.items():
            yield f"{group}.{key}", phrase
