"""Checks that rows of every sheet need: cells that are filled, known words, names used once."""

from __future__ import annotations

from collections.abc import Iterable

from hub.services.sheets.column import Column, Form
from hub.services.sheets.fault import Faults
from hub.services.sheets.row import Row


def check_filled(row: Row, columns: Iterable[Column], faults: Faults) -> None:
    """Note each required cell that is empty, with what belongs there."""
    for column in columns:
        if column.required and not row.cells[column.name]:
            words = {"about_zh": column.zh, "about_en": column.en}
            faults.add("empty", words, line=row.line, column=column.name)


def check_choices(row: Row, columns: Iterable[Column], faults: Faults) -> None:
    """Note each word that is none of its column's choices."""
    for column in columns:
        word = row.cells.get(column.name)
        if column.form is Form.CHOICE and word and word not in column.choices:
            faults.add_unknown(row.line, column.name, word, known=column.choices, what="word")


def check_taken(rows: Iterable[Row], column: str, faults: Faults) -> None:
    """Note each value of a column that stands in an earlier row already."""
    first: dict[str, int] = {}
    for row in rows:
        word = row.cells[column]
        before = first.setdefault(word, row.line)
        if word and before != row.line:
            faults.add("taken", {"word": word, "other": before}, line=row.line, column=column)
