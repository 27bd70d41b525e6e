"""The page of whoever fills in the workbook is as the workbook is."""

from __future__ import annotations

import re
from pathlib import Path

from hub.services.sheets.manual import write_columns
from hub.services.sheets.saying import SAYINGS

PAGE = (Path(__file__).parents[3] / "docs" / "onboarding.md").read_text("utf-8")
BEGIN = "<!-- columns: from hub/services/sheets/table.py; a test compares -->\n"


def test_the_table_of_columns_is_that_of_the_code() -> None:
    written = PAGE.partition(BEGIN)[2].partition("<!-- end -->")[0]
    assert written.strip() == write_columns().strip(), "paste what write_columns() returns"


def test_what_the_page_says_that_the_hub_says_is_what_it_says() -> None:
    known = " ".join(saying.zh for saying in SAYINGS.values())
    table = PAGE.partition("## 常见的麻烦")[2].partition("## ")[0]
    said = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)[2:]
    odd = [words for words in said if not any(part in known for part in words.split("、"))]
    assert odd == ["有 N 台设备不在这份表里"], "that one is the office's"
