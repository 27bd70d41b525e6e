"""A small site for a hub of a test's own: its sheets, its configuration, its keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

COMMUNITY = "test"
PLACE = "test/a/b1"
MODELS = {
    kind: f"ld-{kind.replace('_', '-')}"
    for kind in (
        *("barrier_gate", "unit_door", "access_controller", "camera", "recorder"),
        *("switch", "power_supply", "lpr_camera"),
    )
}
ROLES = ("administrator", "guard", "crew", "manager", "grid")
KEYS = {role: f"ld_{role:_<32}" for role in (*ROLES, "grid_worker", "department")}
"""Role → bearer token; the `crew` takes tickets and the `manager` verifies them."""

_PLACES = """path,name,kind,grid_code
test,测试社区,community,
test/a,甲小区,compound,110101
test/a/b1,1栋,building,
"""

CALM = """
[[plan]]
name = "calm"
[[plan.rung]]
id = "nobody"
name = { zh = "无人", en = "nobody" }
responsible = ["person:nobody"]
on = ["overdue.finish"]
"""
"""Calls nobody for a day, and then there is nobody: for what is not about escalation."""

LEISURE = """
[limits]
hours = ["00:00-00:01"]
urgency = { urgent = "working", normal = "working" }
"""
"""Limits to take and arrive that come after weeks: for clocks that run fast on a slow machine."""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """Which devices stand on the site: id (and address) → kind.

    `speed` bends the hub's clock, `keepalive` is MQTT's in seconds.
    """

    devices: Mapping[str, str]
    speed: float = 1.0
    clock_origin: float = 0.0
    keepalive: int = 30
    rules: Mapping[str, str] = {}
    """File name → text of the site's own rules."""
    upstream: Mapping[str, str] = {}
    power: Mapping[str, str] = {}
    """Device → what carries and what feeds it."""
    more: str = ""
    """Further tables of the configuration."""
    duty: str = CALM
    """Text of the site's file of duty; without one the shipped plans count."""
    reserve: int = 64
    """Megabytes of the disk that are kept for orders."""


def names(kind: str, count: int) -> dict[str, str]:
    """Return `count` ids of devices of a kind."""
    word = kind.rpartition("_")[2]
    return {f"{word}-{number:03}": kind for number in range(1, count + 1)}


def write_site(folder: Path, plot: Plot, *, mqtt_port: int) -> Path:
    """Write everything that a hub reads, and return its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "places.csv").write_text(_PLACES, "utf-8")
    (folder / "devices.csv").write_text("\n".join(_sheet(plot)) + "\n", "utf-8")
    logins = {role: {"name": role, "password": f"{role}-password"} for role in ROLES[:-1]}
    access = json.dumps({"logins": logins, "keys": KEYS})
    (folder / "demo-access.json").write_text(access, "utf-8")
    (folder / "rules").mkdir(exist_ok=True)
    for name, text in plot.rules.items():
        (folder / "rules" / name).write_text(text, "utf-8")
    if plot.duty:
        (folder / "duty.toml").write_text(plot.duty, "utf-8")
    config = folder / "lingdang.toml"
    config.write_text(_config(plot, mqtt_port), "utf-8")
    return config


def _sheet(plot: Plot) -> Iterable[str]:
    yield "id,address,link,kind,model,place,name,lane,upstream,power,state"
    for device, kind in plot.devices.items():
        trees = f"{plot.upstream.get(device, '')},{plot.power.get(device, '')}"
        yield f"{device},{device},mqtt,{kind},{MODELS[kind]},{PLACE},{device},,{trees},in_service"


def _config(plot: Plot, mqtt_port: int) -> str:
    duty = '[duty]\nfile = "duty.toml"' if plot.duty else ""
    return f"""
{duty}
[community]
id = "{COMMUNITY}"
name = {{ zh = "测试社区", en = "Test community" }}
prefix = "TS"
[store]
path = "lingdang.db"
reserve_megabytes = {plot.reserve}
[web]
port = 0
[mqtt]
port = {mqtt_port}
keepalive = {plot.keepalive}
[site]
devices = "devices.csv"
places = "places.csv"
[rules]
dirs = ["rules"]
[demo]
speed = {plot.speed}
clock_origin = {plot.clock_origin}
access = "demo-access.json"
{plot.more}
"""
