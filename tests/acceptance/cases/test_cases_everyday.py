"""Cases of everyday life: moves, drills, tests, rain, nights and holidays; see docs/cases.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.cases.broker_life import lose_sessions
from tests.acceptance.cases.estate import HOUR, several, thing, write_model
from tests.acceptance.conftest import Tell

pytestmark = [pytest.mark.integration]

EVENING = 1_772_452_800.0
"""2026-03-02 20:00 in the community's time."""


async def test_13_a_door_is_held_open_while_people_move_house(tell: Tell) -> None:
    async with tell(thing("door-1"), thing("door-2", state="maintenance")) as tale:
        for door in ("door-1", "door-2"):
            await tale.says(door, door_open=True, lock_locked=False)
        await tale.until("25m")
        await tale.says("door-1", door_open=False, lock_locked=True)
        await tale.until("2h")
        # The guard was told of the first one; the other one's move had been announced.
        await tale.expect()
        await tale.expect_alarms(
            "2m door-1 door-held until 25m10s", "2m door-2 door-held suppressed"
        )
        await tale.says("door-1", door_open=True)
        await tale.until("3h")
        await tale.expect("2h30m door-1 door.held")


async def test_14_a_fire_drill_opens_all_doors_and_gates(tell: Tell) -> None:
    doors, gates = several("door", 3), several("gate", 2, at="/a")
    async with tell(thing("controller-1"), *doors, *gates) as tale:
        await tale.says("controller-1", fire_input=True)
        for door in doors:
            await tale.says(door.id, door_open=True, lock_locked=False)
            await tale.event(door.id, "door.forced")
        for gate in gates:
            await tale.says(gate.id, arm_position="open")
        await tale.until("45m")
        await tale.expect()
        await tale.says("controller-1", fire_input=False)
        await tale.wait("1m")
        for door in ("door-1", "door-2"):
            await tale.says(door, door_open=False, lock_locked=True)
        await tale.says("gate-1", arm_position="closed")
        await tale.until("1h10m")
        # What is still open three minutes after the drill is a fault of its own.
        await tale.expect("48m door-3 door.held", "48m gate-2 gate.stuck_open")


async def test_15_a_supply_tests_itself(tell: Tell) -> None:
    async with tell(thing("ups-1"), thing("ups-2", state="maintenance")) as tale:
        for _ in range(3):
            await tale.says("ups-1", supply_mains=False, battery_charge=97)
            await tale.wait("68s")
            await tale.says("ups-1", supply_mains=True, battery_charge=99)
            await tale.wait("10m")
        await tale.says("ups-2", supply_mains=False)
        await tale.wait("20m")
        await tale.says("ups-2", supply_mains=True)
        await tale.until("1h20m")
        await tale.expect()


async def test_16_a_recorder_overwrites_its_full_disk(tell: Tell) -> None:
    async with tell(thing("recorder-1")) as tale:
        for _ in range(5):
            await tale.says("recorder-1", disk_ok=False, recording=False, retention_days=31)
            await tale.wait("50s")
            await tale.says("recorder-1", disk_ok=True, recording=True)
            await tale.wait("10m")
        await tale.until("1h10m")
        await tale.expect()


async def test_17_a_recorder_repeats_that_no_video_is_lost(tell: Tell) -> None:
    async with tell(thing("recorder-1"), thing("camera-1")) as tale:
        for _ in range(30):
            await tale.event("recorder-1", "video.restored")
            await tale.event("camera-1", "video.restored")
            await tale.wait("10s")
        await tale.event("camera-1", "video.lost")
        await tale.wait("50s")
        await tale.event("camera-1", "video.restored")
        await tale.wait("10m")
        await tale.expect()
        start = tale.clock.now()
        await tale.event("recorder-1", "video.lost")
        await tale.wait("10m")
        await tale.expect(f"{tale.at(start + 60)} recorder-1 recorder.video_lost")


async def test_18_states_are_told_again_when_the_hub_subscribes_anew(tell: Tell) -> None:
    async with tell(*several("camera", 3), thing("door-1")) as tale:
        await tale.says("camera-1", picture_ok=False)
        await tale.says("door-1", contact_fault=True)
        await tale.until("10m")
        tickets = ["10s door-1 door.contact_line", "5m camera-1 camera.bad_picture"]
        await tale.expect(*tickets)
        for _ in range(3):
            await tale.end()
            await lose_sessions(tale.estate)
            await tale.begin()
            await tale.wait("10m")
        await tale.expect(*tickets)


async def test_19_a_camera_is_updated_in_a_maintenance_window(tell: Tell) -> None:
    async with tell(thing("camera-1", state="maintenance"), thing("camera-2")) as tale:
        for boot in ("b2", "b3", "b4", "b5"):
            await tale.leave("camera-1")
            await tale.wait("4m")
            tale.crowd.boots["camera-1"] = boot
            await tale.come_back("camera-1")
            await tale.says("camera-1", stream_ok=False)
            await tale.wait("6m")
            await tale.says("camera-1", stream_ok=True)
        await tale.wait("5m")
        tale.estate.change("camera-1", state="in_service")
        await tale.restart()
        await tale.until("2h")
        await tale.expect()


async def test_20_rain_lowers_the_quality_of_plates(tell: Tell) -> None:
    async with tell(thing("lpr-1")) as tale:
        await tale.until("70m")
        await tale.says("lpr-1", plate_confidence=62, plate_rate=55)
        await tale.wait("25m")
        await tale.says("lpr-1", plate_confidence=94, plate_rate=97)
        await tale.until("4h")
        await tale.expect()


async def test_21_nobody_is_at_home_over_the_holidays(tell: Tell, tmp_path: Path) -> None:
    slow = 6 * HOUR
    write_model(tmp_path, "slow-meter", "electricity_meter", slow, {"energy.import": slow})
    write_model(tmp_path, "slow-water", "water_meter", slow, {"volume.total": slow})
    meters = (
        thing("meter-1", model="slow-meter", beat=slow, more={"scope": "household"}),
        thing("meter-2", model="slow-meter", beat=slow, more={"scope": "public"}),
        thing("water-1", model="slow-water", beat=slow, more={"scope": "household"}),
        thing("meter-3", model="slow-meter", beat=slow, more={"scope": "public"}),
    )
    async with tell(*meters) as tale:
        for number in (1, 2, 3):
            await tale.says(f"meter-{number}", power_active=0.04)
        for day in range(9):
            # Only the corridor's lamps go on burning; the third one is bridged.
            await tale.wait("1d")
            await tale.says("meter-2", energy_import=5001 + day)
        # At the midnight that ends its seventh day.
        await tale.expect("6d14h meter-3 meter.no_use")


async def test_22_it_gets_dark(tell: Tell) -> None:
    async with tell(thing("camera-1"), start=EVENING) as tale:
        for _ in range(3):
            await tale.says("camera-1", picture_ok=False)
            await tale.wait("4m30s")
            await tale.says("camera-1", picture_ok=True)
            await tale.wait("20m")
        await tale.expect()


async def test_28_a_ticket_is_closed_while_its_fault_goes_on(tell: Tell) -> None:
    async with tell(thing("gate-1"), thing("gate-2")) as tale:
        await tale.says("gate-1", boom_broken=True)
        await tale.says("gate-2", boom_broken=True)
        await tale.until("10m")
        for gate in ("gate-1", "gate-2"):
            await tale.close(gate, "gate.boom_broken", reason="looks well to me")
        await tale.until("30m")
        closed = [f"2s gate-{number} gate.boom_broken closed" for number in (1, 2)]
        await tale.expect(*closed)
        # One is good in between; the other one is still there after an hour.
        await tale.says("gate-1", boom_broken=False)
        await tale.until("31m")
        await tale.says("gate-1", boom_broken=True)
        await tale.until("1h9m")
        await tale.expect("2s gate-1 gate.boom_broken reopened", closed[1])
        await tale.until("1h20m")
        await tale.expect(
            "2s gate-1 gate.boom_broken reopened", "2s gate-2 gate.boom_broken reopened"
        )
        reopened = await tale.journal("ticket.reopened")
        assert [line.split()[0] for line in reopened] == ["31m2s", "1h10m"]


async def test_28_the_ticket_of_a_silent_switch_is_closed(tell: Tell) -> None:
    behind = several("camera", 3, upstream="switch-1")
    async with tell(thing("switch-1"), *behind) as tale:
        names = [each.id for each in behind]
        await tale.fall_silent("switch-1", *names)
        await tale.until("20m")
        await tale.close("switch-1", "network.switch_down", reason="cannot find anything")
        await tale.until("1h10m")
        line = f"4m switch-1 network.switch_down with {' '.join(names)}"
        # Those behind it stay explained: nobody rings for each of them.
        await tale.expect(f"{line} closed")
        await tale.until("1h30m")
        await tale.expect(f"{line} reopened")


async def test_c_a_fault_begins_in_a_maintenance_and_outlasts_it(tell: Tell) -> None:
    async with tell(thing("gate-1", state="maintenance"), thing("gate-2")) as tale:
        await tale.until("10m")
        await tale.says("gate-1", boom_broken=True)
        await tale.until("1h")
        await tale.expect()
        tale.estate.change("gate-1", state="in_service")
        await tale.restart(away="5s")
        await tale.until("1h5m")
        await tale.expect("1h5s gate-1 gate.boom_broken")
