"""`kill -9` of the broker: what it has acknowledged survives with the profile that ships.

The figures beside these tests stand in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.demo_files import HOST
from tests.chaos.checker import Stored, find_faults, read_store
from tests.chaos.drill import LONG
from tests.chaos.load import drain, speak
from tests.chaos.plan import Plan
from tests.chaos.test_kill import SITE
from tests.support.broker import DEBIAN_LINES, Broker, running_broker, shipped_lines
from tests.support.hub_process import running_hub
from tests.support.last_word import hear_out, speaks
from tests.support.publisher import Key, publishing
from tests.support.site import COMMUNITY, Plot, write_site
from tests.support.story import has_caught_up

pytestmark = [pytest.mark.chaos, pytest.mark.integration]

SEED = 3
KILLS = 20 if LONG else 3
BETWEEN = (2.0, 4.0)
"""Seconds that a broker lives, at least and at most."""
SECONDS = 100.0 if LONG else 18.0
PACE = 120
"""Messages a second: 2.0.11 writes its whole state at every change and takes few hundred."""
LAST_WORDS = 0.25
"""Seconds around a kill. 2.0.11 acknowledges an instant before it writes its file: what it said in
its last millisecond may be gone (1 of 2,825 messages in 50 kills of a broker without any hub)."""
PROMISE = 1.5
"""Seconds after the last PUBACK: `autosave_interval 1` promises what is older than one."""
BACKLOG = 5000
KEPT_BY_DEFAULT = 1000
"""What mosquitto's defaults keep for a client that is away; it acknowledges the rest, too."""


async def kill_again_and_again(broker: Broker, chance: Random) -> list[float]:
    """Kill the broker, and return when."""
    killed = []
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(*BETWEEN))
        killed.append(time.time())
        await broker.kill()
        await broker.start()
    return killed


def find_unnoticed_losses(
    stored: Stored, lost: Iterable[Key], told: Mapping[Key, float], killed: Sequence[float]
) -> list[Key]:
    """Return losses that cannot be the broker's, or that the hub has not noted as a gap."""
    gaps = {
        (data["subject"], data["topic"], data["before_seq"])
        for _, kind, data in stored.journal
        if kind == "device.gap"
    }

    def is_noted(key: Key) -> bool:
        behind = any(each[:3] == key[:3] and each.seq > key.seq for each in stored.messages)
        return not behind or any(
            (device, topic) == (key.device, key.topic) and before > key.seq
            for device, topic, before in gaps
        )

    def is_brokers(key: Key) -> bool:
        return any(abs(at - told[key]) < LAST_WORDS for at in killed)

    return [key for key in lost if not (is_noted(key) and is_brokers(key))]


async def test_kills_of_the_broker_under_load_double_nothing_and_lose_nothing_unnoticed(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    plan = Plan(SEED, SECONDS, rate=PACE)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker") as broker:
        config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=broker.port)
        async with running_hub(config) as hub, publishing(broker.port) as publisher:
            await has_caught_up(hub)
            killing = asyncio.create_task(kill_again_and_again(broker, Random(SEED)), name="killer")
            seconds = await speak(plan, publisher)
            killed = await killing
            await publisher.until_acknowledged(60)
            await drain(hub.store, plan, publisher)
            stored = read_store(hub.store)
            lost = publisher.acknowledged - stored.messages
            plan.spared = {key.device for key in lost if key.topic != "telemetry"}
            faults = find_faults(stored, plan, publisher.sent, publisher.acknowledged - lost)
    sys.stdout.write(
        f"\nseed {SEED}: {KILLS} kill -9 of the broker in {seconds:.0f} s; sent"
        f" {len(publisher.sent)}, acknowledged {len(publisher.acknowledged)}, stored"
        f" {len(stored.messages)}, lost {len(lost)};"
        f" publisher connected {publisher.connections} times; tickets expected"
        f" {len(plan.tickets)}, opened {len(stored.tickets)}\n"
    )
    assert faults == []
    assert len(lost) <= KILLS
    assert find_unnoticed_losses(stored, lost, publisher.told, killed) == []
    assert publisher.connections > KILLS


async def test_debians_own_settings_lose_what_waits_beyond_a_thousand(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    mosquitto = require_server("mosquitto")
    async with running_broker(mosquitto, tmp_path, DEBIAN_LINES) as broker:
        acknowledged, _ = await leave_backlog(broker)
        assert acknowledged == BACKLOG, "the publisher is told that all is well"
        kept = await collect(broker)
    _say("Debian's settings, broker not killed", acknowledged, kept)
    assert kept == KEPT_BY_DEFAULT


async def test_debians_own_settings_lose_everything_when_the_broker_is_killed(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    mosquitto = require_server("mosquitto")
    async with running_broker(mosquitto, tmp_path, DEBIAN_LINES) as broker:
        acknowledged, _ = await leave_backlog(broker)
        await broker.kill()
        await broker.start()
        kept = await collect(broker)
    _say("Debian's settings, broker killed", acknowledged, kept)
    assert acknowledged == BACKLOG
    assert kept == 0


async def test_the_shipped_profile_keeps_all_that_waits_though_the_broker_is_killed(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    mosquitto = require_server("mosquitto")
    async with running_broker(mosquitto, tmp_path, shipped_lines()) as broker:
        acknowledged, seconds = await leave_backlog(broker)
        await asyncio.sleep(PROMISE)
        await broker.kill()
        await broker.start()
        kept = await collect(broker)
    _say(f"shipped profile, {acknowledged / seconds:.0f} messages/s", acknowledged, kept)
    assert acknowledged == BACKLOG
    assert kept == BACKLOG


async def leave_backlog(broker: Broker) -> tuple[int, float]:
    """Subscribe, go away, and publish; returns how many PUBACKs came, and in how many seconds."""
    async with consumer(broker):
        pass
    async with publishing(broker.port) as publisher:
        began = time.monotonic()
        for number in range(BACKLOG):
            publisher.say("gate-001", "telemetry", {"points": {}}, at=float(number))
        await publisher.until_acknowledged(120)
        return len(publisher.acknowledged), time.monotonic() - began


async def collect(broker: Broker) -> int:
    """Come back and count the different messages that waited."""
    topic = f"ld/{COMMUNITY}/gate-001/telemetry"
    async with consumer(broker) as client, aiomqtt.Client(HOST, broker.port) as speaker:
        found = await hear_out(client, speaks(speaker, topic))
    return len({bytes(each.payload) for each in found})


@contextlib.asynccontextmanager
async def consumer(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    """Connect with a session that lasts."""
    lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    lasting.SessionExpiryInterval = 3600
    async with aiomqtt.Client(
        HOST,
        broker.port,
        identifier="away",
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=lasting,
    ) as client:
        await client.subscribe(f"ld/{COMMUNITY}/+/telemetry", qos=1)
        yield client


def _say(what: str, acknowledged: int, kept: int) -> None:
    sys.stdout.write(f"\n{what}: {acknowledged} acknowledged, {kept} kept\n")
