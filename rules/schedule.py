"""Reads schedules: `[schedule.peak]` with `days = ["mon", …]` and `times = ["07:00-09:00"]`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hub.errors import Problem
from rules.language.moment import parse_clock
from rules.language.syntax import nearest
from rules.rule import Span
from rules.source import Block

ALL_DAY = "00:00-24:00"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_schedules(
    file: str,
    tables: object,
    blocks: list[Block],
    problems: list[Problem],
) -> dict[str, tuple[Span, ...]]:
    """Return the file's schedules by name; faults are added to `problems`."""
    lines = {block.header: block.line for block in blocks}
    found: dict[str, tuple[Span, ...]] = {}
    for name, table in tables.items() if isinstance(tables, dict) else ():
        try:
            found[name] = _read_schedule(table)
        except ValueError as error:
            line = lines.get(f"schedule.{name}", 1)
            message = f"schedule {name!r}: {error} / 时间表 {name!r} 写法有误"
            problems.append(Problem(file=file, line=line, column=1, message=message))
    return found


def write_schedule(name: str, days: Sequence[str], times: Sequence[str]) -> str:
    """Write a schedule as a table of a rule file; `read_schedules` tells what is wrong in it."""
    lists = (json.dumps(list(each), ensure_ascii=False) for each in (days, times))
    return "[schedule.{}]\ndays = {}\ntimes = {}\n".format(name, *lists)


def _read_schedule(table: Any) -> tuple[Span, ...]:  # noqa: ANN401
    if not isinstance(table, dict) or not set(table) <= {"days", "times"}:
        raise ValueError("it takes days and times")
    days = frozenset(_read_day(day) for day in table.get("days", DAYS))
    times = table.get("times", [ALL_DAY])
    if not days or not isinstance(times, list) or not times:
        raise ValueError("it is never on")
    return tuple(_read_span(str(text), days) for text in times)


def _read_day(day: Any) -> int:  # noqa: ANN401
    if day not in DAYS:
        raise ValueError(f"{day!r} is no day {nearest(str(day), DAYS)}".strip())
    return DAYS.index(day)


def _read_span(text: str, days: frozenset[int]) -> Span:
    start, _, end = text.partition("-")
    return Span(days=days, start=parse_clock(start.strip()), end=parse_clock(end.strip()))
