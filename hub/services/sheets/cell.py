"""Makes a text of what a spreadsheet holds in a cell, by what its column is for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from hub.services.sheets.column import Column, Form
from hub.services.sheets.fault import NO_WORDS, Words

Value = str | int | float | bool | date | datetime | time | timedelta
LONGEST = 500
"""Characters of a cell."""
SAFE = 10**15
"""Spreadsheets keep 15 digits of a number, and make the others zero."""

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SHORT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


class Cell(NamedTuple):
    """What was read; `fault` is a code of `SAYINGS` with its `words`, empty where it is sound."""

    text: str
    fault: str = ""
    words: Words = NO_WORDS
    put_right: bool = False


def read_cell(value: Value, column: Column | None) -> Cell:
    """Read one cell; a column that the site does not know is an attribute of any form."""
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, int | float):
        return _read_number(float(value), column)
    if isinstance(value, str):
        return _read_text(value, column)
    if isinstance(value, date) and (column is None or column.form is Form.DAY):
        return Cell(value.strftime("%Y-%m-%d"))
    return Cell(str(value), "made_date", {"word": str(value)})


def _read_number(value: float, column: Column | None) -> Cell:
    if abs(value) >= SAFE:
        return Cell(f"{value:.0f}", "cut_digits")
    text = f"{value:.0f}" if value.is_integer() else repr(value)
    return _checked(Cell(text), column)


def _read_text(value: str, column: Column | None) -> Cell:
    text = " ".join(value.split())
    if len(text) > LONGEST:
        return Cell(text[:LONGEST], "long", {"length": len(text), "most": LONGEST})
    if column is None or column.form is Form.TEXT:
        return Cell(text)
    plain = unicodedata.normalize("NFKC", text.translate(_UNSEEN)).strip()
    return _checked(Cell(plain, put_right=plain != value), column)


def _checked(cell: Cell, column: Column | None) -> Cell:
    check = _FORMS.get(column.form) if column and cell.text else None
    return check(cell, column) if check and column else cell


def _check_day(cell: Cell, _column: Column) -> Cell:
    found = _DAY.fullmatch(cell.text) or _SHORT_DAY.fullmatch(cell.text)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        return cell._replace(fault="date", words={"word": cell.text})
    return cell._replace(text=day.isoformat())


def _check_number(cell: Cell, column: Column) -> Cell:
    try:
        number = float(cell.text)
    except ValueError:
        return cell._replace(fault="not_number", words={"word": cell.text})
    if not column.low <= number <= column.high:
        words = {"word": cell.text, "low": f"{column.low:g}", "high": f"{column.high:g}"}
        return cell._replace(fault="not_between", words=words)
    return cell


def _find_choice(cell: Cell, column: Column) -> Cell:
    """Take the Chinese word for the hub's own; what is neither is told with what there is."""
    word = cell.text.casefold()
    by_title = {zh: name for name, zh in column.choices.items()}
    return cell._replace(text=word if word in column.choices else by_title.get(word, cell.text))


_FORMS: dict[Form, Callable[[Cell, Column], Cell]] = {
    Form.DAY: _check_day,
    Form.NUMBER: _check_number,
    Form.CHOICE: _find_choice,
}
