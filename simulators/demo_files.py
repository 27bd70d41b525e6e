"""What a demo keeps in its data folder: its choices, the site, the configuration, the keys."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from hub.errors import ConfigError, Problem
from hub.model.access import Role
from simulators.bus import Framing
from simulators.guanshan import build_site
from simulators.line import BrokerAddress
from simulators.site import gateways, read_devices, write_site

HOST = "127.0.0.1"
CHOICES, CONFIG, ACCESS = "demo.json", "lingdang.toml", "demo-access.json"
PASSWORD_FILE, READY, HUB_READY, SIMULATOR_READY = (
    "mqtt-password",
    "demo.ready",
    "hub.ready",
    "simulator.ready",
)
OUR_PORTS = range(20_000, 32_000)
"""Below the range from which outgoing connections take theirs, so that none takes ours first."""
USERNAME = "demo"
RTU_PREFIX = "water"
"""Gateways whose name begins so pass serial frames through; the others speak Modbus TCP."""
TCP_PERIOD, RTU_PERIOD = 10, 30
"""Seconds between two polls of a slave."""


class Choices(msgspec.Struct, kw_only=True):
    """What was decided when the data folder was new, and holds for its whole life."""

    devices: int
    seed: int
    speed: float
    clock_origin: float
    password: str
    ports: dict[str, int]
    """`mqtt`, `control` and each Modbus gateway by name."""

    @property
    def broker(self) -> BrokerAddress:
        """Where the demo's broker is, and its login."""
        return BrokerAddress(
            host=HOST, port=self.ports["mqtt"], username=USERNAME, password=self.password
        )


def open_folder(data: Path, *, devices: int, seed: int, speed: float) -> Choices:
    """Read the choices of a data folder, or make a new one with its site, logins and keys."""
    path = data / CHOICES
    if path.exists():
        choices = msgspec.json.decode(path.read_bytes(), type=Choices)
    else:
        choices = _new_choices(data, devices=devices, seed=seed, speed=speed)
    _renew_ports(choices)
    write_secret(path, msgspec.json.format(msgspec.json.encode(choices)))
    write_secret(data / PASSWORD_FILE, choices.password.encode())
    return choices


def write_config(data: Path, choices: Choices, *, web_port: int, outbound_loopback: bool) -> Path:
    """Write the hub's `lingdang.toml`; paths in it are relative to the folder."""
    tables: dict[str, dict[str, Any]] = {
        "community": {
            "id": "guanshan",
            "name": {"zh": "关山社区", "en": "Guanshan community"},
            "prefix": "GS",
        },
        "store": {"path": "lingdang.db"},
        "web": {"host": HOST, "port": web_port},
        "mqtt": {
            "host": HOST,
            "port": choices.ports["mqtt"],
            "username": USERNAME,
            "password_file": PASSWORD_FILE,
        },
        "site": {"devices": "devices.csv", "places": "places.csv"},
        "demo": {
            "test": True,
            "clock_origin": choices.clock_origin,
            "speed": choices.speed,
            "access": ACCESS,
        },
    }
    if outbound_loopback:
        tables["outbound"] = {"allow": ["127.0.0.0/8", "::1/128"]}
    blocks = [_table(f"[{name}]", values) for name, values in tables.items()]
    blocks += [_table("[[modbus]]", gateway) for gateway in _gateways(choices)]
    path = data / CONFIG
    path.write_text("\n".join(blocks), "utf-8")
    return path


def read_access(data: Path) -> dict[str, Any]:
    """Read the demo's logins and keys, each by role."""
    access: dict[str, Any] = json.loads((data / ACCESS).read_text("utf-8"))
    return access


def free_port(taken: Collection[int] = ()) -> int:
    """Find a port on loopback that nobody listens on, and that is not `taken`."""
    while True:
        port = secrets.choice(OUR_PORTS)
        if port not in taken and is_free(port):
            return port


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of loopback."""
    try:
        with socket.create_server((HOST, port)):
            return True
    except OSError:
        return False


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only we may read, by rename, so that nobody reads half of it."""
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)


def _new_choices(data: Path, *, devices: int, seed: int, speed: float) -> Choices:
    try:
        site = build_site(devices=devices, seed=seed)
    except ValueError as error:
        raise ConfigError(Problem(file="--devices", message=str(error))) from error
    write_site(site, data)
    write_secret(data / ACCESS, msgspec.json.format(msgspec.json.encode(_new_access())))
    names = ["mqtt", "control", *gateways(read_devices(data / "devices.csv"))]
    return Choices(
        devices=devices,
        seed=seed,
        speed=speed,
        clock_origin=time.time(),
        password=secrets.token_urlsafe(18),
        ports=dict.fromkeys(names, 0),
    )


def _new_access() -> dict[str, Any]:
    roles = [role for role in Role if role is not Role.BUILDING_HEAD]  # who needs a building
    people = [role for role in roles if role is not Role.GRID]
    return {
        "logins": {
            role.value: {"name": role.value, "password": secrets.token_urlsafe(9)}
            for role in people
        },
        "keys": {role.value: f"ld_{secrets.token_urlsafe(32)}" for role in roles},
    }


def _renew_ports(choices: Choices) -> None:
    """Keep every port that is still free, so that clients find what they knew."""
    for name, port in choices.ports.items():
        if not port or not is_free(port):
            choices.ports[name] = free_port(choices.ports.values())


def _gateways(choices: Choices) -> list[dict[str, Any]]:
    rows = []
    for name, port in choices.ports.items():
        if name not in {"mqtt", "control"}:
            serial = name.startswith(RTU_PREFIX)
            framing = Framing.RTU_OVER_TCP if serial else Framing.TCP
            row = {"name": name, "host": HOST, "port": port, "framing": framing.value}
            rows.append(row | {"period": RTU_PERIOD if serial else TCP_PERIOD})
    return rows


def _table(head: str, values: dict[str, Any]) -> str:
    return "\n".join([head, *(f"{key} = {_toml(value)}" for key, value in values.items()), ""])


def _toml(value: Any) -> str:  # noqa: ANN401
    """Write a value: JSON is TOML for all that stands here, but for tables within a line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
