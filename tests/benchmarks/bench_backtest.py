"""What a back-test costs: states that change at times, meters whose values change each minute.

CPU time of this process. `BACKTEST_DAYS` in the environment says how much history is made and
read, a quarter of a day without it; 30 is the month of the design, which takes an hour to make.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from math import sin
from pathlib import Path
from random import Random

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.loading import shipped_rules
from hub.clock import SystemClock
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid, Kind
from hub.model.place import Place
from hub.model.report import Report, Sample, Topic, Value
from hub.ports import Changes
from hub.store.readings.replay import replay_news
from hub.store.sqlite import open_store
from rules.backtest import BacktestResult, backtest, concerned
from rules.rule import Rule
from rules.ruleset import load_rules
from tests.benchmarks.report import Row, print_table, write_results

pytestmark = [pytest.mark.bench, pytest.mark.timeout(24 * 3600)]

DAYS = float(os.environ.get("BACKTEST_DAYS", "0.25"))
DEVICES = 1000
MONTH = 30 * 1440 * DEVICES
START = 1_764_000_000.0 // 86_400 * 86_400 - 8 * 3600
"""A local midnight."""
PLACES = {f"c/b{n}": Place(path=f"c/b{n}", name=f"{n}") for n in range(100)}
PLACES["c"] = Place(path="c", name="c")
SHIPPED = load_models(shipped_models())
GATE, DOOR = SHIPPED["ld-barrier-gate"], SHIPPED["ld-unit-door"]
METER, WATER = (
    msgspec.structs.replace(
        SHIPPED[name],
        heartbeat=60.0,
        points={
            point: msgspec.structs.replace(spec, period=60.0)
            for point, spec in SHIPPED[name].points.items()
        },
    )
    for name in ("chint-ddsu666", "kaifeng-xintai-water")
)
"""Meters that are asked once a minute."""
MODELS = {each.id: each for each in (GATE, DOOR, METER, WATER)}
LIBRARY = tuple(load_rules(shipped_rules(), MODELS, prove=False))
STATES, METERS = (GATE, DOOR), (METER, METER, WATER)


def make_devices(models: Sequence[DeviceModel]) -> list[Device]:
    """Make devices of these models in turn, in a hundred buildings; one meter in 20 is public."""
    return [
        Device(
            uid=DeviceUid(f"u{n}"),
            id=f"d{n}",
            address=f"d{n}",
            kind=models[n % len(models)].kind,
            model=models[n % len(models)].id,
            place=f"c/b{n % 100}",
            attributes={"scope": "public" if n % 20 == 0 else "household"},
        )
        for n in range(DEVICES)
    ]


class Life:
    """What a device says minute by minute; about one in a thousand messages is of a fault."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._chance = Random(device.id)
        self._energy, self._volume = 1000.0 * self._chance.random(), 100.0
        self._voltage = 225.0 + 4 * self._chance.random()
        self._bad = 0

    def say(self, minute: int) -> dict[str, Value]:
        """Return the points of a message."""
        self._bad -= 1
        if self._chance.random() < 1 / 20_000:
            self._bad = 20
        make = {
            Kind.BARRIER_GATE: self._gate,
            Kind.UNIT_DOOR: self._door,
            Kind.ELECTRICITY_METER: self._meter,
            Kind.WATER_METER: self._water,
        }
        return make[self.device.kind](minute / 1440 % 1)

    def _gate(self, day: float) -> dict[str, Value]:
        busy = self._chance.random() < (0.1 if 0.25 < day < 0.95 else 0.01)
        return {
            "arm.position": "open" if busy else "closed",
            "loop.occupied": busy,
            "boom.broken": self._bad > 0,
            "mode": "auto",
            "motor.temperature": round(30 + 5 * sin(6.28 * day) + 4 * busy),
        }

    def _door(self, day: float) -> dict[str, Value]:
        passing = self._chance.random() < (0.05 if 0.25 < day < 0.95 else 0.005)
        return {
            "door.open": passing,
            "lock.locked": not passing,
            "exit_button.pressed": False,
            "contact.fault": self._bad > 0,
        }

    def _meter(self, day: float) -> dict[str, Value]:
        self._voltage += self._chance.gauss(0, 0.3) + 0.02 * (227 - self._voltage)
        voltage = round(self._voltage * (0.8 if self._bad > 0 else 1), 1)
        load = 0.2 + (1.5 if 0.7 < day < 0.95 else 0.3) * self._chance.random()
        self._energy += load / 60
        return {
            "voltage.a": voltage,
            "current.a": round(1000 * load / voltage, 2),
            "power.active": round(load, 3),
            "energy.import": round(self._energy, 2),
        }

    def _water(self, day: float) -> dict[str, Value]:
        flows = self._chance.random() < (0.2 if 0.25 < day < 0.95 else 0.0)
        flow = round(self._chance.random(), 2) if flows else 0.0
        self._volume += flow / 60
        return {
            "flow.rate": 90.0 if self._bad > 0 else flow,
            "volume.total": round(self._volume, 3),
            "pressure": round(3 + self._chance.gauss(0, 0.05), 2),
            "valve.position": "open",
            "battery.ok": True,
        }


def tell(life: Life, n: int, minute: int) -> Report:
    """Return the message of a minute."""
    at = START + 60 * minute + n / 20
    return Report(
        address="",
        uid=life.device.uid,
        topic=Topic.STATE,
        at=at,
        received=at,
        boot="b1",
        seq=minute,
        samples=tuple(Sample(point, value) for point, value in life.say(minute).items()),
    )


async def make_history(path: Path, devices: Sequence[Device]) -> int:
    """Write the history, an hour at a time, as it lies once it is in columns."""
    lives = [Life(device) for device in devices]
    minutes = round(DAYS * 1440)
    async with open_store(path, clock=SystemClock()) as store:
        for first in range(0, minutes, 10):
            said = (
                tell(life, n, minute)
                for minute in range(first, min(first + 10, minutes))
                for n, life in enumerate(lives)
            )
            await store.committer.commit(Changes(readings=list(said)))
            if first % 600 == 0:
                await store.upkeep.tidy(now=START + 60 * first)
        await store.upkeep.tidy(now=START + 60 * minutes + 1e6)
    return minutes * len(devices)


def choose_rules(ids: Sequence[str]) -> list[Rule]:
    """Return the library's rules of these ids, or all."""
    return [rule for rule in LIBRARY if not ids or rule.id in ids]


CASES = {
    "states: one rule of half the devices": (STATES, ("barrier-boom-broken",)),
    "states: whole library": (STATES, ()),
    "meters: one rule": (METERS, ("overvoltage",)),
    "meters: whole library": (METERS, ()),
    "a community of both: whole library": ((GATE, DOOR, METER, WATER, METER), ()),
}


def run(
    path: Path, devices: Sequence[Device], rules: Sequence[Rule]
) -> tuple[BacktestResult, float, float]:
    """Return (what came of it, seconds of CPU, seconds to the first word)."""
    firsts: list[float] = []
    wall, began = time.perf_counter(), time.process_time()

    def note(*_: object) -> None:
        if not firsts:
            firsts.append(time.perf_counter() - wall)

    needs = concerned(rules, devices, PLACES, MODELS)
    history = partial(replay_news, path, start=START, end=START + 1e9, needs=needs)
    result = backtest(rules, history, devices, PLACES, MODELS, progress=note, tell=note)
    return result, time.process_time() - began, firsts[0]


def rows_of(
    name: str, result: BacktestResult, took: float, first: float, all_: int
) -> Iterator[Row]:
    yield Row(f"{name}: µs of CPU a message", f"{1e6 * took / all_:.2f}")
    goal = "≤ 900" if "library" in name else "≤ 180"  # docs/adr/0066
    month = "30 days" if DAYS == 30 else f"30 days, by the rate of {DAYS:g}"
    yield Row(f"{name}: {month}, s of CPU", f"{took * MONTH / all_:,.0f}", goal)
    yield Row(f"{name}: first word after, s", f"{first:.2f}", "≤ 2")
    yield Row(f"{name}: alarms", f"{len(result.alarms)}")


async def test_a_back_test_of_states_and_of_meters(tmp_path: Path) -> None:
    rows: list[Row] = []
    found: dict[str, list[float]] = {}
    made: dict[int, tuple[Path, list[Device], int]] = {}
    for name, (models, ids) in CASES.items():
        if id(models) not in made:
            devices, path = make_devices(models), tmp_path / f"{len(made)}.db"
            made[id(models)] = path, devices, await make_history(path, devices)
        path, devices, all_ = made[id(models)]
        result, took, first = run(path, devices, choose_rules(ids))
        found[name] = [took, first, float(all_)]
        rows += rows_of(name, result, took, first, all_)
    print_table(f"back-test, {DEVICES:,} devices, {DAYS:g} days of a message a minute", rows)
    write_results("backtest", {"days": DAYS, "cases": found})
