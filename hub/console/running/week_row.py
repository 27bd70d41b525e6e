"""Rows of the manager's week: names and figures that lead to what is behind them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from hub.console.frame.page import Visit
from hub.console.frame.span import span
from hub.console.running.figure_page import group_name
from hub.services.figures.figure import Cell, Group
from hub.services.figures.week import WEEK, cell_of


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it is read; `rows` is the page of its tickets, empty where there are none."""

    text: str
    rows: str = ""


class WeekRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a table: its name, its figures, and a bar where it has one; `page` is its own."""

    name: str
    numbers: tuple[Number, ...]
    bar: str = ""
    page: str = ""


def make_rows(
    visit: Visit, groups: Sequence[Group], by: str, week: str, columns: Sequence[str]
) -> tuple[WeekRow, ...]:
    """Write groups as rows; `columns` are the figures."""
    return tuple(make_row(visit, group, by, week, columns) for group in groups)


def make_row(visit: Visit, group: Group, by: str, week: str, columns: Sequence[str]) -> WeekRow:
    """Write a group as a row that leads to its device, and each figure to its tickets."""
    asked = {"by": by, "key": group.key, "days": WEEK, "week": week}
    device = by == "device" and visit.ports.live.device(group.key) is not None
    return WeekRow(
        name=group_name(by, group.key, visit),
        numbers=tuple(make_number(visit, each, cell_of(group, each), asked) for each in columns),
        page=f"/devices/{group.key}" if device else "",
    )


def make_number(visit: Visit, figure: str, cell: Cell, asked: dict[str, object]) -> Number:
    """Write a figure; `asked` is how its page of tickets is asked for."""
    rows = f"/figures/tickets?{urlencode({**asked, 'figure': figure})}" if cell.numbers else ""
    return Number(text=figure_text(visit, figure, cell.value), rows=rows)


def figure_text(visit: Visit, figure: str, value: float | None) -> str:
    """Write a figure as people read it."""
    if value is None:
        return "–"
    if figure == "down":
        return span(value, visit.words) if value else "–"
    return f"{value:.0%}" if figure in {"on_time", "responded", "false_alarms"} else f"{value:.0f}"
