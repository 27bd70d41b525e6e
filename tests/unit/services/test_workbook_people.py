"""The sheets of areas and people: checked like the others, written again, compared by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.model.area import AreaKind, put_grids
from hub.model.site_load import Changes, SiteLoad, pack
from hub.services.registry import check_site
from hub.services.sheets.writing import write_workbook
from tests.support.workbook import FILE, check, make_ground, make_workbook, read, whole_rows
from tests.unit.services.test_workbook import WRONG, places_of

AREAS: dict[str, tuple[Any, ...]] = {
    "id": ("", "360102001"),
    "kind": ("网络", "grids", ""),
    "places": ("gs/nowhere", "gs gs/b", ""),
    "since": ("soon", "2027-02-30"),
    "until": ("2025-12-31", "never"),
}
PEOPLE: dict[str, tuple[Any, ...]] = {
    "name": ("", "hub", "a:b", "工作人员1"),
    "role": ("grid", "门卫", ""),
    "place": ("gs/nowhere", "gs/b"),
    "phone": ("none", "1390000000x"),
}


def planted(rows: dict[str, list[list[Any]]], sheet: str, wrong: dict[str, Any]) -> list[Any]:
    """Put each wrong value into a row of its own, copied from the first; return their cells."""
    header, first = rows[sheet][0], rows[sheet][1]
    cells = []
    for column, values in wrong.items():
        for value in values:
            row = list(first)
            row[0] = f"n{len(rows[sheet])}"
            row[header.index(column)] = value
            rows[sheet].append(row)
            cells.append((sheet, f"{chr(65 + header.index(column))}{len(rows[sheet])}"))
    return cells


def test_faults_in_every_sheet_are_all_named_and_nothing_else() -> None:
    rows = whole_rows(1_000)
    cells = planted(rows, "areas", AREAS) + planted(rows, "people", PEOPLE)
    names = rows["devices"][0]
    few = [(name, value) for name, some in WRONG.items() for value in some if value]
    few = [each for each in few if isinstance(each[1], str)][: 50 - len(cells)]
    for place, (name, value) in enumerate(few):
        line = 13 + 10 * place + place % 9
        rows["devices"][line - 1][names.index(name)] = value
        cells.append(("devices", f"{chr(65 + names.index(name))}{line}"))
    proof = check(make_workbook(rows))
    assert len(cells) == 50
    assert sorted(places_of(proof.problems)) == sorted(cells)
    assert proof.sheets is None
    for problem in proof.problems:
        assert str(problem).startswith(f"{FILE} {problem.sheet}!{problem.cell}: ")
        assert problem.zh
        assert problem.hint
        assert problem.zh_hint


def test_a_building_head_needs_a_building() -> None:
    rows = whole_rows(10)
    rows["people"][-1][2] = ""
    [problem] = check(make_workbook(rows)).problems
    assert str(problem) == (
        "site.xlsx people!C9: place: a building head has no place;"
        " write the building, such as guanshan/a/b12"
    )


def test_whole_books_load_and_what_is_written_is_the_same_again() -> None:
    first = check(make_workbook(whole_rows(1_000)))
    assert not first.problems
    assert (len(first.areas.added), first.people) == (
        10,
        Changes(added=[*(f"工作人员{n}" for n in range(6)), "楼长甲", "楼长乙"]),
    )
    assert first.sheets is not None
    again = check(write_workbook(first.sheets), make_ground(first.sheets))
    assert again.problems == []
    assert again.sheets == first.sheets
    assert again.devices == again.places == again.areas == again.people == Changes()


def test_what_a_sheet_of_people_has_no_column_for_stays_and_nobody_leaves_by_it() -> None:
    first = check(make_workbook(whole_rows(10)))
    assert first.sheets is not None
    rows = {"people": [["姓名", "角色"], ["工作人员0", "保安"], ["工作人员1", "项目经理"]]}
    proof = check(make_workbook(rows), make_ground(first.sheets))
    assert proof.people == Changes(changed=["工作人员1"])
    assert "6 people are not in the sheet: they stay" in proof.notes[-1]["en"]
    assert proof.areas == Changes()
    assert proof.sheets is not None
    assert proof.sheets.areas == first.sheets.areas


@pytest.mark.parametrize(
    ("header", "sheet"),
    [
        ("编号,名称,类型,包含位置\n1,一,网格,gs\n", "areas"),
        ("姓名,角色\n李保安,保安\n", "people"),
        ("path,name\ngs,关山\n", "places"),
        ("id,address,kind,model,place\n", "devices"),
    ],
)
def test_a_csv_file_is_the_sheet_whose_column_it_has(header: str, sheet: str) -> None:
    assert list(read(header.encode(), "a.csv").sheets) == [sheet]


def test_people_are_no_part_of_what_a_load_keeps() -> None:
    sheets = check(make_workbook(whole_rows(10))).sheets
    assert sheets is not None
    assert "13900000001" in sheets.people.decode()
    load = SiteLoad(number=1, at=0.0, actor="a", file="f", before=0, count=1, packed=pack(sheets))
    assert load.sheets.people == b""
    assert load.sheets.areas == sheets.areas
    old = msgspec.structs.replace(load, packed={n: load.packed[n] for n in ("devices", "places")})
    assert old.sheets.areas.startswith(b"id,name"), "a load of before there were areas"


def test_a_place_without_a_grid_has_that_of_the_day() -> None:
    areas = (
        b"id,name,kind,places,since,until\n"
        b"G1,a,grid,gs/b1;gs/b2,,2026-06-30\n"
        b"G2,b,grid,gs/b1,2026-07-01,\n"
        b"S1,c,service,gs/b3,,\n"
    )
    places = "path,name,grid_code\ngs,关山,\ngs/b1,1栋,\ngs/b2,2栋,OWN\ngs/b3,3栋,\n".encode()
    models = load_models(shipped_models())
    devices = b"id,address,kind,model,place\n"
    site, problems = check_site(devices, places, models, {}, areas=areas)
    assert problems == ()
    assert [each.kind for each in site.areas] == [AreaKind.GRID, AreaKind.GRID, AreaKind.SERVICE]
    codes = {
        day: [each.grid_code for each in put_grids(site.places, site.areas, day).values()]
        for day in ("2026-06-30", "2026-07-01")
    }
    assert codes == {"2026-06-30": ["", "G1", "OWN", ""], "2026-07-01": ["", "G2", "OWN", ""]}
