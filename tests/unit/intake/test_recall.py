"""What rules look back on outlives a restart: windows are filled from history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from random import Random

import msgspec
import pytest

from device_drivers.dialects.lingdang import LingdangDriver
from hub.clock import ManualClock
from hub.intake.look_back import NEAR, look_back
from hub.model.device import Kind
from hub.model.report import Report, Sample, Topic
from hub.ports import Changes, HourOfPoint
from hub.store.memory import MemoryStore
from rules.engine import Engine
from rules.recall import FAR
from rules.rule import Rule
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


class Asked:
    """An archive that holds nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.readings: list[tuple[float, float, list[str]]] = []
        self.hours: list[tuple[float, float, Mapping[str, Collection[str]]]] = []

    def recall(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        self.readings.append((start, end, sorted(uids)))
        return iter(())

    def recall_hours(
        self, *, start: float, end: float, points: Mapping[str, Collection[str]]
    ) -> Iterator[HourOfPoint]:
        self.hours.append((start, end, points))
        return iter(())


def test_near_history_is_read_of_all_and_far_history_of_those_that_need_it() -> None:
    asked = Asked()
    assert list(look_back(asked, {"a": 900.0, "b": 86_400.0}, {}, 1e6)) == []
    assert asked.readings == [(1e6 - 86_400, 1e6 - NEAR, ["b"]), (1e6 - NEAR, 1e6, ["a", "b"])]
    asked = Asked()
    assert list(look_back(asked, {"a": 900.0}, {}, 1e6)) == []
    assert asked.readings == [(1e6 - NEAR, 1e6, ["a"])]
    assert asked.hours == []


def test_what_lies_further_back_is_read_as_hours_that_end_where_readings_begin() -> None:
    asked, week, far = Asked(), 7 * 86_400.0, {"b": {"flow"}}
    assert list(look_back(asked, {"a": 900.0, "b": week}, far, 1e6)) == []
    [(start, end, points)] = asked.hours
    assert (start, points) == (1e6 - week - 3600, far)
    assert end % 3600 == 0
    assert FAR <= 1e6 - end < FAR + 3600
    assert asked.readings[0] == (end, 1e6 - NEAR, ["b"])


WEEK = """
[[rule]]
id = "{name}"
name = {{ zh = "周", en = "week" }}
kind = "electricity_meter"
when = "{function}(voltage.a,'7d') > 1e9"
"""
FUNCTIONS = ("avg", "sum", "count", "min", "max", "median", "delta", "changes")


def week_rules() -> tuple[Rule, ...]:
    texts = (WEEK.format(name=f"w-{name}", function=name) for name in FUNCTIONS)
    return load_rules({"own.toml": "\n".join(texts)}, ALL, prove=False)


def week_engine() -> Engine:
    engine = Engine(week_rules(), judge_clocks=False)
    engine.set_world([METER], {}, ALL)
    return engine


def windows(engine: Engine, now: float) -> dict[str, float | None]:
    """Return what the windows of the meter say."""
    d = engine._world[METER.uid]
    found = {name: d.trackers[index] for name, index in d.plan.tracker_by_key.items()}
    return {name.partition("(")[0]: window.read(now)[0] for name, window in found.items()}


async def test_a_restart_leaves_a_window_of_a_week_as_it_was() -> None:
    """Within two of its 168 hours: its old end moves by hours for what was read as hours."""
    clock = ManualClock(1_764_000_000.0)
    store, engine, chance = MemoryStore(clock), week_engine(), Random(7)
    start = clock.now() - 9 * 86_400.0
    for minute in range(0, 9 * 1440, 10):
        at, volts = start + 60.0 * minute, round(230 + 8 * chance.random(), 1)
        said = Report(
            address="", uid=METER.uid, topic=Topic.TELEMETRY, at=at, received=at, seq=minute,
            samples=(Sample("voltage.a", volts),),
        )  # fmt: skip
        await store.committer.commit(Changes(readings=[said]))
        engine.apply(said)
    now = clock.now()
    engine.advance(now)
    again, far = week_engine(), engine.far_points()
    assert far == {METER.uid: {"voltage.a"}}
    history = look_back(store.archive, again.spans(), again.far_points(), now)
    again.restore(engine.take_states(), [], [], history, now)
    before, after = windows(engine, now), windows(again, now)
    assert after.pop("changes") is None, "hours do not tell how often a value has changed"
    before.pop("changes")
    assert before["count"] == pytest.approx(7 * 144, abs=2)
    assert after["count"] == pytest.approx(before["count"], abs=12)
    assert after["sum"] == pytest.approx(before["sum"], rel=2 / 168)
    assert after["delta"] == pytest.approx(before["delta"], abs=16)
    for name in ("avg", "median"):
        assert after[name] == pytest.approx(before[name], abs=0.5)
    assert (after["min"], after["max"]) == (before["min"], before["max"])


def test_a_long_window_of_which_no_hours_are_kept_is_unknown_until_it_is_full() -> None:
    engine = week_engine()
    now = 1_764_000_000.0
    for day in range(9):
        at = now - (9 - day) * 86_400.0
        samples = (Sample("voltage.a", 230.0),)
        engine.apply(
            Report(
                address="",
                uid=METER.uid,
                topic=Topic.TELEMETRY,
                at=at,
                received=at,
                samples=samples,
            )
        )
    assert windows(engine, now)["avg"] == 230.0
    again = week_engine()
    again.restore(engine.take_states(), [], [], [], now)
    assert set(windows(again, now).values()) == {None}
