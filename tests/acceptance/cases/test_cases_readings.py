"""Cases of readings, counters, clocks and meters; see docs/cases.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.cases.estate import HOUR, thing, write_model
from tests.acceptance.cases.meter_bus import BUS, bus_settings, listening_bus
from tests.acceptance.conftest import Tell
from tests.support.modbus_faults import Fault, FaultyGateway

pytestmark = [pytest.mark.integration]

NAN = float("nan")
EIGHT_HOURS = 8 * HOUR


async def test_06_plates_that_are_replayed_after_a_gap(tell: Tell) -> None:
    async with tell(thing("lpr-1")) as tale:
        await tale.until("1m")
        await tale.leave("lpr-1")
        await tale.until("3m")
        await tale.come_back("lpr-1")
        for number in range(20):
            body = {"name": "plate.read", "data": {"plate": "k1"}, "late": True}
            await tale.crowd.send("lpr-1", "event", body, ts=tale.start + 60 + 5 * number)
            points = {"points": {"plate.confidence": 20, "plate.rate": 5}, "late": True}
            await tale.crowd.send("lpr-1", "telemetry", points, ts=tale.start + 62 + 5 * number)
        await tale.until("1h")
        await tale.expect()
        # The same, live, is a camera that sees one plate all the time.
        for _ in range(5):
            await tale.event("lpr-1", "plate.read", plate="k1")
            await tale.wait("5s")
        await tale.expect("1h20s lpr-1 lpr.repeats")


async def test_08_a_counter_shows_nothing_after_its_meter_has_booted(tell: Tell) -> None:
    async with listening_bus("eastron-sdm630", 1) as bus:
        meter = thing("meter-1", model="eastron-sdm630", link=BUS, more={"scope": "public"})
        async with tell(meter, more=bus_settings(bus.port)) as tale:
            bus.clock = tale.clock
            await tale.until("10m")
            bus.shown[1]["import"] = 0.0
            await tale.wait("30s")
            assert tale.reading("meter-1", "energy.import") is None
            bus.shown[1].pop("import")
            await tale.until("30m")
            await tale.expect()
            assert await tale.journal("device.counter_doubted")


async def test_09_a_late_reply_with_another_registers_value(tell: Tell, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "two-registers.toml").write_text(TWO_REGISTERS, "utf-8")
    gateway = FaultyGateway("rtu_over_tcp")
    gateway.late = 1.5
    async with gateway.listening() as port:
        meter = thing("meter-1", model="two-registers", link=BUS)
        more = bus_settings(port, "rtu_over_tcp", timeout=1.0)
        async with tell(meter, more=more) as tale:
            await tale.until("2m")
            for _ in range(4):
                gateway.only = lambda asked: asked.start == 200
                gateway.faults[1] = Fault.LATE
                await tale.wait("10s")
                del gateway.faults[1]
                await tale.wait("50s")
            await tale.until("10m")
            await tale.expect()
            assert await tale.history("meter-1", "current.a") == {66.5}
            assert await tale.history("meter-1", "voltage.a") == {228.0}


async def test_10_values_that_are_no_numbers(tell: Tell) -> None:
    async with listening_bus("eastron-sdm630", 1) as bus:
        meter = thing("meter-1", model="eastron-sdm630", link=BUS)
        async with tell(meter, thing("gate-1"), more=bus_settings(bus.port)) as tale:
            bus.clock = tale.clock
            await tale.until("5m")
            bus.shown[1] |= {"voltage.2": NAN, "current.2": NAN, "power": NAN, "import": NAN}
            await tale.says("gate-1", motor_temperature=3276.7, loop_occupied=None)
            await tale.wait("1m")
            assert tale.reading("meter-1", "voltage.b") is None
            assert tale.reading("meter-1", "voltage.a") is not None
            await tale.until("20m")
            await tale.expect()


@pytest.mark.parametrize("ahead", [EIGHT_HOURS, -EIGHT_HOURS])
async def test_11_a_clock_in_the_wrong_zone(tell: Tell, ahead: float) -> None:
    async with tell(thing("gate-1"), thing("door-1"), thing("lpr-1")) as tale:
        await tale.until("30s")
        tale.crowd.ahead["gate-1"] = ahead
        await tale.until("40m")
        # Its next five states, from 1m on, are off by as much.
        await tale.expect("5m gate-1 clock.wrong")
        tale.crowd.ahead["gate-1"] = 0.0
        await tale.until("1h20m")
        await tale.expect("5m gate-1 clock.wrong recovered")


async def test_24_a_meter_is_replaced_and_counts_from_another_number(tell: Tell) -> None:
    async with listening_bus("eastron-sdm630", 1) as bus:
        meter = thing("meter-1", model="eastron-sdm630", link=BUS)
        async with tell(meter, thing("gate-1"), more=bus_settings(bus.port)) as tale:
            bus.clock = tale.clock
            await tale.until("10m")
            bus.shown[1]["import"] = 12.0
            tale.crowd.boots["gate-1"] = "x1"
            await tale.until("25m")
            # Nobody has told the hub of the swap: one planned job says so, and nothing of its use.
            await tale.expect("11m10s meter-1 meter.counter_back recovered")


async def test_29_a_clock_that_is_set_back_in_the_middle_of_a_hold(tell: Tell) -> None:
    async with tell(thing("door-1"), thing("gate-1")) as tale:
        await tale.says("gate-1", arm_position="open")
        await tale.until("1m30s")
        tale.crowd.ahead |= {"door-1": -HOUR, "gate-1": -HOUR}
        await tale.says("gate-1")
        # A hold of a fault that begins after the clock was set back is not over at once either.
        await tale.says("door-1", contact_fault=True)
        await tale.wait("5s")
        await tale.says("door-1", contact_fault=False)
        await tale.until("10m")
        await tale.says("gate-1", arm_position="closed")
        await tale.until("1h")
        await tale.expect(
            "3m gate-1 gate.stuck_open recovered",
            "4m35s door-1 clock.wrong",
            "5m30s gate-1 clock.wrong",
        )


async def test_a_a_slow_drift_below_each_threshold(tell: Tell, tmp_path: Path) -> None:
    write_model(
        tmp_path, "slow-controller", "access_controller", 6 * HOUR, {"battery.voltage": 6 * HOUR}
    )
    controller = thing("controller-1", model="slow-controller", beat=6 * HOUR)
    async with tell(controller) as tale:
        voltage = 13.6
        for _ in range(60):
            await tale.wait("6h")
            voltage -= 0.05
            await tale.says("controller-1", battery_voltage=round(voltage, 2))
        await tale.expect("10d18h10m controller-1 access.battery_low")


async def test_b_a_meter_whose_values_are_frozen(tell: Tell) -> None:
    async with listening_bus("eastron-sdm630", 1) as bus:
        meter = thing("meter-1", model="eastron-sdm630", link=BUS)
        async with tell(meter, more=bus_settings(bus.port)) as tale:
            bus.clock = tale.clock
            await tale.until("20m")
            await tale.expect()
            bus.slaves[1].frozen_at = tale.clock.now()
            await tale.until("45m")
            await tale.expect("35m meter-1 meter.frozen")


async def test_b_a_meter_whose_values_and_clock_are_frozen(tell: Tell, tmp_path: Path) -> None:
    points = dict.fromkeys(("voltage.a", "power.active", "energy.import"), 60.0)
    write_model(tmp_path, "mqtt-meter", "electricity_meter", 60.0, points)
    async with tell(thing("meter-1", model="mqtt-meter", beat=HOUR)) as tale:
        for minute in range(60):
            alive = min(minute, 20)
            shown = {"voltage.a": 230 + alive % 7 / 10, "power.active": 1 + alive % 3 / 100}
            told = tale.start + 60 * alive
            await tale.crowd.send("meter-1", "telemetry", {"points": shown}, ts=told)
            await tale.wait("1m")
        await tale.expect("27m meter-1 clock.wrong", "35m meter-1 meter.frozen")


async def test_e_a_device_that_speaks_once_a_day(tell: Tell, tmp_path: Path) -> None:
    day = 24 * HOUR
    write_model(tmp_path, "daily", "water_meter", day, {"volume.total": day})
    async with tell(thing("water-1", model="daily", beat=day)) as tale:
        await tale.until("7d")
        await tale.expect()
        await tale.fall_silent("water-1")
        await tale.until("14d")
        await tale.expect("10d1m water-1 water.silent")


async def test_f_a_fault_while_the_clock_is_wrong(tell: Tell) -> None:
    async with tell(thing("gate-1"), thing("gate-2")) as tale:
        tale.crowd.ahead["gate-1"] = EIGHT_HOURS
        await tale.until("30m")
        await tale.says("gate-1", boom_broken=True)
        # And one whose clock goes wrong with its fault.
        tale.crowd.ahead["gate-2"] = -EIGHT_HOURS
        await tale.says("gate-2", boom_broken=True)
        await tale.until("1h")
        await tale.expect(
            "5m gate-1 clock.wrong",
            "30m2s gate-1 gate.boom_broken",
            "34m gate-2 clock.wrong",
            "34m2s gate-2 gate.boom_broken",
        )


async def test_g_a_second_fault_of_the_same_device(tell: Tell) -> None:
    async with tell(thing("gate-1")) as tale:
        await tale.says("gate-1", boom_broken=True)
        await tale.until("1m")
        await tale.says("gate-1", loop_occupied=True)
        await tale.until("1h")
        await tale.expect("2s gate-1 gate.boom_broken", "16m gate-1 gate.loop_stuck")


TWO_REGISTERS = """
id = "two-registers"
kind = "electricity_meter"
driver = "modbus"
name = { zh = "两个寄存器", en = "Two registers" }
heartbeat = 60
function = 3
max_registers = 10
source = "test"
confidence = "high"
[points]
"voltage.a" = { period = 10, minimum = 0, maximum = 330 }
"current.a" = { period = 10, minimum = 0 }
[[registers]]
point = "current.a"
address = 10
type = "uint16"
scale = 0.25
[[registers]]
point = "voltage.a"
address = 200
type = "uint16"
scale = 0.5
"""
"""Unit 1 shows 266 and 456 there: taken for a current, its voltage would be 114 A."""


async def test_09_a_loose_terminal_damages_every_other_answer(tell: Tell, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "two-registers.toml").write_text(TWO_REGISTERS, "utf-8")
    gateway = FaultyGateway("rtu_over_tcp")
    async with gateway.listening() as port:
        meter = thing("meter-1", model="two-registers", link=BUS)
        more = bus_settings(port, "rtu_over_tcp", timeout=1.0)
        async with tell(meter, more=more) as tale:
            await tale.until("20m")
            for _ in range(60):
                gateway.faults[1] = Fault.GARBAGE
                await tale.wait("10s")
                del gateway.faults[1]
                await tale.wait("10s")
            # Each damaged answer is asked for again by the next poll: nobody is silent.
            await tale.expect_alarms("35m10s meter-1 bus-errors")
            assert tale.reading("meter-1", "link.errors") == 60
            await tale.restart()
            assert tale.reading("meter-1", "link.errors") == 60
            await tale.wait("1h")
            assert await tale.journal("device.silent") == []
