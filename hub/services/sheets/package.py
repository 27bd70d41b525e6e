"""Looks into an XLSX file before it is read: its size, macros, formulas and errors by cell.

The reader gives a formula's last value and an error's nothing, so that both have to be found here.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple
from xml.etree import ElementTree as ET

from hub.services.sheets.fault import NO_WORDS, Words

LARGEST = 64 * 2**20
"""Bytes of everything in it once it is unpacked: 10,000 devices are a tenth of that."""
MEMBERS = 2_000
ROWS, COLUMNS = 20_000, 100
"""What a sheet has at most, below its header."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)(?<!/)>\s*(<(?:\w+:)?f\b)?")
_WHERE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ERROR = re.compile(rb"""\bt=["']e["']""")


_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ET.ParseError, RuntimeError)
"""What a file that was cut, forged or packed in a strange way makes of its reader."""


class RefusedError(Exception):
    """The file as a whole is refused; carries a code of `WHOLE` and its words."""

    def __init__(self, code: str, words: Words = NO_WORDS) -> None:
        super().__init__(code)
        self.code, self.words = code, words


class Oddity(NamedTuple):
    """A cell that has to be told: `code` is `formula` or `error_value`; both count from 1."""

    code: str
    line: int
    column: int


def find_oddities(data: bytes) -> dict[str, list[Oddity]]:
    """Return the odd cells by sheet; RefusedError where the file must not be read at all."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            _check_size(package)
            return {name: list(_odd(package.read(part))) for name, part in _parts(package)}
    except _BROKEN as error:
        raise RefusedError("broken") from error


def _check_size(package: zipfile.ZipFile) -> None:
    members = package.infolist()
    if len(members) > MEMBERS or sum(each.file_size for each in members) > LARGEST:
        raise RefusedError("large", {"megabytes": LARGEST >> 20})
    names = {each.filename.lower() for each in members}
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names):
        raise RefusedError("macros")
    if "xl/workbook.xml" not in names:
        raise RefusedError("broken")


def _parts(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each sheet's name and the file in which it lies."""
    links = _tree(package, "xl/_rels/workbook.xml.rels")
    targets = {each.get("Id"): each.get("Target", "") for each in links}
    for sheet in _tree(package, "xl/workbook.xml").iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_LINK), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if target and part in package.NameToInfo:
            yield sheet.get("name", ""), part


def _tree(package: zipfile.ZipFile, part: str) -> ET.Element:
    text = package.read(part)
    if b"<!DOCTYPE" in text:
        raise RefusedError("broken")
    return ET.fromstring(text)  # noqa: S314 - without a DOCTYPE there are no entities


def _odd(text: bytes) -> Iterator[Oddity]:
    for found in _CELL.finditer(text):
        where = _WHERE.search(found[1])
        if where is None:
            continue
        line, column = int(where[2]), column_number(where[1].decode())
        if line > ROWS + 1 or column > COLUMNS:
            cell = (where[1] + where[2]).decode()
            raise RefusedError("far", {"cell": cell, "rows": ROWS, "columns": COLUMNS})
        if found[2]:
            yield Oddity("formula", line, column)
        elif _ERROR.search(found[1]):
            yield Oddity("error_value", line, column)


def column_number(letters: str) -> int:
    """Return the number of a column, A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
