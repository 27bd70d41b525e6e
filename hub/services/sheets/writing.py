"""Writes a site's sheets as a workbook that can be loaded again: texts only, no formulas."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from hub.model.site_load import Sheets
from hub.services.sheets.column import Column, Form
from hub.services.sheets.fault import Faults
from hub.services.sheets.row import Row, read_rows
from hub.services.sheets.table import SHEETS, core_names

if TYPE_CHECKING:
    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
EMPTY_ROWS = 1_000
"""Rows behind the last one that are formatted as text, so that no number loses its zeros."""
TEMPLATE = 2
"""With fewer rows a sheet is a form to fill in, and has every column that there is."""
WIDTHS = {"path": 24, "place": 24, "name": 20, "model": 18}


def write_workbook(sheets: Sheets) -> bytes:
    """Return an XLSX file with the sheets; a header's comment says what its column means.

    Without the people there is no sheet of them.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - 2 MB, seldom used

    target = BytesIO()
    with Workbook(target, PLAIN) as book:
        head = book.add_format({"bold": True, "num_format": "@"})
        text = book.add_format({"num_format": "@"})
        for name in SHEETS:
            source = getattr(sheets, name)
            if not source:
                continue
            rows = read_rows(source, (), Faults(name))
            _write_sheet(book.add_worksheet(name), name, rows, (head, text))
    return target.getvalue()


def _write_sheet(
    sheet: Worksheet, name: str, rows: list[Row], forms: tuple[Format, Format]
) -> None:
    head, text = forms
    known = {column.name: column for column in SHEETS[name]}
    further = dict.fromkeys(column for row in rows for column in row.cells)
    first = known if len(rows) < TEMPLATE else core_names(name)
    header = list(dict.fromkeys((*first, *further)))
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(header):
        sheet.set_column(place, place, WIDTHS.get(column, 14), text)
        sheet.write_string(0, place, column, head)
        if column in known:
            _explain(sheet, place, known[column], last=len(rows) + EMPTY_ROWS)
    for line, row in enumerate(rows, start=1):
        for place, column in enumerate(header):
            if cell := row.cells.get(column):
                sheet.write_string(line, place, cell, text)


def _explain(sheet: Worksheet, place: int, column: Column, *, last: int) -> None:
    sheet.write_comment(0, place, f"{column.zh_title}：{column.zh}\n{column.en}")
    if column.form is Form.CHOICE:
        sheet.data_validation(
            *(1, place, last, place),
            {"validate": "list", "source": list(column.choices), "error_type": "warning"},
        )
