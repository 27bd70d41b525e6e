"""Labels on sheets of A4: each where a knife cuts, its address in the code, its words in clear."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
import segno

from hub.model.whistle import Target
from hub.ports.whistle import Label
from hub.services.reports.label_sheet import fold, label_sheets

URL = "https://bell.example.cn"
SVG = "{http://www.w3.org/2000/svg}"


def label(number: int = 1, name: str = "西门道闸") -> Label:
    target = Target(name=name, place="g/a", where="甲小区")
    return Label(code=f"{number:012d}", target=target)


def words(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def test_a_sheet_is_a4_with_three_by_eight() -> None:
    sheets = label_sheets([label(n) for n in range(25)], URL, "关山社区")
    first, second = map(ET.fromstring, sheets)
    assert (first.get("width"), first.get("height")) == ("210mm", "297mm")
    places = [each.get("transform") for each in first.iter(f"{SVG}g")]
    assert len(places) == 24
    assert places[0] == "translate(0 0)"
    assert places[-1] == "translate(140 259.875)"
    assert len(list(second.iter(f"{SVG}g"))) == 1
    assert label_sheets([], URL, "关山社区") == []


def test_name_place_and_code_stand_in_clear() -> None:
    (sheet,) = label_sheets([label(482109376521)], URL, "关山社区")
    said = words(ET.fromstring(sheet))
    assert said == ["西门道闸", "甲小区", "4821 0937 6521", "扫码报修 Scan to report", "关山社区"]


def test_the_code_is_the_address_at_level_q() -> None:
    (sheet,) = label_sheets([label(482109376521)], URL, "关山社区")
    path = ET.fromstring(sheet).find(f".//{SVG}path")
    assert path is not None
    drawn = {
        (int(x) + step, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)", path.get("d") or "")
        for step in range(int(length))
    }
    wanted = segno.make_qr(f"{URL}/w/482109376521", error="q")
    assert wanted.designator == "4-Q"
    rows = wanted.matrix_iter(border=4)
    dark = {(x, y) for y, row in enumerate(rows) for x, bit in enumerate(row) if bit}
    assert drawn == dark


def test_what_people_have_written_into_names_stays_words() -> None:
    (sheet,) = label_sheets([label(name='<script>"&\x1b')], URL, "<b>")
    assert "<script>" not in sheet
    assert words(ET.fromstring(sheet))[0].startswith("<script>")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("西门道闸", ["西门道闸"]),
        ("甲小区一号楼东侧单元门", ["甲小区一号", "楼东侧单元", "门"]),
        ("甲小区一号楼东侧单元门禁控制器主机", ["甲小区一号", "楼东侧单元", "门禁控制…"]),
        ("gate-1 west", ["gate-1 w", "est"]),
        ("", []),
    ],
)
def test_long_names_are_folded_and_cut(text: str, lines: list[str]) -> None:
    assert fold(text, 5, 3) == lines
