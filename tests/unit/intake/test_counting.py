"""Counters in the intake: what is stored, heard and told, and what a restart knows."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import msgspec

from device_drivers.dialects.lingdang import LingdangDriver
from hub.clock import ManualClock
from hub.intake.counting import COUNTER_PREFIX
from hub.model.device import Kind
from hub.model.report import Quality, Value
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import MODELS, Stage, device, stage

POINT = "energy.import"
MODEL = msgspec.structs.replace(MODELS["peacefair-pzem016"], id="m", driver="lingdang")
ALL = {**MODELS, "m": MODEL}
METER = msgspec.structs.replace(device("meter-1", Kind.ELECTRICITY_METER), model="m")
SITE = (METER,)
DRIVERS = {"lingdang": LingdangDriver(ALL)}


def on_stage(store: MemoryStore, clock: ManualClock) -> AbstractAsyncContextManager[Stage]:
    return stage(store, clock, SITE, models=ALL, drivers=DRIVERS)


async def show(running: Stage, *values: float | None, seconds: float = 60.0) -> None:
    """Have the meter show values, one a minute."""
    for value in values:
        seq = int(running.clock.now())
        running.say("telemetry", {"seq": seq, "points": {POINT: value}}, of=METER)
        await running.settle()
        await running.clock.advance(seconds - 1)
        await running.settle(1)


async def history(store: MemoryStore) -> list[tuple[Value | None, Quality]]:
    page = await store.archive.history(METER.uid, POINT, start=0, end=1e11, limit=1000)
    return [(row.value, row.quality) for row in page.rows]


async def left(store: MemoryStore, clock: ManualClock) -> list[str]:
    """Return the keys of baselines that are stored beside the latest values."""
    snapshot = await store.archive.load(now=clock.now())
    return [row.key for row in snapshot.states if row.key.startswith(COUNTER_PREFIX)]


async def told(store: MemoryStore) -> list[tuple[str, dict[str, object]]]:
    entries = await store.books.journal(after=0, limit=10_000)
    return [(e.type, dict(e.data)) for e in entries if e.type.startswith("device.counter")]


async def test_a_zero_while_the_meter_boots_is_bad_told_once_and_forgotten() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with on_stage(store, clock) as running:
        await show(running, 5000, 0, 5000.1, 0, 5000.2)
        assert running.intake.reception.counts["doubted"] == 2
        assert await running.open_tickets() == []
    good, bad = Quality.GOOD, Quality.BAD
    assert await history(store) == [
        (5000, good), (None, bad), (5000.1, good), (None, bad), (5000.2, good),
    ]  # fmt: skip
    why = {"point": POINT, "value": 0, "before": 5000, "why": "lower than before"}
    assert await told(store) == [("device.counter_doubted", why)]
    assert await left(store, clock) == []


async def test_another_meter_is_believed_with_its_third_reading_and_gets_one_ticket() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with on_stage(store, clock) as running:
        await show(running, 5000, 12, 12.1, 12.2, 12.3)
        assert await running.open_tickets() == ["energy-counter-back"]
    assert [value for value, _ in await history(store)] == [5000, None, None, 12.2, 12.3]
    assert [kind for kind, _ in await told(store)] == [
        "device.counter_doubted",
        "device.counter_replaced",
    ]


async def test_rules_never_hear_what_cannot_have_been_counted() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with on_stage(store, clock) as running:
        await show(running, 5000, 53_700, 5000.4)
        live = running.intake.live.device("meter-1").points[POINT]
        assert (live.value, live.quality) == (5000.4, Quality.GOOD)
    assert [value for value, _ in await history(store)] == [5000, None, 5000.4]


async def test_a_restart_knows_the_last_good_reading_though_the_last_one_was_bad() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with on_stage(store, clock) as running:
        await show(running, 5000, None)
    assert await left(store, clock) == ["counter/d_meter-1/energy.import"]
    async with on_stage(store, clock) as running:
        await show(running, 0)
    async with on_stage(store, clock) as running:
        await show(running, 0.0, 5000.3)
    assert [value for value, _ in await history(store)] == [5000, None, None, None, 5000.3]


async def test_a_restart_goes_on_counting_the_readings_of_another_meter() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    for value in (5000, 12, 12.1, 12.2):
        async with on_stage(store, clock) as running:
            await show(running, value)
    assert [value for value, _ in await history(store)] == [5000, None, None, 12.2]
    assert await left(store, clock) == []


async def test_a_late_reading_is_older_than_the_baseline_and_is_kept_as_it_is() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    async with on_stage(store, clock) as running:
        await show(running, 5000)
        body = {
            "seq": int(clock.now()) - 30,
            "ts": clock.now() - 7200,
            "late": True,
            "points": {POINT: 4980},
        }
        running.say("telemetry", body, of=METER)
        await show(running, 5000.1)
    assert sorted(v for v, _ in await history(store) if isinstance(v, float | int)) == [
        4980, 5000, 5000.1,
    ]  # fmt: skip
