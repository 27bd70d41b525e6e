"""What rules look back on outlives a restart: windows are filled from history."""

from __future__ import annotations

import msgspec

from device_drivers.dialects.lingdang import LingdangDriver
from hub.clock import ManualClock
from hub.model.device import Kind
from hub.store.memory import MemoryStore
from tests.unit.intake.stage import MODELS, Stage, device, stage

MODEL = msgspec.structs.replace(MODELS["peacefair-pzem016"], id="m", driver="lingdang")
ALL = {**MODELS, "m": MODEL}
METER = msgspec.structs.replace(device("meter-1", Kind.ELECTRICITY_METER), model="m")


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
