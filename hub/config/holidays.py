"""Reads tables of holidays and shifted working days: the shipped one, and the site's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from hub.config.toml_reader import TomlReader
from hub.errors import Problem
from hub.model.calendar import Calendar

LONGEST = 31
"""Days that one row may cover; what is longer is a slip of the pen."""
T = TypeVar("T", bound=msgspec.Struct)
Year = Annotated[int, Meta(ge=2000, le=2200, description="a year of four digits")]
Day = Annotated[date, Meta(description="write 2026-10-01, without quotation marks")]


class YearRow(msgspec.Struct, frozen=True, kw_only=True):
    """A year that the table covers; a provisional one waits for the notice of its shifted days."""

    year: Year
    provisional: bool = False


class OffRow(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Days off from the first to the last one; one day where `to` is missing."""

    from_: Day
    to: Day | None = None
    name: dict[str, str] = {}


class WorkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A day that is worked though it is a weekend."""

    day: Day
    name: dict[str, str] = {}


def shipped_holidays() -> str:
    """Return the text of the table in the package."""
    return (files("hub.config") / "holidays.toml").read_text(encoding="utf-8")


def parse_holidays(text: str, file: str) -> tuple[Calendar, tuple[Problem, ...]]:
    """Read what is good in a table, and what is wrong with the rest, with its line."""
    reader = TomlReader(text, file)
    reader.check_names(reader.tables, dict.fromkeys(("year", "off", "work")))
    years = {row.year: row.provisional for _, row in _rows(reader, "year", YearRow)}
    off = list(_rows(reader, "off", OffRow))
    worked = {day: False for place, row in off for day in _days(reader, place, row)}
    for place, row in _rows(reader, "work", WorkRow):
        if worked.get(row.day) is False:
            hint = "take it out of one of the two"
            reader.add(f"{row.day} is off and worked", "work", place, "day", hint=hint)
            continue
        worked[row.day] = True
    problems = tuple(sorted(reader.problems, key=lambda each: (each.line, each.column)))
    return Calendar(worked=worked, years=years), problems


def _rows(reader: TomlReader, name: str, type_: type[T]) -> Iterator[tuple[int, T]]:
    tables = reader.tables.get(name, [])
    if not isinstance(tables, list):
        reader.add("each row has a table of its own", name, hint=f"write [[{name}]]")
        return
    for place, table in enumerate(tables):
        row = reader.read(type_, table, name, place)
        if row is not None:
            yield place, row


def _days(reader: TomlReader, place: int, row: OffRow) -> Iterator[date]:
    length = ((row.to or row.from_) - row.from_).days + 1
    if not 1 <= length <= LONGEST:
        hint = f"'to' is the last day off, up to {LONGEST} days on"
        reader.add(f"{row.from_} to {row.to} cannot be", "off", place, "to", hint=hint)
        return
    for number in range(length):
        yield row.from_ + timedelta(days=number)
