"""Who is silent among devices behind a bridge: sleepers are not, and a late will takes nobody."""

from __future__ import annotations

from typing import Any

import msgspec

from device_drivers.dialects.zigbee2mqtt import Zigbee2mqttDriver
from hub.model.device import Kind, LinkState
from tests.support.shipped import MODELS
from tests.unit.intake.stage import Stage, device, stage

SLEEPS, BEATS = 40.0, 10.0
"""Heartbeats in seconds, of the sensor and of its bridge; shorter than theirs by far."""
ALL = MODELS | {
    name: msgspec.structs.replace(MODELS[name], driver="lingdang", heartbeat=heartbeat)
    for name, heartbeat in (("zigbee2mqtt-leak", SLEEPS), ("zigbee2mqtt-bridge", BEATS))
}
BRIDGE = device("bridge", Kind.GATEWAY, model="zigbee2mqtt-bridge")
LEAKS = [device(n, Kind.SENSOR, model="zigbee2mqtt-leak", upstream="bridge") for n in ("a", "b")]
DRY = b'{"water_leak":false,"battery":90}'


def run() -> Any:  # noqa: ANN401 - a context
    drivers = {"lingdang": Zigbee2mqttDriver(ALL)}
    return stage(devices=(BRIDGE, *LEAKS), models=ALL, drivers=drivers)


def say(running: Stage, topic: str, payload: bytes, **fields: Any) -> None:  # noqa: ANN401
    running.raw(f"zigbee2mqtt/{topic}", payload, **fields)


def links(running: Stage) -> dict[str, LinkState]:
    return {view.device.id: view.link for view in running.intake.live.devices()}


async def test_a_sensor_that_sleeps_is_heard_and_its_bridge_with_whoever_speaks() -> None:
    async with run() as running:
        for _ in range(2):
            say(running, "a", DRY)
            for _ in range(4):
                await running.settle(10)
                say(running, "bridge/health", b"{}")
        assert set(links(running).values()) == {LinkState.ONLINE, LinkState.UNKNOWN}
        assert await running.open_tickets() == []


async def test_a_late_will_of_the_bridge_takes_neither_it_nor_anybody_behind_it() -> None:
    async with run() as running:
        say(running, "a", DRY)
        say(running, "b", DRY)
        await running.settle(5)
        say(running, "bridge/state", b'{"state":"offline"}')
        await running.settle(5)
        say(running, "a", DRY)
        await running.settle(20)
        assert set(links(running).values()) == {LinkState.ONLINE}
        assert "device.silent" not in await running.types()


async def test_a_bridge_that_is_gone_takes_all_behind_it_and_is_one_ticket() -> None:
    async with run() as running:
        for name in ("a", "b"):
            say(running, name, DRY)
        await running.settle(5)
        say(running, "bridge/state", b'{"state":"offline"}')  # soon after its last word: doubted
        await running.settle(BEATS + 6)
        assert set(links(running).values()) == {LinkState.SILENT}
        assert (await running.types()).count("device.silent") == 3
        await running.settle(3 * SLEEPS + 70)
        assert await running.open_tickets() == ["gateway-silent"]


async def test_a_bridge_that_was_quiet_before_its_will_is_gone_at_once() -> None:
    async with run() as running:
        say(running, "a", DRY)
        say(running, "bridge/state", b'{"state":"online"}', retained=True)
        await running.settle(20)
        assert links(running)["bridge"] is LinkState.ONLINE
        await running.settle(72)
        say(running, "bridge/state", b'{"state":"offline"}')
        await running.settle()
        assert links(running)["a"] is LinkState.SILENT


async def test_a_message_with_a_bad_part_is_acknowledged_once_and_its_good_parts_count() -> None:
    async with run() as running:
        say(running, "a", b"{")
        await running.settle()
        assert len(running.acknowledged) == 1
        assert links(running)["bridge"] is LinkState.ONLINE
        assert links(running)["a"] is LinkState.UNKNOWN
        assert len(await running.store.books.quarantine(limit=10)) == 1
