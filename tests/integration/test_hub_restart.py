"""Restarting the hub or the broker opens and closes no ticket, and stops no hold."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import httpx2
import pytest

from hub.clock import SystemClock
from hub.model.instant import from_rfc3339
from hub.model.report import Value
from rules.cut import RETURN_TIME
from tests.support.broker import Broker, running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import COMMUNITY, KEYS, LEISURE, Plot, names, write_site
from tests.support.story import (
    has_caught_up,
    has_decided,
    has_ticket,
    hears,
    last_seq,
    read_decisions,
    read_journal,
    read_tickets,
)

pytestmark = pytest.mark.integration

SITE = {**names("barrier_gate", 6), **names("unit_door", 1)}
SPEED = 40.0
"""So fast passes the time of the test about silence, which waits for four minutes."""
HEALTHY_GATE: dict[str, Value] = {
    "arm_position": "closed",
    "boom_broken": False,
    "loop_occupied": False,
}
BROKEN_GATE: dict[str, Value] = HEALTHY_GATE | {"boom_broken": True}
CONTACT_HOLD, BOOM_HOLD = 10.0, 2.0
"""Seconds that `door-contact-fault` and `barrier-boom-broken` wait."""
BOOM_RELEASE = 10.0
"""Seconds that a boom has to be whole before its alarm ends."""
CLOSING: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("take", "crew", {}),
    ("arrive", "crew", {}),
    ("complete", "crew", {"code": "repaired"}),
    ("verify", "manager", {}),
    ("close", "manager", {}),
)
"""Steps from a new ticket to a closed one: (do, role, fields)."""
QUEUE_BEFORE = 2000
"""States that wait in front, so that what comes on another session is sure to be quicker."""

Restart = Callable[[HubProcess, Broker], Awaitable[None]]


async def stop_hub(hub: HubProcess, _broker: Broker) -> None:
    assert await hub.stop() == 0
    await hub.start()


async def kill_hub(hub: HubProcess, _broker: Broker) -> None:
    await hub.kill()
    await hub.start()


async def stop_broker(_hub: HubProcess, broker: Broker) -> None:
    await broker.stop()
    await broker.start()


async def kill_broker(_hub: HubProcess, broker: Broker) -> None:
    await broker.kill()
    await broker.start()


WITNESSES: dict[Restart, str] = {
    stop_hub: "gate-002",
    kill_hub: "gate-003",
    stop_broker: "gate-004",
    kill_broker: "gate-005",
}
"""Restart → the gate whose fault shows afterwards that the hub goes on."""


@pytest.fixture
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path, require_server: Callable[[str], Path]
) -> AsyncIterator[Broker]:
    """A broker; one that survives its own death only where a test kills it."""
    lines = shipped_lines(durable="no_restart" in request.node.name)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        yield broker


@pytest.fixture
async def hub(tmp_path: Path, broker: Broker) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=broker.port)
    async with running_hub(config) as hub:
        await has_caught_up(hub)
        yield hub


@pytest.fixture
async def devices(broker: Broker) -> AsyncIterator[Publisher]:
    async with publishing(broker.port) as publisher:
        yield publisher


@contextlib.asynccontextmanager
async def heartbeats(publisher: Publisher, clock: SystemClock, *names: str) -> AsyncIterator[None]:
    """Let devices send a measurement every ten of their seconds."""

    async def beat() -> None:
        while True:
            for name in names:
                body = {"points": {"motor.temperature": 30.0}}
                publisher.say(name, "telemetry", body, at=clock.now())
            await clock.sleep(10)

    task = asyncio.create_task(beat(), name="heartbeats")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def raised_at(hub: HubProcess) -> float:
    """Return the instant of the first alarm."""
    alarm = next(each for each in await read_journal(hub) if each["type"] == "alarm.raised")
    return float(alarm["data"]["raised_at"])


async def test_no_restart_opens_or_closes_a_ticket(
    tmp_path: Path, broker: Broker, devices: Publisher
) -> None:
    clock = SystemClock(speed=SPEED, origin=time.time())
    plot = Plot(devices=SITE, speed=SPEED, clock_origin=clock._origin, more=LEISURE)
    config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
    async with (
        running_hub(config) as hub,
        heartbeats(devices, clock, "gate-001", *WITNESSES.values()),
    ):
        await has_caught_up(hub)
        for gate in ("gate-001", *WITNESSES.values(), "gate-006"):
            devices.state(gate, clock.now(), **HEALTHY_GATE)
        devices.state("gate-001", clock.now(), **BROKEN_GATE)
        assert (await has_ticket(hub, "gate-001"))["fault"] == "gate.boom_broken"
        assert (await has_ticket(hub, "gate-006"))["fault"] == "gate.silent"
        for restart, witness in WITNESSES.items():
            before, tickets = await read_decisions(hub), await read_tickets(hub)
            seq = await last_seq(hub)
            await restart(hub, broker)
            await has_caught_up(hub, seq)
            devices.state(witness, clock.now(), **BROKEN_GATE)
            newest = await has_ticket(hub, witness)
            await clock.sleep(60)
            news = [f"alarm.raised {witness}", f"ticket.opened {newest['number']}"]
            assert await read_decisions(hub) == [*before, *news], restart.__name__
            assert (await read_tickets(hub))[:-1] == tickets, restart.__name__


@pytest.mark.parametrize("restart", [stop_hub, kill_hub])
async def test_a_hold_that_was_half_over_goes_on_and_ends_at_its_own_time(
    tmp_path: Path, broker: Broker, devices: Publisher, restart: Restart
) -> None:
    clock, plot = SystemClock(), Plot(devices=SITE)
    async with running_hub(write_site(tmp_path / "hub", plot, mqtt_port=broker.port)) as hub:
        await has_caught_up(hub)
        began = clock.now()
        devices.state("door-001", began, door_open=False, lock_locked=True, contact_fault=True)
        await hears(hub, "door-001", "contact.fault", value=True)
        assert clock.now() < began + CONTACT_HOLD, "the machine is too slow for this test"
        assert await read_decisions(hub) == []

        await restart(hub, broker)

        ticket = await has_ticket(hub, "door-001")
        assert ticket["fault"] == "door.contact_line"
        [alarm] = (await hub.get("/api/v1/alarms"))["items"]
        due = began + CONTACT_HOLD
        assert from_rfc3339(alarm["raised_at"]) == pytest.approx(due, abs=0.01)
        assert due <= from_rfc3339(ticket["opened_at"])


async def test_a_hold_that_ran_out_while_the_hub_was_down_still_raises(
    hub: HubProcess, devices: Publisher
) -> None:
    began = time.time()
    devices.state("gate-001", began, **BROKEN_GATE)
    await hears(hub, "gate-001", "boom.broken", value=True)
    await hub.kill()
    await asyncio.sleep(began + BOOM_HOLD + 0.5 - time.time())
    await hub.start()
    assert (await has_ticket(hub, "gate-001"))["fault"] == "gate.boom_broken"
    assert await raised_at(hub) == pytest.approx(began + BOOM_HOLD, abs=0.01)


async def test_a_flicker_that_ended_while_the_hub_was_down_opens_nothing(
    hub: HubProcess, devices: Publisher
) -> None:
    gate, began = await die_within_a_hold(hub, devices)
    devices.state(gate, began + BOOM_HOLD - 0.5, **HEALTHY_GATE)
    await asyncio.sleep(began + BOOM_HOLD + 0.5 - time.time())
    await hub.start()
    await hears(hub, gate, "boom.broken", value=False)
    await asyncio.sleep(BOOM_HOLD + 2 * RETURN_TIME)
    assert [each for each in await read_alarms(hub) if each["subject"] == gate] == []


async def die_within_a_hold(hub: HubProcess, devices: Publisher) -> tuple[str, float]:
    """Kill the hub while a boom's hold runs; returns the gate, and when the hold began.

    A machine that is too slow to do so within the hold gets another gate.
    """
    for gate in names("barrier_gate", 6):
        began = time.time()
        devices.state(gate, began, **BROKEN_GATE)
        await hears(hub, gate, "boom.broken", value=True)
        await hub.kill()
        if time.time() < began + BOOM_HOLD:
            return gate, began
        await hub.start()
    raise AssertionError("the machine is too slow for this test")


async def read_alarms(hub: HubProcess) -> list[dict[str, Any]]:
    """Return all alarms."""
    found: list[dict[str, Any]] = (await hub.get("/api/v1/alarms", limit=1000))["items"]
    return found


async def test_a_fault_that_came_and_went_while_the_hub_was_down_is_still_told(
    hub: HubProcess, devices: Publisher
) -> None:
    await hub.kill()
    began = time.time() - 8.0
    devices.state("gate-001", began, **HEALTHY_GATE)
    devices.state("gate-001", began + 1, **BROKEN_GATE)
    devices.state("gate-001", began + 7, **HEALTHY_GATE)
    await devices.until_acknowledged()
    await hub.start()
    await has_ticket(hub, "gate-001")
    assert await raised_at(hub) == pytest.approx(began + 1 + BOOM_HOLD, abs=0.01)


async def test_a_fault_that_ended_while_the_hub_was_down_is_still_told(
    hub: HubProcess, devices: Publisher
) -> None:
    began = time.time() - 9.0
    devices.state("gate-002", began, **HEALTHY_GATE)
    devices.state("gate-001", began + 8, **BROKEN_GATE)
    await hears(hub, "gate-001", "boom.broken", value=True)
    await hub.kill()
    devices.state("gate-001", began + 8 + 2 * BOOM_HOLD, **HEALTHY_GATE)
    await devices.until_acknowledged()
    await asyncio.sleep(began + 8 + 2 * BOOM_HOLD - time.time())
    await hub.start()
    await has_ticket(hub, "gate-001")
    assert await raised_at(hub) == pytest.approx(began + 8 + BOOM_HOLD, abs=0.01)


async def test_a_measurement_that_overtakes_states_which_waited_hides_no_fault(
    hub: HubProcess, devices: Publisher
) -> None:
    await hub.kill()
    began = time.time() - 30.0
    for number in range(QUEUE_BEFORE):
        devices.state("gate-002", began + number / QUEUE_BEFORE, **HEALTHY_GATE)
    devices.state("gate-001", began + 1, **BROKEN_GATE)
    devices.state("gate-001", began + 7, **HEALTHY_GATE)
    body = {"points": {"motor.temperature": 30.0}}
    devices.say("gate-001", "telemetry", body, at=began + 29)
    await devices.until_acknowledged()
    await hub.start()
    await has_ticket(hub, "gate-001")
    assert await raised_at(hub) == pytest.approx(began + 1 + BOOM_HOLD, abs=0.01)


async def test_a_fault_that_returns_after_a_restart_reopens_the_closed_ticket(
    hub: HubProcess, devices: Publisher
) -> None:
    devices.state("gate-001", time.time(), **BROKEN_GATE)
    number = (await has_ticket(hub, "gate-001"))["number"]
    devices.state("gate-001", time.time(), **HEALTHY_GATE)
    await has_decided(hub, f"ticket.recovered {number}")
    for do, role, fields in CLOSING:
        await hub.act(number, do, role, **fields)

    await hub.kill()
    await hub.start()

    devices.state("gate-001", time.time(), **BROKEN_GATE)
    await has_decided(hub, f"ticket.reopened {number}")
    assert [ticket["number"] for ticket in await read_tickets(hub)] == [number]


async def test_retained_states_of_a_forgotten_session_open_nothing_twice(
    hub: HubProcess, broker: Broker, devices: Publisher
) -> None:
    now = time.time()
    devices.state("gate-001", now, **BROKEN_GATE)
    devices.state("gate-002", now, **HEALTHY_GATE)
    await has_ticket(hub, "gate-001")
    before, seq = await read_decisions(hub), await last_seq(hub)
    assert await hub.stop() == 0
    await forget_session(broker, f"{COMMUNITY}-state")
    await hub.start()
    await has_caught_up(hub, seq)
    await asyncio.sleep(BOOM_HOLD + 1)
    gaps = [each for each in await read_journal(hub, seq) if each["type"] == "link.gap"]
    assert [gap["subject"] for gap in gaps] == ["mqtt-state"]
    assert await read_decisions(hub) == before


async def forget_session(broker: Broker, client_id: str) -> None:
    """Make the broker forget a session, as an expiry does; retained messages stay."""
    async with aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
    ):
        pass


async def test_sigterm_ends_the_hub_though_a_stream_is_open(
    hub: HubProcess,
) -> None:
    headers = {"Authorization": f"Bearer {KEYS['guard']}"}
    async with (
        httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False) as client,
        client.stream("GET", "/api/v1/stream") as stream,
    ):
        assert stream.status_code == 200
        assert await hub.stop() == 0, "it was waited for, and killed"
    assert not hub.ready_file.exists()
    assert "the hub has stopped" in hub.log


async def test_a_second_hub_on_the_same_store_refuses_and_says_why(
    tmp_path: Path, hub: HubProcess
) -> None:
    ready = hub.ready_file.read_bytes()
    second = HubProcess(tmp_path / "hub" / "lingdang.toml")
    await second.launch()
    assert await second.wait() == 1
    assert "is in use by another hub" in second.log
    assert "stop that one first" in second.log
    assert hub.ready_file.read_bytes() == ready
    assert (await hub.get("/api/v1/devices"))["items"]
