"""A hub that was away while 50,000 messages waited: each of them once, and alarms first."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from hub.model.report import Report
from tests.support.broker import running_broker, shipped_lines
from tests.support.history import read_history
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, names, write_site
from tests.support.story import has_caught_up, read_journal, until

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(300)]

GATES = tuple(names("barrier_gate", 100))
EACH = 500
BACKLOG = len(GATES) * EACH
BROKEN = GATES[::10]
PATIENCE = 120.0
YOUNG = "sys_interval 1"
"""A broker that has run for days has long said since when; this one is asked within seconds."""
EVERY = 30.0
"""Seconds between two measurements of a gate: four hours are waiting."""


async def speak_into_the_void(devices: Publisher) -> None:
    """Have every gate measure for hours, and some of them break at the very end."""
    begin = time.time() - EACH * EVERY
    for number in range(EACH):
        for gate in GATES:
            body = {"points": {"motor.temperature": 20 + number % 9}}
            devices.say(gate, "telemetry", body, at=begin + number * EVERY)
    for gate in BROKEN:
        devices.say(gate, "state", {"points": {"boom.broken": True}}, at=time.time())
    await devices.until_acknowledged(PATIENCE)


async def opened(hub: HubProcess) -> dict[str, float]:
    """Return which gates' booms are told as broken, and since which instant of the hub."""
    return {
        entry["subject"]: datetime.fromisoformat(entry["at"]).timestamp()
        for entry in await read_journal(hub)
        if entry["type"] == "alarm.raised" and entry["actor"] == "rule:barrier-boom-broken"
    }


async def test_fifty_thousand_that_waited_are_stored_once_and_alarms_are_raised_first(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    mosquitto = require_server("mosquitto")
    lines = (*shipped_lines(durable=False), YOUNG)
    async with running_broker(mosquitto, tmp_path / "broker", lines) as broker:
        plot = Plot(devices=dict.fromkeys(GATES, "barrier_gate"))
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        async with publishing(broker.port) as devices:
            async with running_hub(config) as hub:
                await has_caught_up(hub)
            await speak_into_the_void(devices)
        began = time.time()
        async with running_hub(config) as hub:
            raised = await until(
                lambda: opened(hub), lambda found: len(found) >= len(BROKEN), PATIENCE
            )
            await until(lambda: stored(hub.store), lambda count: count >= BACKLOG, PATIENCE)
            reports = measurements(hub.store)
    last = max(each.received for each in reports)
    before = sum(each.received <= max(raised.values()) for each in reports)
    first, slowest = (pick(raised.values()) - began for pick in (min, max))
    sys.stdout.write(
        f"\n{BACKLOG} messages had waited: the first alarm came {first:.1f} s after the start of"
        f" the hub, the tenth {slowest:.1f} s, the last message {last - began:.1f} s;"
        f" {before} measurements came before the tenth alarm\n"
    )
    assert set(raised) == set(BROKEN)
    assert before < BACKLOG / 2, f"{before} measurements came before the last alarm"
    assert len({(each.uid, each.seq) for each in reports}) == len(reports) == BACKLOG


async def stored(store: Path) -> int:
    """Count the gates' measurements in the store."""
    return len(measurements(store))


def measurements(store: Path) -> list[Report]:
    """Return what the gates have measured, without what the hub says of itself."""
    return [
        report
        for report in read_history(store)
        if any(sample.point == "motor.temperature" for sample in report.samples)
    ]
