"""The rows of a sheet as text, with where each stands; those of a CSV file are read here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from hub.model.spelling import nearest
from hub.services.sheets.fault import Faults

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
        faults.add("not_text", line=1)
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        faults.add("header_unread", {"error": error}, line=1)
        return []
    faults.set_columns(header)
    if not check_header(header, required, faults):
        return []
    return list(_rows(reader, header, faults))


def check_header(header: list[str], required: Iterable[str], faults: Faults) -> bool:
    """Tell whether every required column is there and none twice; what is wrong is a fault."""
    before = len(faults.problems)
    for name in required:
        if name not in header:
            guess = nearest(name, [each for each in header if each])
            en = f"is it '{guess}'?" if guess else "add it to the first row"
            zh = f"是不是“{guess}”？" if guess else "在第一行加上"
            faults.add("no_column", {"name": name, "zh_hint": zh, "en_hint": en}, line=1)
    for name in dict.fromkeys(header):
        if name and header.count(name) > 1:
            faults.add("twice", line=1, column=name)
    return len(faults.problems) == before


def _rows(reader: Iterator[list[str]], header: list[str], faults: Faults) -> Iterator[Row]:
    lines = _numbered(reader, faults)
    shared: dict[str, str] = {}
    for line, values in lines:
        cells = [shared.setdefault(text, text) for text in map(str.strip, values)]
        if not any(cells):
            continue
        if any(cells[len(header) :]):
            faults.add("long_row", {"cells": len(cells), "header": len(header)}, line=line)
        padded = cells + [""] * (len(header) - len(cells))
        yield Row(line=line, cells={k: v for k, v in zip(header, padded, strict=False) if k})


def _numbered(reader: Iterator[list[str]], faults: Faults) -> Iterator[tuple[int, list[str]]]:
    line = 2
    try:
        for values in reader:
            yield line, values
            line = 1 + getattr(reader, "line_num", line)
    except csv.Error as error:
        faults.add("row_unread", {"error": error}, line=line)


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
