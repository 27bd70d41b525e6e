"""The header of a sheet: which column is which, by the hub's names or the Chinese titles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from hub.services.sheets.cell import Cell, read_cell
from hub.services.sheets.column import Column
from hub.services.sheets.fault import Faults
from hub.services.sheets.row import check_header
from hub.services.sheets.table import SHEETS, required_names

_SPLIT = re.compile(r"[\s()/*:]+")


class Heading:
    """The columns of one sheet as they stand, empty without a name; `sound` when all is there."""

    def __init__(
        self, names: list[str], columns: Sequence[Column | None], *, sound: bool = True
    ) -> None:
        self.names, self.sound = names, sound
        self._columns = columns
        self._headless: set[int] = set()

    def read(self, place: int, value: Any, line: int, faults: Faults) -> Cell:  # noqa: ANN401 - a cell
        """Read a cell of the column `place` (from 0); what is wrong with it is a fault."""
        if place >= len(self.names) or not self.names[place]:
            if value != "" and place not in self._headless:
                self._headless.add(place)
                faults.add("headless", line=line, place=place + 1)
            return Cell("")
        cell = read_cell(value, self._columns[place])
        if cell.fault:
            faults.add(cell.fault, cell.words, line=line, column=self.names[place])
        return cell


def read_heading(sheet: str, values: Sequence[Any], faults: Faults) -> Heading:
    """Read the first row; what is missing or stands twice is a fault."""
    known = {column.name: column for column in SHEETS[sheet]}
    titles = {column.zh_title: column.name for column in SHEETS[sheet]}
    names = [_name(str(value), known, titles) for value in values]
    faults.set_columns(names)
    sound = check_header(names, required_names(sheet), faults)
    return Heading(names, [known.get(name) for name in names], sound=sound)


def _name(text: str, known: dict[str, Column], titles: dict[str, str]) -> str:
    """Return the hub's name for `id`, `ID`, `编号`, `编号 id` or `id (编号)`; else the text."""
    plain = unicodedata.normalize("NFKC", text).strip()
    words = [each for each in _SPLIT.split(plain) if each]
    named = {titles.get(word, word.casefold()) for word in words}
    if len(named) == 1 and named <= known.keys():
        return named.pop()
    return plain
