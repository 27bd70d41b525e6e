"""Workbooks for tests, made by code: a sound one of any size, and cells to put wrong."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xlsxwriter

from device_drivers.catalogue import load_models, shipped_models
from hub.model.site_load import Sheets
from hub.ports.site import SiteProof
from hub.services.sheets.checking import Ground, check_workbook
from hub.services.sheets.reading import Reading, read_workbook

FILE = "site.xlsx"
PLACE_HEADER = ("path", "name", "kind", "grid_code", "lat", "lon")
DEVICE_HEADER = (
    *("id", "address", "link", "kind", "model", "place", "name", "lane", "upstream", "power"),
    *("state", "number", "warranty_until", "vendor", "scope"),
)
AREA_HEADER = ("id", "name", "kind", "places", "holder", "since", "until")
PEOPLE_HEADER = ("name", "role", "place", "phone")
EMPTY = Sheets(devices=b"id,address,kind,model,place\n", places=b"path,name\n")
MODELS = load_models(shipped_models())
LINKS = {"mqtt": "mqtt", "bus-a": "modbus", "riser-1": "line"}
Rows = list[list[Any]]


def sound_rows(devices: int) -> dict[str, Rows]:
    """Return the rows of both sheets, headers first; a tenth of the devices are meters."""
    count = max(devices // 10, 1)
    places: Rows = [list(PLACE_HEADER), ["gs", "关山", "community", "360102", "", ""]]
    places += [[f"gs/b{n}", f"{n}栋", "building", "", "28.67", "115.89"] for n in range(1, count)]
    rows: Rows = [list(DEVICE_HEADER)]
    for n in range(devices):
        place = f"gs/b{n % (count - 1) + 1}" if count > 1 else "gs"
        carried = ["sw-0", "", "在用"] if n else ["", "", "in_service"]
        card = [f"00{n}", "2027-05-01", "某某科技"]
        if n == 0:
            row = ["sw-0", "SW0", "", "switch", "ld-switch", place, "交换机"]
        elif n % 10:
            row = [f"gate-{n}", f"G{n}", "mqtt", "道闸", "ld-barrier-gate", place, f"{n}号道闸"]
        else:
            meter = ["electricity_meter", "dlt645-2007", place, f"{n}号电表"]
            row = [f"meter-{n}", f"{n:012}", "riser-1", *meter]
        rows.append([*row, "", *carried, *card, "" if n % 10 or not n else "住户"])
    return {"places": places, "devices": rows}


def whole_rows(devices: int) -> dict[str, Rows]:
    """Return the rows of all four sheets: also ten grids and eight people."""
    rows = sound_rows(devices)
    paths = [row[0] for row in rows["places"][2:]]
    rows["areas"] = [list(AREA_HEADER)]
    for n in range(10):
        until = "2027-12-31" if n % 2 else ""
        part = " ".join(paths[n::10]) or "gs"
        rows["areas"].append(
            [f"36010200{n}", f"网格{n}", "网格", part, "王五", "2026-01-01", until]
        )
    rows["people"] = [list(PEOPLE_HEADER)]
    for n, role in enumerate(("保安", "维修班", "项目经理", "grid_worker", "部门", "管理员")):
        word = "职能部门" if role == "部门" else role
        rows["people"].append([f"工作人员{n}", word, "gs" if n % 2 else "", f"1390000000{n}"])
    rows["people"].append(["楼长甲", "楼长", paths[0] if paths else "gs", ""])
    rows["people"].append(["楼长乙", "building_head", "gs", "027-81234567"])
    return rows


def make_workbook(
    sheets: Mapping[str, Sequence[Sequence[Any]]],
    touch: Callable[[Any], None] = lambda _book: None,
) -> bytes:
    """Write an XLSX file; `touch` may add to it before it is closed."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
        touch(book)
    return target.getvalue()


def make_ground(sheets: Sheets = EMPTY) -> Ground:
    """Return what a workbook is compared with: an empty site, unless another one is named."""
    return Ground(sheets=sheets, models=MODELS, known={}, links=LINKS)


def check(data: bytes, ground: Ground | None = None, file: str = FILE) -> SiteProof:
    """Read and check a file."""
    return check_workbook(read(data, file), file, ground or make_ground())


def read(data: bytes, file: str = FILE) -> Reading:
    """Read a file in this process."""
    return read_workbook(data, file)
