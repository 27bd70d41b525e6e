"""The site of the ingestion benchmark: gates and doors in buildings of a hundred, and its rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.support.site import MODELS, Plot, write_site

DEVICES = 10_000
PER_BUILDING = 100
POINTS = {"full": 5, "one": 1}
"""Body of a message → its points on average: six of a gate and four of a door, or one."""

_CONDITIONS = {
    "barrier_gate": {
        "arm.position == 'unknown'": "10s",
        "loop.occupied": "15m",
        "boom.broken": "",
        "mode == 'manual'": "8h",
        "fault.code != 'none'": "",
        "motor.temperature > 85": "2m",
    },
    "unit_door": {
        "door.open": "10m",
        "not lock.locked": "15m",
        "exit_button.pressed": "60s",
        "contact.fault": "",
    },
}
"""Kind → condition → hold: one rule for each point that the messages have."""


def write_bench_site(folder: Path, *, mqtt_port: int, lean: bool, client: str) -> Path:
    """Write what a hub reads; a `lean` one has one rule per point, the other the library.

    `client` is the library of its MQTT links.
    """
    rules = {"bench.toml": "\n".join(one_per_point())} if lean else {}
    config = write_site(folder, Plot(devices={}, rules=rules), mqtt_port=mqtt_port)
    settings = config.read_text("utf-8")
    config.write_text(settings.replace("[mqtt]", f'[mqtt]\nclient = "{client}"'), "utf-8")
    (folder / "places.csv").write_text("\n".join(_places()) + "\n", "utf-8")
    (folder / "devices.csv").write_text("\n".join(_devices()) + "\n", "utf-8")
    return config


def one_per_point() -> Iterator[str]:
    """Yield a rule for each point; those without a hold open a ticket at once."""
    for kind, conditions in _CONDITIONS.items():
        for number, (condition, hold) in enumerate(conditions.items()):
            yield f"""
[[rule]]
id = "bench-{kind.replace("_", "-")}-{number}"
fault = "bench.{kind}_{number}"
name = {{ zh = "{condition}", en = "{condition}" }}
kind = "{kind}"
when = "{condition}"
{f'hold = "{hold}"' if hold else ""}
severity = "major"
trial = false
ticket = {{ urgency = "normal", class = "general", trade = "gate", report = "at_once" }}
"""


def _places() -> Iterator[str]:
    yield "path,name,kind,grid_code"
    yield "test,测试社区,community,"
    yield "test/a,甲小区,compound,110101"
    for building in range(DEVICES // PER_BUILDING):
        yield f"test/a/b{building},{building}栋,building,"


def _devices() -> Iterator[str]:
    yield "id,address,link,kind,model,place,name,lane,upstream,power,state"
    for number in range(DEVICES):
        kind = "unit_door" if number % 2 else "barrier_gate"
        name = f"{kind.rsplit('_', maxsplit=1)[-1]}-{number:05}"
        place = f"test/a/b{number // PER_BUILDING}"
        yield f"{name},{name},mqtt,{kind},{MODELS[kind]},{place},{name},,,,in_service"
