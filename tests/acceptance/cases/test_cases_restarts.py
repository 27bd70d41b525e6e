"""Cases of restarts, and of what is told late, twice or first; see docs/cases.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.cases.broker_life import connected_with_will, lose_sessions
from tests.acceptance.cases.estate import HOUR, several, thing, write_model
from tests.acceptance.conftest import Tell
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
        # As far as it knows the broker was away, too: it waits for the door's next own word.
        await tale.expect("2s gate-1 gate.boom_broken", "2m door-1 door.contact_line")
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


async def test_05_a_will_that_comes_after_the_device_is_back(tell: Tell) -> None:
    async with tell(thing("gate-1")) as tale:
        will = json.dumps({"boot": "b1", "state": "offline"}).encode()
        async with connected_with_will(tale.estate, "old-gate", "gate-1/avail", will) as old:
            tale.crowd.boots["gate-1"] = "b2"
            await tale.come_back("gate-1")
            await tale.until("1m30s")
            old.transport.abort()
            await tale.heard(lambda: tale.hub.intake.reception.counts["late_wills"] == 1)
        await tale.until("10m")
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
        # A retained state is of an age that nobody knows: it counts from when it came, once the
        # gate had the time to say more.
        await tale.expect("2m gate-3 gate.boom_broken")
        await tale.come_back("gate-1", "gate-2")
        await tale.until("30m")
        await tale.expect("2m gate-3 gate.boom_broken", "10m2s gate-1 gate.boom_broken")
