"""A joint meeting as a spreadsheet: one sheet, a row for each matter and each of its decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from hub.model.agenda import Decision, Matter, MatterKind, Meeting
from hub.model.instant import to_local_text
from hub.model.place import Place
from hub.services.reports.label_book import path_words

TITLES = (
    *("序号", "类别", "事项", "位置", "原因", "工单", "项目"),
    *("决定", "承办单位", "期限", "落实情况"),
)
WIDTHS = (6, 12, 26, 24, 36, 24, 8, 36, 18, 12, 30)
KINDS = {
    MatterKind.REPEATED: "反复发生",
    MatterKind.SHELVED: "挂账",
    MatterKind.OWNERLESS: "无人负责",
    MatterKind.UNDELIVERED: "承诺未兑现",
}


def write_agenda(meeting: Meeting, places: Mapping[str, Place]) -> bytes:
    """Write an XLSX file; texts are never taken for formulas or links."""
    target = BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with Workbook(target, plain) as book:
        sheet = book.add_worksheet("议事清单")
        head = book.add_format({"bold": True, "text_wrap": True})
        cell = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.freeze_panes(1, 0)
        for column, (title, width) in enumerate(zip(TITLES, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, title, head)
        for row, texts in enumerate(_rows(meeting, places), start=1):
            for column, text in enumerate(texts):
                sheet.write_string(row, column, text, cell)
    return target.getvalue()


def _rows(meeting: Meeting, places: Mapping[str, Place]) -> Iterator[tuple[str, ...]]:
    for number, matter in enumerate(meeting.matters, start=1):
        for decision in meeting.decided(matter.id) or (None,):
            yield (str(number), *_about(matter, places), *_decided(decision))


def _about(matter: Matter, places: Mapping[str, Place]) -> tuple[str, ...]:
    return (
        KINDS[matter.kind],
        matter.title.get("zh", ""),
        path_words(matter.place, places),
        matter.why["zh"],
        "、".join(matter.tickets),
        matter.project,
    )


def _decided(decision: Decision | None) -> tuple[str, ...]:
    if decision is None:
        return "", "", "", ""
    return decision.text, decision.body, to_local_text(decision.by)[:10], decision.result
