"""Cases of restarts, networks and silence; see docs/cases.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.cases.broker_life import connected_with_will, lose_sessions
from tests.acceptance.cases.conftest import Tell
from tests.acceptance.cases.estate import HOUR, several, thing, write_model
from tests.support.broker import running_broker

pytestmark = [pytest.mark.integration]


async def test_01_a_restart_of_the_hub(tell: Tell) -> None:
    async with tell(*several("door", 3), thing("gate-1"), thing("controller-1")) as tale:
        await tale.says("gate-1", boom_broken=True)
        await tale.until("1m")
        await tale.says("door-1", contact_fault=True)
        await tale.until("1m5s")
        await tale.restart(away="2s")
        await tale.expect("2s gate-1 gate.boom_broken")
        await tale.until("5m")
        await tale.restart(away="10m")
        await tale.until("30m")
        # It was away for 2 s, and waits as long as the cut has lasted before a timer comes.
        await tale.expect("2s gate-1 gate.boom_broken", "1m14s door-1 door.contact_line")
        await tale.expect_alarms("2s gate-1 barrier-boom-broken", "1m10s door-1 door-contact-fault")


async def test_02_a_restart_of_the_broker_with_old_retained_states(
    tell: Tell, require_server: Callable[[str], Path], tmp_path: Path
) -> None:
    program = require_server("mosquitto")
    async with (
        running_broker(program, tmp_path / "broker") as broker,
        tell(thing("gate-1"), thing("door-1"), *several("camera", 3), port=broker.port) as tale,
    ):
        await tale.says("gate-1", boom_broken=True)
        old = tale.crowd.said["gate-1"]
        await tale.until("10m")
        await tale.says("gate-1", boom_broken=False)
        await tale.until("11m")
        await tale.close("gate-1", "gate.boom_broken")
        # What the broker wrote to its disk last is older than what it had told.
        await tale.crowd.publish("gate-1", "state", old)
        await tale.crowd.leave()
        await broker.stop()
        await tale.wait("30s")
        await broker.start()
        await lose_sessions(tale.estate)
        await tale.reconnect()
        await tale.crowd.join()
        await tale.until("40m")
        assert await tale.journal("link.gap")
        await tale.expect("2s gate-1 gate.boom_broken recovered closed")


async def test_03_a_gateway_reboots_and_all_behind_it_are_silent(tell: Tell) -> None:
    doors = several("door", 6, upstream="gateway-1")
    async with tell(thing("gateway-1"), *doors) as tale:
        everybody = ("gateway-1", *(each.id for each in doors))
        await tale.until("1m30s")
        await tale.leave(*everybody)
        await tale.wait("90s")
        await tale.come_back(*everybody)
        await tale.until("20m")
        await tale.expect()


async def test_04_a_power_cut_of_one_building(tell: Tell) -> None:
    fed = [*several("door", 4, power="ups-1"), *several("controller", 2, power="ups-1")]
    async with tell(thing("ups-1"), thing("door-9", at="/a/b2"), *fed) as tale:
        await tale.until("1m")
        await tale.says("ups-1", supply_mains=False)
        await tale.until("6m")
        await tale.fall_silent(*(each.id for each in fed), "ups-1")
        await tale.until("2h")
        names = sorted(each.id for each in fed)
        # Ten seconds that a self-test may take, and a minute to see what stands above it.
        line = f"2m10s ups-1 power.mains_lost with {' '.join(names)}"
        await tale.expect(line)
        await tale.says("ups-1", supply_mains=True)
        await tale.come_back("ups-1", *names)
        await tale.until("3h")
        await tale.expect(f"{line} recovered")


async def test_05_a_will_that_comes_after_the_device_is_back(tell: Tell) -> None:
    async with tell(thing("gate-1")) as tale:
        will = json.dumps({"boot": "b1", "state": "offline"}).encode()
        async with connected_with_will(tale.estate, "old-gate", "gate-1/avail", will) as old:
            tale.crowd.boots["gate-1"] = "b2"
            await tale.come_back("gate-1")
            await tale.until("1m30s")
            old.transport.abort()
            await tale.heard(lambda: tale.hub.intake.reception.counts["late_wills"] == 1)
        await tale.until("20m")
        await tale.expect()
        assert await tale.journal("device.silent") == []


async def test_07_a_message_that_is_delivered_three_times(tell: Tell, tmp_path: Path) -> None:
    write_model(tmp_path, "slow-door", "unit_door", 6 * HOUR, {})
    async with tell(thing("door-1", model="slow-door", beat=6 * HOUR)) as tale:
        await tale.until("25h")
        await tale.event("door-1", "door.forced")
        for _ in range(2):
            await tale.crowd.publish("door-1", "event", tale.crowd.said["door-1"])
        await tale.until("26h")
        # Three different ones would also make the contact suspicious.
        await tale.expect("1d1h door-1 door.forced recovered")
        assert tale.hub.intake.reception.counts["duplicates"] == 2


async def test_12_a_heartbeat_that_jitters_around_the_limit(tell: Tell) -> None:
    async with tell(thing("gate-1", beat=180.0), thing("door-1", beat=179.9)) as tale:
        await tale.until("30m")
        for pause in ("3m", "3m0.5s", "3m20s", "3m50s", "3m59s"):
            await tale.come_back("gate-1", "door-1")
            await tale.fall_silent("gate-1", "door-1")
            await tale.wait(pause)
        await tale.come_back("gate-1", "door-1")
        await tale.until("2h")
        await tale.expect()


async def test_23_a_link_that_flaps_at_the_edge_of_the_hold(tell: Tell) -> None:
    async with tell(thing("gate-1"), thing("door-1")) as tale:
        for _ in range(5):
            await tale.fall_silent("gate-1")
            await tale.wait("3m50s")
            await tale.come_back("gate-1")
        await tale.expect()
        await tale.until("1h")
        for _ in range(5):
            await tale.leave("door-1")
            await tale.wait("1m")
            await tale.come_back("door-1")
            await tale.wait("1m")
        await tale.until("3h")
        await tale.expect("1h8m door-1 network.flapping recovered")


async def test_25_two_rules_for_one_cause(tell: Tell) -> None:
    doors = several("door", 2, upstream="controller-1")
    async with tell(thing("controller-1"), *doors) as tale:
        await tale.fall_silent("controller-1", "door-1", "door-2")
        await tale.until("1h")
        line = "4m controller-1 access.silent with door-1 door-2"
        await tale.expect(line)
        await tale.come_back("controller-1", "door-1", "door-2")
        await tale.until("2h")
        await tale.expect(f"{line} recovered")


async def test_26_a_cut_of_twenty_minutes_that_ends(tell: Tell) -> None:
    behind = several("camera", 6, upstream="switch-1")
    async with tell(thing("switch-1"), *behind) as tale:
        names = [each.id for each in behind]
        await tale.until("30s")
        await tale.fall_silent("switch-1", *names)
        await tale.until("20m30s")
        line = f"4m switch-1 network.switch_down with {' '.join(names)}"
        await tale.expect(line)
        await tale.come_back("switch-1")
        for name in names:
            await tale.wait("19s")
            await tale.come_back(name)
        await tale.until("2h")
        await tale.expect(f"{line} recovered")


async def test_27_a_device_goes_while_its_parent_is_unknown(tell: Tell) -> None:
    async with tell(
        thing("gateway-1"),
        thing("door-1", upstream="gateway-1"),
        thing("switch-1"),
        thing("camera-1", upstream="switch-1"),
        unheard=["gateway-1"],
    ) as tale:
        await tale.fall_silent("door-1")
        await tale.until("10m")
        # Nobody has ever heard the gateway, so it explains nothing.
        await tale.expect("4m door-1 door.silent")
        await tale.end()
        await tale.fall_silent("switch-1", "camera-1")
        await tale.wait("30m")
        await tale.begin()
        await tale.until("2h")
        # The hub was away when both went: silence counts from its return.
        await tale.expect("4m door-1 door.silent", "44m switch-1 network.switch_down with camera-1")


async def test_30_the_first_message_ever_tells_of_a_fault(tell: Tell) -> None:
    things = (thing("gate-1"), thing("gate-2", state="commissioning"), thing("gate-3"))
    names = [each.id for each in things]
    async with tell(*things, unheard=names) as tale:
        await tale.end()
        for name in names:
            tale.crowd.last[name]["boom.broken"] = True
        await tale.crowd.send(
            "gate-3", "state", {"points": {"boom.broken": True}}, ts=tale.clock.now() - 9e6
        )
        await lose_sessions(tale.estate)
        await tale.begin()
        await tale.until("10m")
        # A retained state is of an age that nobody knows: it counts from when it came.
        await tale.expect("5s gate-3 gate.boom_broken")
        await tale.come_back("gate-1", "gate-2")
        await tale.until("1h")
        await tale.expect("5s gate-3 gate.boom_broken", "10m2s gate-1 gate.boom_broken")


async def test_d_one_child_does_not_return_after_its_parents_ticket_is_closed(tell: Tell) -> None:
    behind = several("camera", 3, upstream="switch-1")
    async with tell(thing("switch-1"), *behind) as tale:
        names = [each.id for each in behind]
        await tale.fall_silent("switch-1", *names)
        await tale.until("20m")
        await tale.come_back("switch-1", "camera-1", "camera-2")
        await tale.until("21m")
        await tale.close("switch-1", "network.switch_down")
        await tale.until("2h")
        line = f"4m switch-1 network.switch_down with {' '.join(names)} recovered closed"
        await tale.expect(line, "22m30s camera-3 camera.lost")


async def test_h_flapping_just_under_the_limit(tell: Tell) -> None:
    async with tell(thing("gate-1")) as tale:
        await tale.until("1m")
        for _ in range(10):
            await tale.says("gate-1", boom_broken=True)
            await tale.wait("1m")
            await tale.says("gate-1", boom_broken=False)
            await tale.wait("2m")
        await tale.until("1h")
        await tale.expect("1m2s gate-1 gate.boom_broken recovered")
        for _ in range(12):
            await tale.leave("gate-1")
            await tale.wait("1m")
            await tale.come_back("gate-1")
            await tale.wait("3m")
        # Never five times in a quarter of an hour, but twelve times in a day.
        await tale.expect("1m2s gate-1 gate.boom_broken recovered", "1h44m gate-1 network.flapping")
