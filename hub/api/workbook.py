"""Figures of work as a spreadsheet: a sheet a dimension, and one with every ticket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from hub.model.course import Course
from hub.model.instant import COMMUNITY_TIME
from hub.services.figures.figure import Group

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

SHARES = frozenset(
    {"on_time", "on_time_without_extension", "responded", "solved", "satisfied", "false_alarms"}
)
HOURS = frozenset({"to_take", "to_arrive", "to_repair", "mttr", "mtbf", "down"})
"""Figures that are written in hours, with two digits."""
HOUR = 3600.0
TITLES = {
    "key": "组别",
    "tickets": "工单数",
    "open": "未完工",
    "shelved": "挂账",
    "raised": "调高等级",
    "reopened": "重开",
    "late": "超时",
    "kept": "按时修好",
    "on_time": "按时率",
    "on_time_without_extension": "按时率（不计延期）",
    "responded": "响应率（按时接单）",
    "solved": "解决率",
    "satisfied": "满意率（回访）",
    "to_take": "接单用时中位数（小时）",
    "to_arrive": "到场用时中位数（小时）",
    "to_repair": "完工用时中位数（小时）",
    "mttr": "平均修复时间 MTTR（小时）",
    "false_alarms": "误报率",
    "devices": "设备数",
    "down": "停用时间（小时）",
    "mtbf": "平均无故障时间 MTBF（小时）",
}
SHEETS = {
    "all": "全部",
    "device": "按设备",
    "class": "按难度",
    "team": "按班组",
    "trade": "按工种",
    "place": "按小区",
    "model": "按型号",
    "vendor": "按厂家",
    "rule": "按规则",
}
COURSE = (
    "number",
    "state",
    "subject",
    "place",
    "class_",
    "urgency",
    "team",
    "trade",
    "opened_at",
    "taken_at",
    "arrived_at",
    "completed_at",
    "verified_at",
    "closed_at",
    "finish_by",
    "closing_code",
    "class_raises",
    "reopened",
)
COURSE_TITLES = (
    "工单号",
    "状态",
    "设备",
    "位置",
    "难度",
    "缓急",
    "班组",
    "工种",
    "开单",
    "接单",
    "到场",
    "完工",
    "核查",
    "办结",
    "时限",
    "办结代码",
    "调高次数",
    "重开次数",
)


def write_workbook(groups: Mapping[str, Sequence[Group]], courses: Iterable[Course]) -> bytes:
    """Write an XLSX file; texts are never taken for formulas or links."""
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - 2 MB, seldom used

    target = BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with Workbook(target, {**plain, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        forms = {"share": book.add_format({"num_format": "0.0%"})}
        forms["hours"] = book.add_format({"num_format": "0.00"})
        forms["head"] = book.add_format({"bold": True, "text_wrap": True})
        for dimension, found in groups.items():
            _write_groups(book.add_worksheet(SHEETS[dimension]), found, forms)
        _write_courses(book.add_worksheet("工单"), courses, forms)
    return target.getvalue()


def _write_groups(sheet: Worksheet, groups: Sequence[Group], forms: Mapping[str, Any]) -> None:
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(TITLES), 14)
    for column, title in enumerate(TITLES.values()):
        sheet.write_string(0, column, title, forms["head"])
    for row, group in enumerate(groups, start=1):
        sheet.write_string(row, 0, group.key)
        for column, name in enumerate(TITLES):
            cell = group.cells.get(name)
            if cell is not None and cell.value is not None:
                sheet.write_number(row, column, *_number(name, cell.value, forms))


def _number(name: str, value: float, forms: Mapping[str, Any]) -> tuple[Any, ...]:
    if name in SHARES:
        return value, forms["share"]
    return (value / HOUR, forms["hours"]) if name in HOURS else (value,)


def _write_courses(sheet: Worksheet, courses: Iterable[Course], forms: Mapping[str, Any]) -> None:
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(COURSE), 16)
    for column, title in enumerate(COURSE_TITLES):
        sheet.write_string(0, column, title, forms["head"])
    for row, course in enumerate(courses, start=1):
        for column, name in enumerate(COURSE):
            _write(sheet, row, column, getattr(course, name))


def _write(sheet: Worksheet, row: int, column: int, value: str | float | None) -> None:
    if isinstance(value, float):
        local = datetime.fromtimestamp(value, COMMUNITY_TIME).replace(tzinfo=None)
        sheet.write_datetime(row, column, local)
    elif value is not None:
        sheet.write(row, column, value)
