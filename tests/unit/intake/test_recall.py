"""What rules look back on outlives a restart: windows are filled from history."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from device_drivers.dialects.lingdang import LingdangDriver
from hub.clock import ManualClock
from hub.intake.look_back import FAR, NEAR, look_back
from hub.model.device import Kind
from hub.model.report import Report
from hub.store.memory import MemoryStore
from rules.ruleset import load_rules
from tests.unit.intake.stage import MODELS, Stage, device, stage

MODEL = msgspec.structs.replace(MODELS["peacefair-pzem016"], id="m", driver="lingdang")
ALL = {**MODELS, "m": MODEL}
METER = msgspec.structs.replace(device("meter-1", Kind.ELECTRICITY_METER), model="m")

DAY = """
[[rule]]
id = "high-all-day"
name = { zh = "高", en = "high" }
kind = "electricity_meter"
when = "avg(voltage.a,'1d') > 230"
severity = "minor"
ticket = { urgency = "planned", class = "general", trade = "meter", report = "never" }
"""


async def repeat(running: Stage, minutes: int, volts: float) -> None:
    """Have the meter repeat the same values, three times a minute."""
    points = {"voltage.a": volts, "power.active": 1.25}
    for _ in range(3 * minutes):
        seq = int(running.clock.now())
        running.say("telemetry", {"seq": seq, "points": points}, of=METER)
        await running.settle()
        await running.clock.advance(19)
        await running.settle(1)


async def test_a_change_before_a_restart_counts_in_the_window_behind_it() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    drivers = {"lingdang": LingdangDriver(ALL)}
    async with stage(store, clock, (METER,), models=ALL, drivers=drivers) as running:
        await repeat(running, 8, 231.4)
        await repeat(running, 2, 231.5)
    async with stage(store, clock, (METER,), models=ALL, drivers=drivers) as running:
        await repeat(running, 9, 231.5)
        assert await running.open_tickets() == [], "15 minutes have not passed without a change"
        await repeat(running, 5, 231.5)
        assert await running.open_tickets() == ["meter-frozen"]


async def test_a_window_of_a_day_is_filled_from_the_day_before() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    drivers = {"lingdang": LingdangDriver(ALL)}
    rules = load_rules({"own.toml": DAY}, ALL, prove=False)
    async with stage(store, clock, (METER,), models=ALL, drivers=drivers, rules=rules) as running:
        for hour in range(25):
            points = {"voltage.a": 240.0}
            running.say("telemetry", {"seq": hour + 1, "points": points}, of=METER)
            await running.settle()
            await clock.advance(3600)
            await running.settle(1)
        assert await running.open_tickets() == ["high-all-day"]
        points = {"voltage.a": 200.0}
        running.say("telemetry", {"seq": 26, "points": points}, of=METER)
        await running.settle()
    async with stage(store, clock, (METER,), models=ALL, drivers=drivers, rules=rules) as running:
        points = {"voltage.a": 200.0}
        running.say("telemetry", {"seq": 27, "points": points}, of=METER)
        await running.settle()
        (why,) = [each for each in running.intake.live.why("meter-1") if each["rule"]]
        assert why["answer"] == "raised", "the mean of the day is known, and still high"


def test_near_history_is_read_of_all_and_far_history_of_those_that_need_it() -> None:
    asked = []

    def recall(*, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        asked.append((start, end, sorted(uids)))
        return iter(())

    assert list(look_back(recall, {"a": 900.0, "b": 86_400.0}, 1e6)) == []
    assert asked == [(1e6 - 86_400, 1e6 - NEAR, ["b"]), (1e6 - NEAR, 1e6, ["a", "b"])]
    asked.clear()
    assert list(look_back(recall, {"a": 900.0}, 1e6)) == []
    assert asked == [(1e6 - NEAR, 1e6, ["a"])]
    asked.clear()
    assert list(look_back(recall, {"b": 30 * 86_400.0}, 1e6)) == []
    assert asked[0][0] == 1e6 - FAR
