"""Cases of networks, supplies and silence; see docs/cases.md."""

from __future__ import annotations

import pytest

from tests.acceptance.cases.estate import several, thing
from tests.acceptance.conftest import Tell

pytestmark = [pytest.mark.integration]


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
        await tale.until("40m")
        names = sorted(each.id for each in fed)
        # Ten seconds that a self-test may take, and a minute to see what stands above it.
        line = f"2m10s ups-1 power.mains_lost with {' '.join(names)}"
        await tale.expect(line)
        await tale.says("ups-1", supply_mains=True)
        await tale.come_back("ups-1", *names)
        await tale.until("1h")
        await tale.expect(f"{line} recovered")


async def test_04_a_power_cut_of_which_nobody_tells(tell: Tell) -> None:
    things = [*several("door", 4), *several("controller", 3), thing("door-9", at="/a/b2")]
    async with tell(*things) as tale:
        await tale.until("1m")
        await tale.fall_silent(*(each.id for each in things if each.place == "/a/b1"))
        await tale.until("30m")
        building = f"{tale.estate.community}/a/b1"
        # Nothing says what feeds them: one ticket for each kind, at the building.
        await tale.expect(
            f"5m {building} door.silent with door-1 door-2 door-3 door-4",
            f"5m {building} access.silent with controller-1 controller-2 controller-3",
        )


async def test_12_a_heartbeat_that_jitters_around_the_limit(tell: Tell) -> None:
    async with tell(thing("gate-1", beat=180.0), thing("door-1", beat=179.9)) as tale:
        await tale.until("30m")
        for pause in ("3m", "3m0.5s", "3m20s", "3m50s", "3m59s"):
            await tale.come_back("gate-1", "door-1")
            await tale.fall_silent("gate-1", "door-1")
            await tale.wait(pause)
        await tale.come_back("gate-1", "door-1")
        await tale.until("1h10m")
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
        await tale.until("2h")
        await tale.expect("1h8m door-1 network.flapping recovered")


async def test_25_two_rules_for_one_cause(tell: Tell) -> None:
    doors = several("door", 2, upstream="controller-1")
    async with tell(thing("controller-1"), *doors) as tale:
        await tale.fall_silent("controller-1", "door-1", "door-2")
        await tale.until("20m")
        line = "4m controller-1 access.silent with door-1 door-2"
        await tale.expect(line)
        await tale.come_back("controller-1", "door-1", "door-2")
        await tale.until("40m")
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
        await tale.until("45m")
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
        await tale.until("1h10m")
        # The hub was away when both went: silence counts from its return.
        await tale.expect("4m door-1 door.silent", "44m switch-1 network.switch_down with camera-1")


async def test_d_one_child_does_not_return_after_its_parents_ticket_is_closed(tell: Tell) -> None:
    behind = several("camera", 3, upstream="switch-1")
    async with tell(thing("switch-1"), *behind) as tale:
        names = [each.id for each in behind]
        await tale.fall_silent("switch-1", *names)
        await tale.until("20m")
        await tale.come_back("switch-1", "camera-1", "camera-2")
        await tale.until("21m")
        await tale.close("switch-1", "network.switch_down")
        await tale.until("1h")
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
