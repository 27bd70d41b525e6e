"""The books of the site: places and devices from two sheets, checked as a whole, every fault named.

`hub/services/sheets/table.py` has their columns; further columns of either are attributes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from hub.errors import Problem
from hub.model.area import Area
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from hub.model.place import Place
from hub.services.sheets.area_rows import read_areas
from hub.services.sheets.checking_rows import check_filled
from hub.services.sheets.column import KINDS, STATES
from hub.services.sheets.fault import Faults, Words
from hub.services.sheets.row import Row, read_attributes, read_rows
from hub.services.sheets.table import DEVICES, core_names, required_names
from hub.services.tree import find_cycles

PLACE_COLUMNS, DEVICE_COLUMNS = core_names("places"), core_names("devices")

_ID = re.compile(r"[^\s/?#%,:]{1,64}")
_ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATH = re.compile(r"[^\s/?#%,]+(/[^\s/?#%,]+)*")


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """The devices in the order of their sheet, and the places by path."""

    devices: tuple[Device, ...]
    places: dict[str, Place]
    areas: tuple[Area, ...] = ()


def check_site(
    devices: str | bytes,
    places: str | bytes,
    models: Mapping[str, DeviceModel],
    known: Mapping[str, DeviceUid],
    *,
    areas: bytes = b"",
    devices_file: str = "devices.csv",
    places_file: str = "places.csv",
    areas_file: str = "areas",
) -> tuple[Site, tuple[Problem, ...]]:
    """Read the sheets; the site holds what is good, the problems say what is not."""
    place_faults, device_faults = Faults(places_file), Faults(devices_file)
    area_faults = Faults(areas_file)
    site = make_site(
        _book("places", places, place_faults),
        _book("devices", devices, device_faults),
        models,
        known,
        areas=_book("areas", areas, area_faults) if areas else None,
    )
    faults = (place_faults, area_faults, device_faults)
    return site, tuple(problem for each in faults for problem in each.problems)


class SiteRows(NamedTuple):
    """The rows of one sheet, and where its faults go."""

    rows: list[Row]
    faults: Faults


def _book(sheet: str, text: str | bytes, faults: Faults) -> SiteRows:
    return SiteRows(read_rows(text, required_names(sheet), faults), faults)


def make_site(
    places: SiteRows,
    devices: SiteRows,
    models: Mapping[str, DeviceModel],
    known: Mapping[str, DeviceUid],
    *,
    areas: SiteRows | None = None,
) -> Site:
    """Make the site of what is good in the rows; each fault goes to its sheet's."""
    found = _read_places(places.rows, places.faults)
    read = _read_devices(devices.rows, found, models, known, devices.faults)
    crossing = read_areas(areas.rows, found, areas.faults) if areas else ()
    return Site(devices=tuple(read), places=found, areas=crossing)


def _read_places(rows: list[Row], faults: Faults) -> dict[str, Place]:
    places: dict[str, Place] = {}
    by_path = {row.cells["path"]: row for row in rows}
    for row in rows:
        place = _make_place(row)
        if not _PATH.fullmatch(place.path):
            faults.add("not_path", {"word": place.path}, line=row.line, column="path")
        elif place.path in places:
            faults.add("path_twice", {"word": place.path}, line=row.line, column="path")
        else:
            places[place.path] = place
            if place.parent and place.parent not in by_path:
                others = {path: None for path in by_path if path != place.path}
                what = "place above it:"
                faults.add_unknown(row.line, "path", place.parent, known=others, what=what)
    return places


def _make_place(row: Row) -> Place:
    cells = row.cells
    return Place(
        path=cells["path"],
        name=cells["name"] or cells["path"],
        kind=cells.get("kind", ""),
        grid_code=cells.get("grid_code", ""),
        attributes=read_attributes(row, PLACE_COLUMNS),
    )


def _read_devices(
    rows: list[Row],
    places: Mapping[str, Place],
    models: Mapping[str, DeviceModel],
    known: Mapping[str, DeviceUid],
    faults: Faults,
) -> list[Device]:
    by_id = {row.cells["id"]: row for row in rows if row.cells["id"]}
    for row in rows:
        check_filled(row, DEVICES, faults)
        _check_words(row, faults)
        _check_references(row, places, by_id, faults)
        _check_model(row, models, faults)
    _check_doubles(rows, faults)
    _check_old_names(rows, known, faults)
    _check_trees(by_id, faults)
    bad = {problem.line for problem in faults.problems}
    return [_make_device(row, known) for row in rows if row.line not in bad]


def _check_words(row: Row, faults: Faults) -> None:
    for column, pattern, zh, en in _PATTERNS:
        word = row.cells[column]
        if word and not pattern.fullmatch(word):
            words = {"word": word, "zh_hint": zh, "en_hint": en}
            faults.add("unusable", words, line=row.line, column=column)
    for column, known in _ENUMS.items():
        if row.cells.get(column) and row.cells[column] not in known:
            faults.add_unknown(row.line, column, row.cells[column], known=known, what=column)


_PATTERNS = (
    (
        "id",
        _ID,
        "1 到 64 个字，不能有空格、斜线、冒号和逗号",
        "1 to 64 characters without spaces, slashes, colons and commas",
    ),
    (
        "address",
        _ADDRESS,
        "1 到 64 个字母、数字、下划线或横线",
        "1 to 64 of A-Z a-z 0-9 _ -",
    ),
)


_ENUMS = {"kind": KINDS, "state": STATES}


def _check_references(
    row: Row, places: Mapping[str, Place], by_id: Mapping[str, Row], faults: Faults
) -> None:
    if row.cells["place"] and row.cells["place"] not in places:
        faults.add_unknown(row.line, "place", row.cells["place"], known=places, what="place")
    for column in ("upstream", "power"):
        word = row.cells.get(column)
        if word and word not in by_id:
            faults.add_unknown(row.line, column, word, known=by_id, what="device")


def _check_model(row: Row, models: Mapping[str, DeviceModel], faults: Faults) -> None:
    model = models.get(row.cells["model"])
    kind = row.cells["kind"]
    if model is None and row.cells["model"]:
        faults.add_unknown(row.line, "model", row.cells["model"], known=models, what="model")
    elif model and kind in KINDS and model.kind != kind:
        words = {"word": model.id, "kind": model.kind.value, "other": kind}
        faults.add("model_kind", words, line=row.line, column="model")


_KEYS: dict[str, Callable[[Row], object]] = {
    "id": lambda row: row.cells["id"],
    "address": lambda row: (row.cells.get("link") or "mqtt", row.cells["address"]),
}


def _check_doubles(rows: list[Row], faults: Faults) -> None:
    for column, key in _KEYS.items():
        first: dict[object, Row] = {}
        for row in rows:
            before = first.setdefault(key(row), row)
            if before is not row and row.cells[column]:
                words: Words = {"word": row.cells[column], "other": before.line}
                faults.add("taken", words, line=row.line, column=column)


def _check_old_names(rows: list[Row], known: Mapping[str, DeviceUid], faults: Faults) -> None:
    """An id that a device had before may lead to no other one: labels and history have it."""
    first: dict[DeviceUid, Row] = {}
    for row in rows:
        name = row.cells["id"]
        before = first.setdefault(known[name], row) if name in known else row
        if before.cells["id"] != name:
            words: Words = {"word": name, "other": before.line, "id": before.cells["id"]}
            faults.add("old_name", words, line=row.line, column="id")


def _check_trees(by_id: Mapping[str, Row], faults: Faults) -> None:
    for column in ("upstream", "power"):
        above = {name: row.cells.get(column, "") for name, row in by_id.items()}
        for cycle in find_cycles(above):
            chain = " > ".join((*cycle, cycle[0]))
            faults.add("cycle", {"chain": chain}, line=by_id[cycle[0]].line, column=column)


def _make_device(row: Row, known: Mapping[str, DeviceUid]) -> Device:
    cells = row.cells
    return Device(
        uid=known.get(cells["id"]) or DeviceUid(f"d_{secrets.token_hex(6)}"),
        id=cells["id"],
        address=cells["address"],
        kind=Kind(cells["kind"]),
        model=cells["model"],
        place=cells["place"],
        link=cells.get("link") or "mqtt",
        name=cells.get("name") or cells["id"],
        lane=cells.get("lane", ""),
        upstream=cells.get("upstream", ""),
        power=cells.get("power", ""),
        state=Lifecycle(cells.get("state") or Lifecycle.IN_SERVICE),
        attributes=read_attributes(row, DEVICE_COLUMNS),
    )
