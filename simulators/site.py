"""A site on paper: the rows of `devices.csv` and `places.csv`, written and read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from hub.model.device import Kind

DEVICE_COLUMNS = (
    "id", "address", "link", "kind", "model", "place", "name", "lane", "upstream", "power", "state",
    "number", "vendor", "warranty_end", "phone", "sole_entrance", "scope",
)  # fmt: skip
PLACE_COLUMNS = ("path", "name", "kind", "grid_code", "households")
MQTT = "mqtt"


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One device as the workbook has it; `link` is `mqtt` or a Modbus gateway's name."""

    id: str
    address: str
    """The device's level in MQTT topics, or its Modbus unit id."""
    kind: Kind
    model: str
    place: str
    name: str
    link: str = MQTT
    lane: str = ""
    upstream: str = ""
    power: str = ""
    state: str = "in_service"
    number: str = ""
    vendor: str = ""
    warranty_end: str = ""
    phone: str = ""
    sole_entrance: str = ""
    scope: str = ""


class PlaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One node of the place tree as the workbook has it."""

    path: str
    name: str
    kind: str
    grid_code: str = ""
    households: str = ""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A whole community: places parents first, devices in the order of a guard's wall."""

    places: tuple[PlaceRow, ...]
    devices: tuple[DeviceRow, ...]


def write_site(site: Site, folder: Path) -> None:
    """Write `places.csv` and `devices.csv` as spreadsheets like them: UTF-8 with a BOM."""
    _write(folder / "places.csv", PLACE_COLUMNS, site.places)
    _write(folder / "devices.csv", DEVICE_COLUMNS, site.devices)


def read_devices(path: Path) -> tuple[DeviceRow, ...]:
    """Read a `devices.csv` that `write_site` wrote, perhaps edited by hand since."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(msgspec.convert(row, DeviceRow) for row in csv.DictReader(file))


def on_mqtt(rows: Iterable[DeviceRow]) -> list[DeviceRow]:
    """Pick the devices that speak MQTT."""
    return [row for row in rows if row.link == MQTT]


def gateways(devices: Iterable[DeviceRow]) -> list[str]:
    """Name the Modbus gateways that the devices hang on, in order of appearance."""
    return list(dict.fromkeys(row.link for row in devices if row.link != MQTT))


def _write(path: Path, columns: Sequence[str], rows: Sequence[DeviceRow | PlaceRow]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(msgspec.to_builtins(row) for row in rows)
