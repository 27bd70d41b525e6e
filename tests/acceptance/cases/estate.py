"""The estate of a case: its devices as the sheets have them; what each says when all is well."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from hub.model.report import Value

HOUR = 3600.0
PLACES = ("", "/a", "/a/b1", "/a/b1/u1", "/a/b1/u2", "/a/b2")
PLACE_KINDS = ("community", "compound", "building", "unit")
KINDS = {"gate": "barrier_gate", "lpr": "lpr_camera", "controller": "access_controller"} | {
    "door": "unit_door",
    "meter": "electricity_meter",
    "water": "water_meter",
    "ups": "power_supply",
}
"""First word of a device's name → its kind, where they differ."""
WELL: Mapping[str, Mapping[str, Value]] = {
    "barrier_gate": {
        "arm.position": "closed",
        "loop.occupied": False,
        "boom.broken": False,
        "mode": "auto",
    },
    "unit_door": {"door.open": False, "lock.locked": True},
    "access_controller": {
        "supply.mains": True,
        "battery.voltage": 13.6,
        "tamper": False,
        "fire.input": False,
        "reader.online": True,
    },
    "camera": {"online": True, "stream.ok": True, "picture.ok": True},
    "recorder": {"online": True, "recording": True, "disk.ok": True},
    "lpr_camera": {"plate.confidence": 96, "plate.rate": 98},
    "electricity_meter": {"voltage.a": 230, "power.active": 1.2, "energy.import": 5000},
    "water_meter": {"flow.rate": 0, "volume.total": 800},
    "power_supply": {"online": True, "supply.mains": True, "battery.charge": 100, "load": 40},
    "switch": {"online": True, "supply.mains": True},
    "gateway": {"online": True, "supply.mains": True},
}


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A device; it repeats itself every `beat` seconds. `more` are attributes of the sheet."""

    id: str
    kind: str
    place: str
    model: str
    link: str = "mqtt"
    upstream: str = ""
    power: str = ""
    lane: str = ""
    state: str = "in_service"
    beat: float = 60.0
    more: Mapping[str, str] = {}

    @property
    def address(self) -> str:
        """Return the address on the link: the number in the name on a bus, else the name."""
        return self.id if self.link == "mqtt" else self.id.rpartition("-")[2]


def thing(name: str, *, at: str = "/a/b1", **fields: object) -> Thing:
    """Make a device of the kind that the first word of its name says, such as `door-1`."""
    word = name.partition("-")[0]
    kind = KINDS.get(word, word)
    base = {"id": name, "kind": kind, "place": at, "model": f"ld-{kind.replace('_', '-')}"}
    return msgspec.convert({**base, **fields}, Thing)


def several(word: str, count: int, **fields: object) -> list[Thing]:
    """Make as many devices, numbered from 1."""
    return [thing(f"{word}-{number}", **fields) for number in range(1, count + 1)]


class Estate:
    """The things of a community in a folder of its own; `more` is added to the hub's settings."""

    def __init__(
        self, folder: Path, community: str, things: Iterable[Thing], *, mqtt_port: int, more: str
    ) -> None:
        self.folder = folder
        self.community = community
        self.things = {each.id: each for each in things}
        self.mqtt_port = mqtt_port
        self._more = more

    def change(self, name: str, **fields: object) -> None:
        """Change a device in the books; the hub reads them when it starts."""
        self.things[name] = msgspec.structs.replace(self.things[name], **fields)

    def write(self) -> Path:
        """Write the sheets and the settings; returns the settings' path."""
        for name in ("rules", "models"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        paths = [f"{self.community}{path}" for path in PLACES]
        rows = [
            {"path": path, "name": path, "kind": PLACE_KINDS[path.count("/")], "grid_code": ""}
            for path in paths
        ]
        (self.folder / "places.csv").write_text(_sheet(rows), "utf-8")
        devices = [_row(each, self.community) for each in self.things.values()]
        (self.folder / "devices.csv").write_text(_sheet(devices), "utf-8")
        config = self.folder / "lingdang.toml"
        settings = _SETTINGS.format(community=self.community, port=self.mqtt_port)
        config.write_text(settings + self._more, "utf-8")
        return config


def write_model(
    folder: Path, name: str, kind: str, beat: float, points: Mapping[str, float]
) -> None:
    """Write a model of the site's own in the hub's dialect: heartbeat and periods in seconds.

    What `points` does not name is sent on change.
    """
    sent = dict.fromkeys(WELL[kind], 0.0) | points
    details = {point: f" period = {period} " if period else "" for point, period in sent.items()}
    lines = [f'"{point}" = {{{detail}}}' for point, detail in details.items()]
    words = {"id": name, "kind": kind, "driver": "lingdang", "source": "test", "confidence": "high"}
    head = [f"{key} = {json.dumps(word)}" for key, word in words.items()]
    name_line = f'name = {{ zh = "{name}", en = "{name}" }}'
    text = "\n".join([*head, name_line, f"heartbeat = {beat}", "[points]", *lines]) + "\n"
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / f"{name}.toml").write_text(text, "utf-8")


def _row(each: Thing, community: str) -> dict[str, str]:
    row = {name: str(getattr(each, name)) for name in _COLUMNS}
    return row | {"place": community + each.place, "name": each.id, **each.more}


def _sheet(rows: list[dict[str, str]]) -> str:
    columns = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


_COLUMNS = ("id", "address", "link", "kind", "model", "lane", "upstream", "power", "state")
_SETTINGS = """
[community]
id = "{community}"
name = {{ zh = "案例", en = "Case" }}
prefix = "CA"
[store]
path = "lingdang.db"
[web]
port = 0
[mqtt]
port = {port}
keepalive = 600
[site]
devices = "devices.csv"
places = "places.csv"
[rules]
dirs = ["rules"]
[models]
dirs = ["models"]
"""
