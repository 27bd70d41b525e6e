"""A sheet: rows of a CSV file as text, with where each stands; faults are collected."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from hub.errors import Problem
from hub.model.spelling import nearest, suggest

HINT_LIMIT = 100
"""Nearest values looked up per file: among 10,000 ids each costs tens of milliseconds."""

Attribute = str | int | float | bool

_TRUTH: dict[str, bool] = {"true": True, "yes": True, "是": True} | {
    "false": False,
    "no": False,
    "否": False,
}
_LONGEST_NUMBER = 9


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row: its line in the file (from 1) and its cells by column name, stripped."""

    line: int
    cells: dict[str, str]


class Faults:
    """Collects the faults of one sheet, each with row, column and the nearest good value."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._columns: dict[str, int] = {}
        self._hints: dict[str, str] = {}

    def set_columns(self, header: Iterable[str]) -> None:
        """Learn where each column stands, counted from 1."""
        for place, name in enumerate(header, start=1):
            self._columns.setdefault(name, place)

    def add(self, message: str, *, line: int = 0, column: str = "", hint: str = "") -> None:
        """Note one fault."""
        text = f"{column}: {message}" if column else message
        place = self._columns.get(column, 0)
        self.problems.append(
            Problem(file=self._file, line=line, column=place, message=text, hint=hint)
        )

    def add_unknown(self, row: Row, column: str, *, known: Mapping[str, object], what: str) -> None:
        """Note a value that is none of `known`, with the nearest one."""
        word = row.cells[column]
        self.add(f"no {what} '{word}'", line=row.line, column=column, hint=self._hint(word, known))

    def _hint(self, word: str, known: Mapping[str, object]) -> str:
        if word not in self._hints:
            spent = len(self._hints) >= HINT_LIMIT
            self._hints[word] = "" if spent else suggest(word, known)
        return self._hints[word]


def decode_text(source: str | bytes) -> str:
    """Read a file's bytes as UTF-8 (with or without BOM) or GB18030; raises UnicodeDecodeError."""
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return source.decode("gb18030")


def read_rows(source: str | bytes, required: Iterable[str], faults: Faults) -> list[Row]:
    """Read a sheet; where the header lacks a required column, no row is read."""
    try:
        text = decode_text(source)
    except UnicodeDecodeError:
        faults.add("it is neither UTF-8 nor GB18030 text; save it as CSV UTF-8", line=1)
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        faults.add(f"the header cannot be read ({error})", line=1, hint="check its quotes")
        return []
    faults.set_columns(header)
    if _has_bad_header(header, required, faults):
        return []
    return list(_rows(reader, header, faults))


def _has_bad_header(header: list[str], required: Iterable[str], faults: Faults) -> bool:
    before = len(faults.problems)
    for name in required:
        if name not in header:
            guess = nearest(name, [each for each in header if each])
            hint = f"is it '{guess}'?" if guess else "add it to the first row"
            faults.add(f"the column '{name}' is missing", line=1, hint=hint)
    for name in dict.fromkeys(header):
        if name and header.count(name) > 1:
            faults.add("the column stands twice", line=1, column=name, hint="remove one")
    return len(faults.problems) > before


def _rows(reader: Iterator[list[str]], header: list[str], faults: Faults) -> Iterator[Row]:
    lines = _numbered(reader, faults)
    shared: dict[str, str] = {}
    for line, values in lines:
        cells = [shared.setdefault(text, text) for text in map(str.strip, values)]
        if not any(cells):
            continue
        if any(cells[len(header) :]):
            faults.add(
                f"the row has {len(cells)} cells, the header {len(header)}",
                line=line,
                hint="put a text with a comma into quotes",
            )
        padded = cells + [""] * (len(header) - len(cells))
        yield Row(line=line, cells={k: v for k, v in zip(header, padded, strict=False) if k})


def _numbered(reader: Iterator[list[str]], faults: Faults) -> Iterator[tuple[int, list[str]]]:
    line = 2
    try:
        for values in reader:
            yield line, values
            line = 1 + getattr(reader, "line_num", line)
    except csv.Error as error:
        faults.add(f"the row cannot be read ({error})", line=line, hint="check its quotes")


def read_attributes(row: Row, columns: Iterable[str]) -> dict[str, Attribute]:
    """Return the further columns that are filled, as bool, number or text.

    Codes stay text: what begins with a zero, and what is longer than nine digits (phones, serials).
    """
    known = set(columns)
    return {
        name: read_attribute(text) for name, text in row.cells.items() if text and name not in known
    }


def read_attribute(text: str) -> Attribute:
    """Read one cell as bool (true, yes, 是), number, or text."""
    truth = _TRUTH.get(text.lower())
    if truth is not None:
        return truth
    digits = text.removeprefix("-")
    whole, dot, fraction = digits.partition(".")
    if not _is_digits(whole) or (dot and not _is_digits(fraction)):
        return text
    if len(digits) > _LONGEST_NUMBER or (len(whole) > 1 and whole[0] == "0"):
        return text
    return float(text) if dot else int(text)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
