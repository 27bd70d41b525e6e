"""The books of the site: places and devices from two sheets, checked as a whole, every fault named.

`devices.csv`: id, address, link, kind, model, place, name, lane, upstream, power, state;
`places.csv`: path, name, kind, grid_code; further columns of either are attributes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from hub.errors import ConfigError, Problem
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from hub.model.place import Place
from hub.services.sheet import Faults, Row, read_attributes, read_rows
from hub.services.tree import find_cycles

PLACE_COLUMNS = ("path", "name", "kind", "grid_code")
PLACE_REQUIRED = ("path", "name")
DEVICE_COLUMNS = (
    "id",
    "address",
    "link",
    "kind",
    "model",
    "place",
    "name",
    "lane",
    "upstream",
    "power",
    "state",
)
DEVICE_REQUIRED = ("id", "address", "kind", "model", "place")

_ID = re.compile(r"[^\s/?#%,:]{1,64}")
_ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATH = re.compile(r"[^\s/?#%,]+(/[^\s/?#%,]+)*")


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """The devices in the order of their sheet, and the places by path."""

    devices: tuple[Device, ...]
    places: dict[str, Place]


def load_site(
    devices: str | bytes,
    places: str | bytes,
    models: Mapping[str, DeviceModel],
    known: Mapping[str, DeviceUid],
    *,
    devices_file: str = "devices.csv",
    places_file: str = "places.csv",
) -> Site:
    """Read both sheets, or raise ConfigError with every fault of both.

    A device whose id is in `known` keeps its uid; a new one gets a random uid.
    """
    site, problems = check_site(
        devices, places, models, known, devices_file=devices_file, places_file=places_file
    )
    if problems:
        raise ConfigError(*problems)
    return site


def check_site(
    devices: str | bytes,
    places: str | bytes,
    models: Mapping[str, DeviceModel],
    known: Mapping[str, DeviceUid],
    *,
    devices_file: str = "devices.csv",
    places_file: str = "places.csv",
) -> tuple[Site, tuple[Problem, ...]]:
    """Read both sheets; the site holds what is good, the problems say what is not."""
    place_faults, device_faults = Faults(places_file), Faults(devices_file)
    found_places = _read_places(places, place_faults)
    rows = read_rows(devices, DEVICE_REQUIRED, device_faults)
    found_devices = _read_devices(rows, found_places, models, known, device_faults)
    site = Site(devices=tuple(found_devices), places=found_places)
    return site, (*place_faults.problems, *device_faults.problems)


def _read_places(source: str | bytes, faults: Faults) -> dict[str, Place]:
    places: dict[str, Place] = {}
    rows = read_rows(source, PLACE_REQUIRED, faults)
    by_path = {row.cells["path"]: row for row in rows}
    for row in rows:
        place = _make_place(row)
        if not _PATH.fullmatch(place.path):
            faults.add(
                f"'{place.path}' is no path",
                line=row.line,
                column="path",
                hint="write it like guanshan/a/b12",
            )
        elif place.path in places:
            faults.add(
                f"'{place.path}' stands twice", line=row.line, column="path", hint="remove one"
            )
        else:
            places[place.path] = place
            if place.parent and place.parent not in by_path:
                _add_missing_parent(row, place, by_path, faults)
    return places


def _add_missing_parent(
    row: Row, place: Place, known: Mapping[str, object], faults: Faults
) -> None:
    asked = Row(line=row.line, cells={"path": place.parent})
    others = {path: None for path in known if path != place.path}
    faults.add_unknown(asked, "path", known=others, what="place above it:")


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
    by_id = {row.cells["id"]: row for row in rows}
    for row in rows:
        _check_words(row, faults)
        _check_references(row, places, by_id, faults)
        _check_model(row, models, faults)
    _check_doubles(rows, faults)
    _check_trees(by_id, faults)
    bad = {problem.line for problem in faults.problems}
    return [_make_device(row, known) for row in rows if row.line not in bad]


def _check_words(row: Row, faults: Faults) -> None:
    for column, pattern, hint in _PATTERNS:
        word = row.cells[column]
        if not pattern.fullmatch(word):
            faults.add(f"'{word}' cannot be used", line=row.line, column=column, hint=hint)
    for column, words in _ENUMS.items():
        if row.cells.get(column) and row.cells[column] not in words:
            faults.add_unknown(row, column, known=words, what=column)


_PATTERNS = (
    ("id", _ID, "1 to 64 characters without spaces, slashes, colons and commas"),
    ("address", _ADDRESS, "1 to 64 of A-Z a-z 0-9 _ -"),
)


def _words(enum: type[StrEnum]) -> dict[str, object]:
    return {word.value: word for word in enum}


_ENUMS = {"kind": _words(Kind), "state": _words(Lifecycle)}


def _check_references(
    row: Row, places: Mapping[str, Place], by_id: Mapping[str, Row], faults: Faults
) -> None:
    if row.cells["place"] not in places:
        faults.add_unknown(row, "place", known=places, what="place")
    for column in ("upstream", "power"):
        if row.cells.get(column) and row.cells[column] not in by_id:
            faults.add_unknown(row, column, known=by_id, what="device")
    if not row.cells["kind"]:
        faults.add("it is empty", line=row.line, column="kind", hint="say what the device is")


def _check_model(row: Row, models: Mapping[str, DeviceModel], faults: Faults) -> None:
    model = models.get(row.cells["model"])
    kind = row.cells["kind"]
    if model is None:
        faults.add_unknown(row, "model", known=models, what="model")
    elif kind in _ENUMS["kind"] and model.kind != kind:
        faults.add(
            f"'{model.id}' is a model of a {model.kind}, not of a {kind}",
            line=row.line,
            column="model",
            hint="change the kind or the model",
        )


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
                faults.add(
                    f"'{row.cells[column]}' stands in row {before.line} already",
                    line=row.line,
                    column=column,
                    hint="each must be used once",
                )


def _check_trees(by_id: Mapping[str, Row], faults: Faults) -> None:
    for column in ("upstream", "power"):
        above = {name: row.cells.get(column, "") for name, row in by_id.items()}
        for cycle in find_cycles(above):
            faults.add(
                f"the chain comes back to itself: {' > '.join((*cycle, cycle[0]))}",
                line=by_id[cycle[0]].line,
                column=column,
                hint="one of them must hang elsewhere",
            )


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
