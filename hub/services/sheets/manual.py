"""Writes the table of columns for the page of whoever fills in the workbook."""

from __future__ import annotations

from collections.abc import Iterator

from hub.services.sheets.column import Column
from hub.services.sheets.table import SHEETS

TITLES = {
    "places": "位置 places",
    "areas": "片区 areas",
    "devices": "设备 devices",
    "people": "人员 people",
}


def write_columns() -> str:
    """Return a Markdown table for each sheet: column, meaning in both languages, example."""
    return "\n".join(line for name in SHEETS for line in _write_sheet(name))


def _write_sheet(name: str) -> Iterator[str]:
    yield f"### 工作表 {TITLES[name]}"
    yield ""
    yield "| 列 | 必填 | 填什么 | what belongs there | 例 |"
    yield "|---|---|---|---|---|"
    for column in SHEETS[name]:
        must = "必填" if column.required else ""
        words = f"{column.zh_title} `{column.name}` | {must} | {_meaning(column)}"
        yield f"| {words} | {column.en} | {column.example} |"
    yield ""


def _meaning(column: Column) -> str:
    if not column.choices:
        return column.zh
    return f"{column.zh}。可以写：{'、'.join(column.choices.values())}"
