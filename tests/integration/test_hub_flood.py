"""One device sends thousands of messages a second: it is limited and told, and no other waits."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from hub.model.instant import from_rfc3339
from hub.settings import FloodSettings
from tests.chaos.checker import read_messages
from tests.support.blaster import blast
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.patience import PATIENCE
from tests.support.publisher import Publisher, publishing
from tests.support.site import COMMUNITY, Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, read_journal, read_tickets, until

pytestmark = pytest.mark.integration

SITE = names("barrier_gate", 8)
FLOODER, *OTHERS = SITE
TOPIC = f"ld/{COMMUNITY}/{FLOODER}/state"
SECONDS = 6.0
BOOM_HOLD = 2.0
"""Seconds that `barrier-boom-broken` waits."""
IN_TIME = 15.0
"""Seconds; the goal is 1, and a shared machine may be many times slower."""


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        yield broker.port


@pytest.fixture
async def hub(tmp_path: Path, port: int) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=port)
    async with running_hub(config) as hub:
        await has_caught_up(hub)
        yield hub


def write_state(seq: int, *, broken: bool) -> bytes:
    word = str(broken).lower()
    return f'{{"boot":"b1","seq":{seq},"points":{{"boom.broken":{word}}}}}'.encode()


def say_again_and_again(count: int) -> Iterator[bytes]:
    """Yield one state again and again, and at last another."""
    for seq in range(1, count):
        yield write_state(seq, broken=False)
    yield write_state(count, broken=True)


async def flood_with_care(port: int) -> int:
    """Send with QoS 1, so that the broker holds every message back until the hub has taken it."""
    count = int(4_000 * SECONDS)
    async with publishing(port, "flooder") as publisher:
        start = time.monotonic()
        for number, payload in enumerate(say_again_and_again(count)):
            if number % 40 == 0:
                await asyncio.sleep(max(0.0, start + number / 4_000 - time.monotonic()))
            publisher.raw(TOPIC, payload)
        async with asyncio.timeout(PATIENCE):
            while publisher.client._out_messages:  # noqa: ASYNC110 - another thread
                await asyncio.sleep(0.02)
    return count


async def flood_as_a_mad_device(port: int) -> int:
    """Send with QoS 0 what the goal names: 50,000 messages a second."""
    count = int(50_000 * SECONDS)
    await asyncio.to_thread(blast, port, TOPIC, say_again_and_again(count), rate=50_000)
    return count


async def break_booms(publisher: Publisher) -> dict[str, float]:
    """Break the others' booms one after the other; returns when each was said."""
    broken = {}
    for device in OTHERS:
        await asyncio.sleep(SECONDS / (len(OTHERS) + 2))
        broken[device] = time.time()
        publisher.state(device, broken[device], boom_broken=True)
    return broken


async def when_opened(hub: HubProcess) -> dict[str, float]:
    """Return when the ticket of each broken boom was in the store."""
    journal = await read_journal(hub)
    tickets = {each["number"]: each for each in await read_tickets(hub)}
    return {
        tickets[entry["subject"]]["subject"]: from_rfc3339(entry["at"])
        for entry in journal
        if entry["type"] == "ticket.opened"
        and tickets[entry["subject"]]["fault"] == "gate.boom_broken"
    }


@pytest.mark.parametrize("flood", [flood_with_care, flood_as_a_mad_device])
async def test_a_flood_is_limited_and_ticketed_once_and_the_alarms_of_others_are_in_time(
    hub: HubProcess, port: int, flood: Callable[[int], Awaitable[int]]
) -> None:
    async with publishing(port) as devices:
        for device in OTHERS:
            devices.state(device, time.time(), boom_broken=False)
        said, broken = await asyncio.gather(flood(port), break_booms(devices))
        await devices.until_acknowledged()
        for device in SITE:
            await has_ticket(hub, device)
        opened = await until(lambda: when_opened(hub), lambda found: len(found) == len(SITE))

    waited = {device: opened[device] - broken[device] - BOOM_HOLD for device in OTHERS}
    stored = read_messages(hub.store)
    kept = sum(key.device == FLOODER for key in stored)
    sys.stdout.write(
        f"\n{said} messages of one device in {SECONDS:g} s, {kept} of them taken; tickets of"
        f" others {min(waited.values()):.2f} to {max(waited.values()):.2f} s after their hold\n"
    )
    assert max(waited.values()) < IN_TIME
    tickets = [(each["subject"], each["fault"]) for each in await read_tickets(hub)]
    assert tickets.count((FLOODER, "network.message_storm")) == 1
    assert len(tickets) == len(SITE) + 1, tickets
    assert not {*devices.sent} - stored, "nothing of the others is lost"
    limit = FloodSettings()
    assert kept <= limit.burst + limit.rate * (SECONDS + IN_TIME)
    assert [entry["type"] for entry in await read_journal(hub)].count("device.gap") == 0
