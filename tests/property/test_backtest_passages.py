"""A back-test that takes hours of measurements as one finds what one of every message finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.loading import shipped_rules
from hub.clock import SystemClock
from hub.model.device import Device, DeviceUid
from hub.model.repeats import Passage, Passes, Repeats
from hub.model.report import Report, Sample, Topic, Value
from hub.ports import Changes
from hub.store.readings.replay import replay_file, replay_news
from hub.store.sqlite import open_store
from rules.backtest import backtest, concerned
from rules.ruleset import load_rules

HOURS = 9
START = 490_000 * 3600.0
END = START + HOURS * 3600
_SHIPPED = load_models(shipped_models())
MODELS = {
    name: msgspec.structs.replace(
        _SHIPPED[name],
        heartbeat=60.0,
        points={
            point: msgspec.structs.replace(spec, period=60.0)
            for point, spec in _SHIPPED[name].points.items()
        },
    )
    for name in ("chint-ddsu666", "chint-dtsu666", "kaifeng-xintai-water")
}
OWN = """
[[rule]]
id = "mean-high"
name = { zh = "均值高", en = "mean high" }
kind = "electricity_meter"
when = "avg(voltage.a,'15m') > 232 or avg(voltage.a,'3h') > 230.5 or median(voltage.a,'20m') < 222"

[[rule]]
id = "night-load"
name = { zh = "夜间负荷", en = "load at night" }
kind = "electricity_meter"
when = "time_between('22:00','23:00') and power.active > 0.4"
hold = "5m"

[[rule]]
id = "stands"
name = { zh = "静止", en = "stands still" }
kind = "electricity_meter"
when = "changes(power.active,'10m') == 0 and count(power.active,'10m') > 5"

[[rule]]
id = "old"
name = { zh = "过时", en = "old" }
kind = "electricity_meter"
when = "device.id == 'd0' and age(voltage.a) > '150s'"

[[rule]]
id = "peak"
name = { zh = "峰值", en = "peak" }
kind = "water_meter"
when = "max(flow.rate,'2h') - min(flow.rate,'2h') > 3"

[[rule]]
id = "used"
name = { zh = "用量", en = "used" }
kind = "water_meter"
when = "device.id == 'd2' and delta(volume.total,'30m') > 1.2"

[[rule]]
id = "far-peak"
name = { zh = "旧峰值", en = "a peak of before" }
kind = "water_meter"
when = "max(flow.rate,'90m',before='20m') > 4 and flow.rate < 0.01"
hold = "3m"
"""
RULES = load_rules({**shipped_rules(), "own.toml": OWN}, MODELS, prove=False)
SITE = [
    Device(
        uid=DeviceUid(f"u{n}"),
        id=f"d{n}",
        address=f"d{n}",
        kind=MODELS[model].kind,
        model=model,
        place="c",
        attributes={"scope": "public" if n % 7 == 6 else "household"},
    )
    for n, model in enumerate(sorted(MODELS) * 4)
]


class Walk:
    """A number that drifts, and sometimes leaves for a while, or stands still."""

    def __init__(self, chance: Random, normal: float, width: float, away: Iterable[float]) -> None:
        self._chance, self._normal, self._width, self._away = chance, normal, width, list(away)
        self._value, self._shift, self._left = normal, 0.0, 0

    def step(self) -> float:
        self._left -= 1
        if self._left == 0:
            self._shift = 0.0
        if self._chance.random() < 0.0012:
            self._shift, self._left = self._chance.choice(self._away), self._chance.randint(1, 40)
        pull = 0.05 * (self._normal - self._value)
        self._value += pull + self._chance.gauss(0, self._width)
        return round(max(0.0, self._value + self._shift), 2)


def live(who: Device, chance: Random) -> Iterator[Report]:
    volts, amperes = Walk(chance, 226, 0.4, (-60, -21, 8, 30)), Walk(chance, 1.5, 0.05, (95, 30))
    flow, total, energy = Walk(chance, 0.3, 0.1, (3, 8, 90)), 100.0, 1000.0
    at, seq, points = START + chance.random() * 60, 0, MODELS[who.model].points
    while at < END - 61:
        at += 60.0 if chance.random() < 0.998 else chance.choice((400.0, 1300.0))
        seq += 1
        still = chance.random() < 0.3
        values: dict[str, Value] = {}
        for name in points:
            if name.startswith("voltage"):
                values[name] = volts.step()
            elif name.startswith("current"):
                values[name] = amperes.step()
        power = round(0.226 * float(values.get("current.a", 0)), 1 if still else 3)
        energy, water = energy + power / 60, flow.step()
        total += water / 60
        own = {
            "power.active": power,
            "energy.import": round(energy, 3),
            "flow.rate": water if chance.random() < 0.9 else 0.0,
            "volume.total": round(total, 3),
            "valve.position": "open" if chance.random() < 0.999 else "fault",
            "battery.ok": True,
        }
        values |= {name: value for name, value in own.items() if name in points}
        yield report(who, at, seq, values)


def report(who: Device, at: float, seq: int, values: dict[str, Value]) -> Report:
    return Report(
        address="",
        uid=who.uid,
        topic=Topic.STATE,
        at=at,
        received=at + 0.1,
        boot="b1",
        seq=seq,
        samples=tuple(Sample(name, value) for name, value in values.items()),
    )


@pytest.mark.parametrize("seed", range(4))
async def test_hours_that_are_passed_by_change_nothing(tmp_path: Path, seed: int) -> None:
    path, chance = tmp_path / "hub.db", Random(seed)
    async with open_store(path, clock=SystemClock()) as store:
        said = tuple(each for who in SITE for each in live(who, chance))
        await store.committer.commit(Changes(readings=said))
        await store.upkeep.tidy(now=END + 1e5)
    needs = concerned(RULES, SITE, {}, MODELS)
    passages: list[Passage] = []

    def history(passes: Passes) -> Iterator[Report | Repeats | Passage]:
        for each in replay_news(path, passes, start=START, end=END + 60, needs=needs):
            if isinstance(each, Passage):
                passages.append(each)
            yield each

    every = partial(replay_file, path, start=START, end=END + 60, uids=needs)
    whole = backtest(RULES, every(), SITE, {}, MODELS)
    found = backtest(RULES, history, SITE, {}, MODELS)
    assert found == whole
    assert len(whole.alarms) > 10
    assert len(passages) > HOURS * len(SITE) / 8
