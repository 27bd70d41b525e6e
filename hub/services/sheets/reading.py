"""Reads a workbook (XLSX, XLS or CSV) into rows of text, and names what is wrong in its cells.

Run as a program (`python -m` with this module's name and the file's name) it reads the file from
its standard input and answers with a `Reading` in JSON, within limits of memory and time that the
kernel keeps: a file that kills the reader kills that process, and not the hub.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from python_calamine import (
    CalamineError,
    CalamineSheet,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from hub.errors import Problem
from hub.model.spelling import nearest
from hub.services.sheets.fault import NO_WORDS, Faults, Words
from hub.services.sheets.heading import Heading, read_heading
from hub.services.sheets.package import (
    COLUMNS,
    LARGEST,
    ROWS,
    Oddity,
    RefusedError,
    find_oddities,
)
from hub.services.sheets.row import decode_text
from hub.services.sheets.saying import NOTES
from hub.services.sheets.table import SHEET_TITLES, SHEETS

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MARKS = {"places": {"path", "路径"}, "people": {"role", "角色"}, "areas": {"places", "包含位置"}}
"""Columns that one sheet alone has, each by both names."""
MEMORY = 1024 * 2**20
SECONDS = 60

Values = Sequence[Sequence[Any]]


class ReadSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one sheet that the hub knows: each with its number and its cells by column.

    `sound` is whether its header is; without that its rows say nothing.
    """

    title: str
    sound: bool
    header: list[str]
    rows: list[tuple[int, list[str]]]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds; `notes` in both languages are no faults."""

    sheets: dict[str, ReadSheet] = {}
    problems: list[Problem] = []
    notes: list[dict[str, str]] = []


class _Book:
    """Collects what is read of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.sheets: dict[str, ReadSheet] = {}
        self.problems: list[Problem] = []
        self.notes: list[dict[str, str]] = []

    def refuse(self, code: str, sheet: str = "", words: Words = NO_WORDS) -> None:
        """Note what is wrong with the file, or a sheet, as a whole."""
        faults = Faults(self.file, sheet)
        faults.add(code, words)
        self.problems += faults.problems

    def note(self, code: str, words: Words = NO_WORDS) -> None:
        """Note what should be known."""
        said = NOTES[code].fill(words)
        self.notes.append({"zh": said.zh, "en": said.en})

    def take(self, name: str, title: str, values: Values, faults: Faults) -> None:
        """Take the values of a sheet; the first row that has any is its header."""
        if name in self.sheets:
            self.refuse("sheet_twice", title, {"other": self.sheets[name].title})
            return
        heading = read_heading(name, values[0] if values else (), faults)
        rows, put_right = read_lines(heading, values[1:], faults)
        if put_right:
            self.note("put_right", {"sheet": title, "count": put_right})
        self.sheets[name] = ReadSheet(
            title=title, sound=heading.sound, header=heading.names, rows=rows
        )
        self.problems += faults.problems


def read_workbook(data: bytes, file: str) -> Reading:
    """Read a file; what it is, is seen from how it begins."""
    book = _Book(file)
    try:
        if data.startswith(ZIP):
            _read_spreadsheet(data, book, find_oddities(data))
        elif data.startswith(OLE):
            _read_spreadsheet(data, book, {})
            book.note("old_formulas")
        else:
            _read_csv(data, book)
    except RefusedError as error:
        book.refuse(error.code, words=error.words)
    except PasswordError:
        book.refuse("encrypted")
    except CalamineError as error:
        book.refuse("encrypted" if "encrypt" in str(error).lower() else "broken")
    return Reading(sheets=book.sheets, problems=book.problems, notes=book.notes)


def _read_spreadsheet(data: bytes, book: _Book, odd: dict[str, list[Oddity]]) -> None:
    with load_workbook(io.BytesIO(data)) as workbook:
        for about in workbook.sheets_metadata:
            if about.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(about.name)
            name = _known(about.name)
            if not name:
                _pass_over(about.name, sheet, book)
            elif about.visible is not SheetVisibleEnum.Visible:
                book.refuse("hidden", about.name)
            else:
                faults = Faults(book.file, about.name)
                _note_cells(sheet, odd.get(about.name, ()), faults)
                book.take(name, about.name, sheet.to_python(skip_empty_area=False), faults)
        if not book.sheets and not book.problems:
            book.refuse("no_sheet", words={"names": ", ".join(workbook.sheet_names)})


def _known(title: str) -> str:
    plain = title.strip().casefold()
    return plain if plain in SHEETS else SHEET_TITLES.get(plain, "")


def _pass_over(title: str, sheet: CalamineSheet, book: _Book) -> None:
    """Say of a sheet that is not taken why; an empty one is not worth a word."""
    plain = title.strip().casefold()
    guess = nearest(plain, (*SHEETS, *SHEET_TITLES))
    if not sheet.total_height:
        return
    if guess:
        book.refuse("sheet_near", title, {"guess": guess})
    else:
        book.note("sheet_ignored", {"sheet": title})


def _note_cells(sheet: CalamineSheet, odd: Iterable[Oddity], faults: Faults) -> None:
    if sheet.total_height > ROWS + 1 or sheet.total_width > COLUMNS:
        cell = Problem(file="", message="", line=sheet.total_height, column=sheet.total_width).cell
        raise RefusedError("far", {"cell": cell, "rows": ROWS, "columns": COLUMNS})
    for each in odd:
        faults.add(each.code, line=each.line, place=each.column)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        first, last = (
            Problem(file="", message="", line=row + 1, column=column + 1).cell
            for row, column in ((top, left), (bottom, right))
        )
        faults.add("merged", {"cells": f"{first}:{last}"}, line=top + 1, place=left + 1)


def _read_csv(data: bytes, book: _Book) -> None:
    faults = Faults(book.file)
    try:
        text = decode_text(data)
        values = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError:
        raise RefusedError("broken") from None
    except csv.Error as error:
        faults.add("row_unread", {"error": error})
        book.problems += faults.problems
        return
    if "\0" in text or not values:
        raise RefusedError("broken")
    book.take(_sheet_of(values[0]), "", values, faults)


def _sheet_of(header: Sequence[str]) -> str:
    """Tell which sheet a CSV file is, by a column that no other has."""
    names = {each.strip().casefold() for each in header}
    return next((sheet for sheet, mark in MARKS.items() if mark & names), "devices")


def read_lines(
    heading: Heading, values: Values, faults: Faults
) -> tuple[list[tuple[int, list[str]]], int]:
    """Return the rows that hold something, with their numbers, and count the cells put right."""
    rows: list[tuple[int, list[str]]] = []
    put_right = 0
    for line, found in _filled(values):
        cells = [heading.read(place, value, line, faults) for place, value in enumerate(found)]
        put_right += sum(cell.put_right for cell in cells)
        rows.append((line, [cell.text for cell in cells]))
    return rows, put_right


def _filled(values: Values) -> Iterator[tuple[int, Sequence[Any]]]:
    for line, found in enumerate(values, start=2):
        if any(
            value != "" and not (isinstance(value, str) and not value.strip()) for value in found
        ):
            yield line, found


def main() -> int:
    """Read the file of the standard input; prints what it holds."""
    import resource  # noqa: PLC0415 - of this program alone

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    data = sys.stdin.buffer.read(LARGEST)
    reading = read_workbook(data, sys.argv[1] if len(sys.argv) > 1 else "")
    sys.stdout.buffer.write(msgspec.json.encode(reading))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
