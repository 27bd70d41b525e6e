"""A site's workbook: every fault named by sheet, row and column, in both languages, at once."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from hub.errors import Problem
from hub.model.device import Kind, Lifecycle
from hub.model.site_load import Changes
from hub.services.sheets.column import KINDS, STATES
from hub.services.sheets.package import LARGEST
from hub.services.sheets.table import DEVICES
from hub.services.sheets.writing import write_workbook
from tests.support.workbook import (
    EMPTY,
    FILE,
    check,
    make_ground,
    make_workbook,
    read,
    sound_rows,
)

COLUMN = {
    name: letter
    for letter, name in zip("ABCDEFGHIJKLMNO", sound_rows(1)["devices"][0], strict=True)
}
WRONG: dict[str, tuple[Any, ...]] = {
    "id": ("gate 5", "", "闸:1", "gate-1", "x" * 65),
    "address": ("G 5", "地址", "G#", "", "x" * 65),
    "link": ("mqqt", "bus-b", "riser-2", "modbus"),
    "kind": ("barrier gate", "道闸机", "", "gate-way", "gates"),
    "model": ("ld-barier-gate", "", "ld-camera", "unknown", "LD"),
    "place": ("gs/b999", "", "gs/", "关山", "gs/b 3"),
    "upstream": ("sw-1", "nobody", "sw0", "交换机"),
    "power": ("ups-1", "ups", "sw-00"),
    "state": ("inservice", "坏了", "on", "new"),
    "warranty_until": ("soon", "2027-02-30", 46000, dt.time(8, 30)),
    "scope": ("private", "所有人", "x"),
    "name": ("x" * 501, dt.date(2026, 3, 1), 10**15 + 1),
}
"""Values that a column of devices must refuse: 50 of them, of sixteen kinds of fault."""


def places_of(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(each.sheet, each.cell) for each in problems]


@cache
def planted() -> tuple[bytes, list[tuple[str, str]]]:
    """Return a workbook of 1,000 devices with a wrong value in each of 50 rows, and which."""
    rows = sound_rows(1_000)
    values = [(name, value) for name, some in WRONG.items() for value in some]
    cells = []
    dates = []
    for place, (name, value) in enumerate(values):
        line = 13 + 10 * place + place % 9  # a gate's row, never a meter's
        column = list(COLUMN).index(name)
        if isinstance(value, dt.date | dt.time):
            dates.append((line - 1, column, value))
        rows["devices"][line - 1][column] = "" if dates and dates[-1][0] == line - 1 else value
        cells.append(("devices", f"{COLUMN[name]}{line}"))

    def touch(book: Workbook) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for line, column, value in dates:
            book.get_worksheet_by_name("devices").write_datetime(line, column, value, day)

    return make_workbook(rows, touch), cells


def test_fifty_planted_faults_are_all_named_and_nothing_else() -> None:
    data, cells = planted()
    proof = check(data)
    assert len(cells) == 50
    assert sorted(places_of(proof.problems)) == sorted(cells)
    assert proof.sheets is None


def test_each_fault_says_where_what_and_what_next_in_both_languages() -> None:
    problems = check(planted()[0]).problems
    for problem in problems:
        assert str(problem).startswith(f"{FILE} devices!{problem.cell}: ")
        letters = problem.cell.rstrip("0123456789")
        where = f"{FILE} 工作表 devices 第 {problem.line} 行 {letters} 列："
        assert problem.chinese.startswith(where)
        assert problem.hint
        assert problem.zh_hint
    near = next(each for each in problems if "gs/b999" in each.message)
    assert (near.hint, near.zh_hint) == ("did you mean 'gs/b99'?", "是不是“gs/b99”？")


def test_a_sound_workbook_loads_and_what_is_written_is_the_same_again() -> None:
    first = check(make_workbook(sound_rows(1_000)))
    assert not first.problems
    assert (len(first.devices.added), len(first.places.added), first.count) == (1000, 100, 1000)
    assert first.sheets is not None
    again = check(write_workbook(first.sheets), make_ground(first.sheets))
    assert again.sheets == first.sheets
    assert again.problems == []
    assert again.devices == again.places == Changes()


def test_what_is_written_has_the_cells_that_were_read() -> None:
    rows = sound_rows(40)
    proof = check(make_workbook(rows))
    assert proof.sheets is not None
    found = read(write_workbook(proof.sheets)).sheets
    assert found.pop("areas").rows == []
    for name, sheet in found.items():
        by_name = [dict(zip(sheet.header, cells, strict=False)) for _, cells in sheet.rows]
        header = rows[name][0]
        wanted = [dict(zip(header, map(_canonical, row), strict=True)) for row in rows[name][1:]]
        assert [{key: row.get(key, "") for key in header} for row in by_name] == wanted


def _canonical(word: str) -> str:
    return {"道闸": "barrier_gate", "在用": "in_service", "住户": "household"}.get(word, word)


def test_what_would_change_is_told_by_name() -> None:
    rows = sound_rows(30)
    first = check(make_workbook(rows))
    assert first.sheets is not None
    rows["devices"][5][6] = "另一个名字"
    del rows["devices"][8]
    rows["devices"].append(["gate-new", "NEW", "", "道闸", "ld-barrier-gate", "gs"])
    second = check(make_workbook(rows), make_ground(first.sheets))
    assert second.devices.added == ["gate-new"]
    assert second.devices.changed == ["gate-4"]
    assert second.devices.removed == ["gate-7"]


def test_headers_may_be_chinese_and_cells_in_full_width() -> None:
    rows = {
        "位置": [["路径", "名称"], ["gs", "关山"]],
        "设备": [
            ["编号", "地址 address", "KIND", "型号", "位置", "备注"],
            ["ｇａｔｅ－１　", " Ｇ１ ", "道闸", "ld-barrier-gate", "gs", "　靠墙　 左 "],
        ],
    }
    proof = check(make_workbook(rows))
    assert not proof.problems
    assert proof.sheets is not None
    assert (
        "gate-1,G1,,barrier_gate,ld-barrier-gate,gs,,,,,,靠墙 左\n" in proof.sheets.devices.decode()
    )
    assert proof.notes[0]["en"] == (
        "sheet 设备: 2 cells with full-width letters or needless spaces were put right"
    )


def test_numbers_days_and_truths_become_the_text_that_people_see() -> None:
    rows = sound_rows(3)
    rows["devices"][2][1] = 17
    rows["devices"][2][12] = "2027年5月1日"
    rows["devices"][0].append("lift")
    rows["devices"][2] += [True]
    rows["devices"] += [["", "", "  "], []]
    text = _devices(make_workbook(rows))
    assert "gate-1,17,mqtt" in text
    assert "2027-05-01" in text
    assert "2027年" not in text
    assert text.splitlines()[2].endswith(",yes")
    assert len(text.splitlines()) == 4


def _devices(data: bytes) -> str:
    proof = check(data)
    assert not proof.problems, [str(each) for each in proof.problems]
    assert proof.sheets is not None
    return proof.sheets.devices.decode()


def test_one_sheet_alone_leaves_the_other_as_it_is() -> None:
    first = check(make_workbook(sound_rows(20)))
    assert first.sheets is not None
    only = {"devices": sound_rows(20)["devices"][:11]}
    proof = check(make_workbook(only), make_ground(first.sheets))
    assert not proof.problems
    assert proof.sheets is not None
    assert proof.sheets.places == first.sheets.places
    assert proof.notes == [
        {
            "zh": "没有工作表 places：现有的保持不变",
            "en": "there is no sheet places: what there is stays",
        }
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_sheet_may_come_as_csv(encoding: str) -> None:
    places = "路径,名称\ngs,关山\ngs/a,一期\n".encode(encoding)
    proof = check(places, file="places.csv")
    assert not proof.problems
    assert proof.places.added == ["gs", "gs/a"]
    [problem] = check("path,name\ngs/a,一期\n".encode(encoding), file="places.csv").problems
    assert str(problem).startswith("places.csv:2:1: path: no place above it: 'gs'")


def header_twice() -> bytes:
    rows = sound_rows(3)
    rows["devices"][0][7] = "编号"
    return make_workbook(rows)


def header_lacking() -> bytes:
    rows = sound_rows(3)
    rows["devices"][0][1] = "adress"
    return make_workbook(rows)


def headless() -> bytes:
    rows = sound_rows(3)
    rows["devices"][2].append("什么")
    return make_workbook(rows)


def formulas() -> bytes:
    def touch(book: Workbook) -> None:
        sheet = book.get_worksheet_by_name("devices")
        sheet.write_formula(1, 6, '="A"&"B"', None, "AB")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")

    return make_workbook(sound_rows(3), touch)


def merged() -> bytes:
    def touch(book: Workbook) -> None:
        book.get_worksheet_by_name("devices").merge_range(1, 13, 2, 13, "某某")

    return make_workbook(sound_rows(3), touch)


def hidden() -> bytes:
    return make_workbook(sound_rows(3), lambda book: book.get_worksheet_by_name("devices").hide())


def renamed(name: str) -> bytes:
    rows = sound_rows(3)
    return make_workbook({"places": rows["places"], name: rows["devices"]})


def with_more(name: str) -> bytes:
    return make_workbook({**sound_rows(3), name: [["name"], ["li"]]})


def repacked(change: Callable[[zipfile.ZipFile], None], skip: str = "") -> bytes:
    target = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(make_workbook(sound_rows(3))))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name in source.namelist():
            if name != skip:
                package.writestr(name, source.read(name))
        change(package)
    return target.getvalue()


def bomb() -> bytes:
    def add(package: zipfile.ZipFile) -> None:
        with package.open("xl/worksheets/big.xml", "w") as part:
            for _ in range(LARGEST // 2**20 + 1):
                part.write(b" " * 2**20)

    return repacked(add)


def macros() -> bytes:
    return repacked(lambda package: package.writestr("xl/vbaProject.bin", b"x"))


def entities() -> bytes:
    text = b'<!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>'
    return repacked(lambda package: package.writestr("xl/workbook.xml", text), "xl/workbook.xml")


def far() -> bytes:
    return make_workbook(
        sound_rows(3), lambda book: book.get_worksheet_by_name("devices").write(900_000, 3, "x")
    )


HOSTILE: dict[str, tuple[bytes, str]] = {
    "a header twice": (header_twice(), "devices!A1: id: the column stands twice; remove one"),
    "a header lacking": (header_lacking(), "devices!1: the column 'address' is missing; is it"),
    "no header": (headless(), "devices!P3: the column has contents and no name in the first row"),
    "formula": (formulas(), "devices!G2: the cell is a formula, and formulas are not computed"),
    "merged": (merged(), "devices!N2: cells are merged from here on (N2:N3); unmerge"),
    "hidden": (hidden(), "devices: the sheet is hidden; unhide it"),
    "misspelt": (renamed("device"), "device: this sheet is not known; is it 'devices'?"),
    "people": (with_more("people"), "people!1: the column 'role' is missing; add it"),
    "two": (with_more("设备"), "设备: it is the same as the sheet devices; make one of them"),
    "none": (
        make_workbook({"Sheet1": [["a"]]}),
        ": there is no sheet called places, areas, devices",
    ),
    "bomb": (bomb(), ": the file is too large once it is unpacked, and was not read; 64 MB"),
    "macros": (macros(), ": the file carries macros, and such files are not taken; save it"),
    "entities": (entities(), ": the file cannot be opened as a spreadsheet"),
    "far": (far(), ": there is something in the cell D900001, far away from the table; 20000"),
    "cut": (make_workbook(sound_rows(3))[:900], ": the file cannot be opened as a spreadsheet"),
    "zip": (b"PK\x03\x04" + b"x" * 99, ": the file cannot be opened as a spreadsheet"),
    "old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 999, ": the file cannot be opened"),
    "empty": (b"", ": the file cannot be opened as a spreadsheet"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), ": the file cannot be opened as a spreadsheet"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_spoilt_file_gets_a_clear_answer(name: str) -> None:
    data, said = HOSTILE[name]
    proof = check(data)
    first = str(proof.problems[0])
    assert said in first, [str(each) for each in proof.problems]
    assert first.startswith(FILE)
    assert proof.problems[0].zh
    assert proof.sheets is None


def test_a_formula_and_its_error_are_told_once_a_cell() -> None:
    cells = places_of(check(formulas()).problems)
    assert cells == [("devices", "G2"), ("devices", "B3")]


def test_a_sheet_that_the_hub_has_no_use_for_is_named_and_not_read() -> None:
    proof = check(with_more("说明"))
    assert not proof.problems
    assert proof.notes == [
        {
            "zh": "工作表 说明 没有读：系统不用它",
            "en": "sheet 说明 was not read: the hub has no use for it",
        }
    ]


def test_the_words_of_the_sheets_are_the_hubs_words() -> None:
    assert list(KINDS) == [kind.value for kind in Kind]
    assert list(STATES) == [state.value for state in Lifecycle]


def test_an_empty_site_is_written_as_a_form_with_every_column() -> None:
    found = read(write_workbook(EMPTY)).sheets
    assert found["devices"].header == [column.name for column in DEVICES]
    assert found["devices"].rows == []
