"""Collects the faults of one sheet, each with row, column, next step and nearest good value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hub.errors import Problem
from hub.model.spelling import nearest, suggest
from hub.services.sheets.saying import SAYINGS

HINT_LIMIT = 100
"""Nearest values looked up per file: among 10,000 ids each costs tens of milliseconds."""
LISTED = 8
Words = Mapping[str, object]
"""What is put into a sentence."""
NO_WORDS: Words = MappingProxyType({})

WHAT_ZH = {
    "device": "设备",
    "kind": "类别",
    "link": "链路",
    "model": "型号",
    "place": "位置",
    "place above it:": "上级位置",
    "scope": "范围",
    "state": "状态",
    "word": "这个词",
}


class Faults:
    """The faults of one sheet; `file` and, in a workbook, `sheet` name it in messages."""

    def __init__(self, file: str, sheet: str = "") -> None:
        self.problems: list[Problem] = []
        self._file, self._sheet = file, sheet
        self._columns: dict[str, int] = {}
        self._hints: dict[tuple[str, str], tuple[str, str]] = {}

    def set_columns(self, header: Iterable[str]) -> None:
        """Learn where each column stands, counted from 1."""
        for place, name in enumerate(header, start=1):
            self._columns.setdefault(name, place)

    def add(
        self,
        code: str,
        words: Words = NO_WORDS,
        *,
        line: int = 0,
        column: str = "",
        place: int = 0,
    ) -> None:
        """Note one fault of `SAYINGS`; `place` is the column's number where it has no name."""
        said = SAYINGS[code].fill(words)
        self.problems.append(
            Problem(
                file=self._file,
                sheet=self._sheet,
                line=line,
                column=place or self._columns.get(column, 0),
                message=f"{column}: {said.en}" if column else said.en,
                hint=said.en_next,
                zh=f"{column}：{said.zh}" if column else said.zh,
                zh_hint=said.zh_next,
            )
        )

    def add_unknown(
        self, line: int, column: str, word: str, *, known: Mapping[str, object], what: str
    ) -> None:
        """Note a value that is none of `known`, with the nearest one."""
        zh_hint, en_hint = self._hint(word, known, what)
        words = {"word": word, "what": what, "what_zh": WHAT_ZH[what]}
        words |= {"zh_hint": zh_hint, "en_hint": en_hint}
        self.add("unknown", words, line=line, column=column)

    def _hint(self, word: str, known: Mapping[str, object], what: str) -> tuple[str, str]:
        key = (word, what)
        if key not in self._hints:
            spent = len(self._hints) >= HINT_LIMIT
            self._hints[key] = ("", "") if spent else _suggest(word, known)
        return self._hints[key]


def _suggest(word: str, choices: Mapping[str, object]) -> tuple[str, str]:
    """Return the nearest good value, or some, in Chinese and English.

    A choice whose value is a text has that as its Chinese word, which may be what was meant.
    """
    titles = {zh: name for name, zh in choices.items() if isinstance(zh, str) and zh != name}
    guess = nearest(word, choices) or titles.get(nearest(word, titles), "")
    if guess:
        return f"是不是“{_both(guess, choices)}”？", f"did you mean '{guess}'?"
    known = sorted(choices)
    more = "……" if len(known) > LISTED else ""
    listed = "、".join(_both(name, choices) for name in known[:LISTED])
    return f"可以填：{listed}{more}" if known else "", suggest(word, known)


def _both(name: str, choices: Mapping[str, object]) -> str:
    title = choices[name]
    return f"{title} {name}" if isinstance(title, str) and title != name else name
