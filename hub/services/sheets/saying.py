"""What can be wrong with a sheet, in both languages, each with the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Saying(NamedTuple):
    """A fault's sentence and its next step; words in braces are put in when it is found."""

    zh: str
    en: str
    zh_next: str = ""
    en_next: str = ""

    def fill(self, words: Mapping[str, object]) -> Saying:
        """Return it with the words put in."""
        return Saying(*(text.format_map(words) for text in self))


SAYINGS: dict[str, Saying] = {
    "cut_digits": Saying(
        "这个数字超过 15 位，表格软件已经把后面几位改成了 0",
        "the number has over 15 digits, and the spreadsheet has made the last ones zero",
        "把这一列设为“文本”格式，再重新输入",
        "format the column as text, then type it again",
    ),
    "cycle": Saying(
        "供给关系绕成了一圈：{chain}",
        "the chain comes back to itself: {chain}",
        "把其中一台改挂到别处",
        "one of them must hang elsewhere",
    ),
    "date": Saying(
        "“{word}”不是日期",
        "'{word}' is no day",
        "写成 2026-11-30 这样",
        "write it like 2026-11-30",
    ),
    "digits": Saying(
        "“{word}”不是表号",
        "'{word}' is no number of a meter",
        "照表面上的号码写：电表 12 位，水表 14 位，前面的 0 也要写；这一列设为“文本”格式",
        "as on its face: 12 digits for electricity, 14 for water; format the column as text",
    ),
    "empty": Saying("这里是空的", "it is empty", "填上{about_zh}", "fill it in: {about_en}"),
    "ends_first": Saying(
        "“{word}”在起始日期 {since} 之前",
        "'{word}' is before its first day, {since}",
        "改其中一个日期",
        "change one of the two days",
    ),
    "error_value": Saying(
        "这一格是错误值（如 #N/A）",
        "the cell holds an error such as #N/A",
        "改正公式，再“粘贴为数值”",
        "put the formula right, then paste it as a value",
    ),
    "formula": Saying(
        "这一格是公式，系统不算公式",
        "the cell is a formula, and formulas are not computed here",
        "选中这一列，复制，再“粘贴为数值”",
        "select the column, copy it, and paste it as values",
    ),
    "headless": Saying(
        "这一列有内容，但第一行没有列名",
        "the column has contents and no name in the first row",
        "在第一行写上列名，或删掉这一列",
        "name it in the first row, or remove it",
    ),
    "header_unread": Saying(
        "第一行读不出来（{error}）",
        "the header cannot be read ({error})",
        "检查引号",
        "check its quotes",
    ),
    "long": Saying(
        "内容有 {length} 个字，最多 {most} 个",
        "it has {length} characters, {most} at most",
        "写短一些",
        "shorten it",
    ),
    "long_row": Saying(
        "这一行有 {cells} 格，第一行只有 {header} 格",
        "the row has {cells} cells, the header {header}",
        "含逗号的文字要加引号",
        "put a text with a comma into quotes",
    ),
    "made_date": Saying(
        "表格软件把这一格变成了日期（{word}）",
        "the spreadsheet has made a date of it ({word})",
        "把这一列设为“文本”格式，再重新输入",
        "format the column as text, then type it again",
    ),
    "merged": Saying(
        "从这一格起有合并单元格（{cells}）",
        "cells are merged from here on ({cells})",
        "取消合并，每一行都填上",
        "unmerge them, and fill in every row",
    ),
    "model_kind": Saying(
        "“{word}”是 {kind} 的型号，不是 {other} 的",
        "'{word}' is a model of a {kind}, not of a {other}",
        "改类别或改型号",
        "change the kind or the model",
    ),
    "no_building": Saying(
        "楼长没有位置",
        "a building head has no place",
        "填上他负责的楼，如 guanshan/a/b12",
        "write the building, such as guanshan/a/b12",
    ),
    "no_column": Saying(
        "缺少列“{name}”", "the column '{name}' is missing", "{zh_hint}", "{en_hint}"
    ),
    "not_between": Saying(
        "“{word}”不在 {low} 到 {high} 之间",
        "'{word}' is not between {low} and {high}",
        "改成这个范围里的数",
        "write a number in that range",
    ),
    "not_path": Saying(
        "“{word}”不是位置路径",
        "'{word}' is no path",
        "写成 guanshan/a/b12 这样",
        "write it like guanshan/a/b12",
    ),
    "not_text": Saying(
        "这个文件既不是 UTF-8 也不是 GB18030 文本",
        "it is neither UTF-8 nor GB18030 text; save it as CSV UTF-8",
        "另存为 CSV UTF-8",
    ),
    "not_number": Saying(
        "“{word}”不是数", "'{word}' is no number", "写成 28.6721 这样", "write it like 28.6721"
    ),
    "old_name": Saying(
        "“{word}”和第 {other} 行的“{id}”是同一台设备，它改过编号",
        "'{word}' is the same device as '{id}' in row {other}: it was renamed",
        "新设备换一个编号",
        "give a new device another id",
    ),
    "renamed": Saying(
        "地址“{address}”现在是设备“{before}”的；改编号要一步一步来，免得断了历史",
        "the address '{address}' is that of '{before}' now; a new id would cut its history",
        "这里写回“{before}”；要改编号，导入后用 lingdang device rename {before} {word}",
        "write '{before}' here; to rename it: lingdang device rename {before} {word}",
    ),
    "path_twice": Saying("“{word}”写了两次", "'{word}' stands twice", "删掉一行", "remove one"),
    "row_unread": Saying(
        "这一行读不出来（{error}）",
        "the row cannot be read ({error})",
        "检查引号",
        "check its quotes",
    ),
    "taken": Saying(
        "“{word}”在第 {other} 行已经用过",
        "'{word}' stands in row {other} already",
        "每个只能用一次",
        "each must be used once",
    ),
    "twice": Saying("这一列有两个", "the column stands twice", "删掉一个", "remove one"),
    "unknown": Saying("没有{what_zh}“{word}”", "no {what} '{word}'", "{zh_hint}", "{en_hint}"),
    "unusable": Saying("“{word}”不能用", "'{word}' cannot be used", "{zh_hint}", "{en_hint}"),
}
"""Code → sentence, of what is wrong in a row or cell."""

WHOLE: dict[str, Saying] = {
    "broken": Saying(
        "这个表格文件打不开",
        "the file cannot be opened as a spreadsheet",
        "用表格软件打开，另存为 .xlsx 再试",
        "open it in a spreadsheet program, save it as .xlsx, and try again",
    ),
    "encrypted": Saying(
        "文件加了密码",
        "the file is protected by a password",
        "去掉打开密码，另存一份",
        "save a copy without the password",
    ),
    "far": Saying(
        "{cell} 这一格有内容，离表太远",
        "there is something in the cell {cell}, far away from the table",
        "最多 {rows} 行、{columns} 列；删掉它，或把需要的行复制到新文件",
        "{rows} rows and {columns} columns at most; remove it, or copy the rows to a new file",
    ),
    "hidden": Saying(
        "这个工作表是隐藏的",
        "the sheet is hidden",
        "取消隐藏，看过再导入；不需要就删掉",
        "unhide it and look at it, or remove it",
    ),
    "large": Saying(
        "文件展开后太大，没有读",
        "the file is too large once it is unpacked, and was not read",
        "最多 {megabytes} MB；只留需要的工作表，另存为新文件",
        "{megabytes} MB at most; keep only the sheets that are needed, in a new file",
    ),
    "macros": Saying(
        "文件里有宏，系统不收带宏的文件",
        "the file carries macros, and such files are not taken",
        "另存为 .xlsx（不带宏）",
        "save it as .xlsx, without macros",
    ),
    "no_sheet": Saying(
        "没有名为 places（位置）、areas（片区）、devices（设备）或 people（人员）的工作表",
        "there is no sheet called places, areas, devices or people",
        "把工作表改成这些名字之一；里面有：{names}",
        "name the sheets so; there are: {names}",
    ),
    "sheet_near": Saying(
        "不认识这个工作表",
        "this sheet is not known",
        "是不是“{guess}”？改名；不需要就删掉",
        "is it '{guess}'? rename it, or remove it",
    ),
    "sheet_twice": Saying(
        "和工作表 {other} 是同一种",
        "it is the same as the sheet {other}",
        "合成一个",
        "make one of them",
    ),
}
"""Code → sentence, of what is wrong with a workbook or a sheet as a whole."""
SAYINGS |= WHOLE

NOTES: dict[str, Saying] = {
    "people_kept": Saying(
        "{count} 个人不在工作表里：他们保持不变（停用：lingdang user disable）",
        "{count} people are not in the sheet: they stay (lingdang user disable shuts out)",
    ),
    "old_formulas": Saying(
        "旧格式 .xls 里的公式按最后一次算出的值读入",
        "formulas of the old format .xls count by what they gave last",
    ),
    "put_right": Saying(
        "工作表 {sheet}：{count} 格里有全角字符或多余空格，已按半角读入",
        "sheet {sheet}: {count} cells with full-width letters or needless spaces were put right",
    ),
    "sheet_ignored": Saying(
        "工作表 {sheet} 没有读：系统不用它", "sheet {sheet} was not read: the hub has no use for it"
    ),
    "sheet_kept": Saying(
        "没有工作表 {sheet}：现有的保持不变", "there is no sheet {sheet}: what there is stays"
    ),
}
"""Code → sentence, of what is no fault and should be known."""
