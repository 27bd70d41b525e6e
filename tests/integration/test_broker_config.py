"""The written files, on a real mosquitto: who hears what, and what survives its death."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.demo_files import HOST
from tests.support.broker import DEBIAN_LINES, running_broker
from tests.support.generated_broker import Generated, generated_broker
from tests.support.last_word import hear_out, speaks
from tests.support.patience import PATIENCE
from tests.support.site import COMMUNITY, PLACE, Plot, names, write_site

pytestmark = pytest.mark.integration

GATES = tuple(names("barrier_gate", 34))
SPEAKERS = 4
"""How many of them try all topics of all of them."""
UP = ("state", "telemetry", "event", "avail", "ack")
COUNT = 500
PROMISE = 1.5
"""Seconds after the last PUBACK: `autosave_interval 1` promises what is older than one."""


@contextlib.asynccontextmanager
async def connected(port: int, **more: Any) -> AsyncIterator[aiomqtt.Client]:  # noqa: ANN401 - aiomqtt's
    async with aiomqtt.Client(HOST, port, protocol=aiomqtt.ProtocolVersion.V5, **more) as client:
        yield client


@contextlib.asynccontextmanager
async def generated(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> AsyncIterator[Generated]:
    require_server("mosquitto_passwd")
    config = write_site(
        tmp_path / "site", Plot(devices=dict.fromkeys(GATES, "barrier_gate")), mqtt_port=1
    )
    async with generated_broker(require_server("mosquitto"), tmp_path / "broker", config) as own:
        yield own


async def heard(listener: aiomqtt.Client, speaker: aiomqtt.Client, topic: str) -> set[str]:
    """Return topic and payload of all that comes before what `speaker` says last on a topic."""
    found = await hear_out(listener, speaks(speaker, f"ld/{COMMUNITY}/{topic}"))
    return {f"{each.topic} {bytes(each.payload).decode()}" for each in found}


async def say(client: aiomqtt.Client, who: str, addresses: tuple[str, ...], *words: str) -> None:
    """Publish on each topic of each address."""
    for address in addresses:
        for word in words:
            await client.publish(f"ld/{COMMUNITY}/{address}/{word}", who, qos=1)


async def speak_and_listen(own: Generated, hub: aiomqtt.Client, gate: str, other: str) -> int:
    """Try all topics of all devices as one of them; return how many were tried."""
    filters = ("#", "$SYS/#", "+/+/+/cmd", f"ld/{COMMUNITY}/{other}/state")
    async with connected(own.device_port, username=gate, password=own.passwords[gate]) as device:
        for topic in filters:
            await device.subscribe(topic, qos=1)
        await say(device, "device", GATES, *UP, "cmd")
        said = await heard(hub, device, f"{gate}/state")
        await say(hub, "hub", GATES, "cmd")
        got = await heard(device, hub, f"{gate}/cmd")
    assert said == {f"ld/{COMMUNITY}/{gate}/{word} device" for word in UP}
    assert got == {f"ld/{COMMUNITY}/{gate}/cmd hub"}
    return len(GATES) * (len(UP) + 2)


async def test_each_device_speaks_as_itself_and_hears_only_its_own_commands(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with (
        generated(tmp_path, require_server) as own,
        connected(own.broker.port, username="hub", password=own.passwords["hub"]) as hub,
    ):
        await hub.subscribe(f"ld/{COMMUNITY}/#", qos=1)
        around = pairwise(GATES[: SPEAKERS + 1])
        checks = sum([await speak_and_listen(own, hub, *pair) for pair in around])
        await hub.subscribe("$SYS/broker/version", qos=1)
        assert b"mosquitto version" in await hear_of_itself(hub)
    sys.stdout.write(f"\n{SPEAKERS} of {len(GATES)} devices, {checks} checks at a live broker\n")


FAMILIES = """
[[family]]
name = "plates"
dialect = "vzenith"
[[family]]
name = "zigbee"
dialect = "zigbee2mqtt"
[[dtu]]
name = "riser-3"
down = "dtu/3/down"
up = "dtu/3/up"
[home_assistant]
user = "ha"
"""


async def test_devices_of_further_dialects_say_their_own_and_are_heard(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    """A camera may not speak for another; the bridge may for all behind it; who reads, reads."""
    require_server("mosquitto_passwd")
    config = write_site(tmp_path / "site", Plot(devices={}, more=FAMILIES), mqtt_port=1)
    with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
        for name in ("sn-1", "sn-2"):
            sheet.write(
                f"{name},{name},plates,lpr_camera,vzenith-lpr,{PLACE},{name},,,,in_service\n"
            )
    announced = ("homeassistant/device/x/config", f"ld/{COMMUNITY}/lingdang-hub/ha/x")
    tried = (
        *(f"device/{name}/message/up/keep_alive" for name in ("sn-1", "sn-2")),
        *("dtu/3/down", "dtu/3/up"),
        *("zigbee2mqtt/leak", f"ld/{COMMUNITY}/sn-1/state", *announced),
    )
    may = {
        "sn-1": {tried[0]},
        "zigbee": {"zigbee2mqtt/leak"},
        "ha": set[str](),
        "riser-3": {"dtu/3/up"},
        "hub": {*announced, "dtu/3/down", f"ld/{COMMUNITY}/lingdang-hub/link-plates"},
    }
    async with (
        generated_broker(require_server("mosquitto"), tmp_path / "broker", config) as own,
        connected(own.broker.port, username="hub", password=own.passwords["hub"]) as ear,
    ):
        await let_hear_all(own, tmp_path / "broker" / "acl", ear)
        for user, allowed in may.items():
            await try_all(own, user, (*tried, f"ld/{COMMUNITY}/lingdang-hub/link-plates"))
            assert await heard_until(ear, user) == allowed, user


async def try_all(own: Generated, user: str, topics: tuple[str, ...]) -> None:
    """Say something on each topic as a user."""
    port = own.broker.port if user == "hub" else own.device_port
    async with connected(port, username=user, password=own.passwords[user]) as speaker:
        for topic in topics:
            await speaker.publish(topic, user, qos=1)


END = "ld/end"


async def let_hear_all(own: Generated, acl: Path, ear: aiomqtt.Client) -> None:
    """Let the hub's user read whatever anybody was allowed to say; returns once that counts."""
    with acl.open("a", encoding="utf-8") as lines:
        lines.write(f"\nuser hub\ntopic readwrite {END}\ntopic read #\n")
    os.kill(own.broker.pid, signal.SIGHUP)
    await ear.subscribe("#", qos=1)
    heard = asyncio.create_task(anext(aiter(ear.messages)))
    async with asyncio.timeout(PATIENCE):
        while not heard.done():
            await ear.publish(END, "ready", qos=1)
            await asyncio.wait([heard], timeout=0.5)


async def heard_until(ear: aiomqtt.Client, word: str) -> set[str]:
    """Return the topics of all that comes before a last word."""
    await ear.publish(END, word, qos=1)
    found = set[str]()
    async with asyncio.timeout(PATIENCE):
        async for message in ear.messages:
            if message.topic.matches(END) and message.payload == word.encode():
                break
            found.add(message.topic.value)
    return found - {END}


async def hear_of_itself(hub: aiomqtt.Client) -> bytes:
    """Return what the broker says of its version."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await anext(aiter(hub.messages))
            if message.topic.matches("$SYS/broker/version"):
                return bytes(message.payload)


@pytest.mark.parametrize(
    ("door", "user", "password"),
    [
        ("hub", None, None),
        ("device", None, None),
        ("hub", GATES[0], GATES[0]),
        ("device", "hub", "hub"),
        ("device", GATES[0], "guess"),
    ],
)
async def test_nobody_comes_in_by_the_wrong_door_or_without_a_password(
    tmp_path: Path,
    require_server: Callable[[str], Path],
    door: str,
    user: str | None,
    password: str | None,
) -> None:
    async with generated(tmp_path, require_server) as own:
        port = own.broker.port if door == "hub" else own.device_port
        secret = own.passwords.get(password or "", password)
        with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
            async with connected(port, username=user, password=secret):
                pass


async def test_a_device_under_the_hubs_client_id_does_not_take_its_session(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with generated(tmp_path, require_server) as own:
        hub = {"username": "hub", "password": own.passwords["hub"], "identifier": "test-state"}
        gate = {"username": GATES[0], "password": own.passwords[GATES[0]]}
        async with connected(own.broker.port, **hub) as client:
            await client.subscribe(f"ld/{COMMUNITY}/+/event", qos=1)
            async with connected(own.device_port, **gate, identifier="test-state") as thief:
                await thief.publish(f"ld/{COMMUNITY}/{GATES[0]}/event", b"{}", qos=1)
                topic = f"{GATES[0]}/event"
                assert await heard(client, thief, topic) == {
                    f"ld/{COMMUNITY}/{GATES[0]}/event {{}}"
                }


async def test_secrets_are_the_owners_alone(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with generated(tmp_path, require_server) as own:
        folder = tmp_path / "broker"
        for name in ("passwords.txt", "hub.passwords", "device.passwords"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        hashed = (folder / "device.passwords").read_text("utf-8")
        assert all(line.split(":")[1].startswith("$7$") for line in hashed.splitlines())
        assert "hub:" not in hashed
        assert len(own.passwords) == len(GATES) + 1


async def test_debians_settings_lose_all_that_was_acknowledged_when_the_broker_is_killed(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with running_broker(require_server("mosquitto"), tmp_path, DEBIAN_LINES) as broker:
        await leave_messages(broker.port, broker.port)
        await asyncio.sleep(PROMISE)
        await broker.kill()
        await broker.start()
        kept = await count_waiting(broker.port, broker.port)
    sys.stdout.write(f"\nDebian's settings: {COUNT} acknowledged, broker killed, {kept} kept\n")
    assert kept == 0


async def test_the_written_profile_keeps_what_it_acknowledged_over_a_second_before(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with generated(tmp_path, require_server) as own:
        hub = {"username": "hub", "password": own.passwords["hub"]}
        gate = {"username": GATES[0], "password": own.passwords[GATES[0]]}
        await leave_messages(own.broker.port, own.device_port, hub, gate)
        await asyncio.sleep(PROMISE)
        await own.broker.kill()
        await own.broker.start()
        kept = await count_waiting(own.broker.port, own.device_port, hub, gate)
    sys.stdout.write(f"\nwritten profile: {COUNT} acknowledged, broker killed, {kept} kept\n")
    assert kept == COUNT


async def leave_messages(
    hub_port: int,
    device_port: int,
    hub: dict[str, str] | None = None,
    gate: dict[str, str] | None = None,
) -> None:
    """Subscribe, go away, and publish; each publish returns with its PUBACK."""
    async with away(hub_port, hub):
        pass
    async with connected(device_port, **(gate or {})) as device:
        for number in range(COUNT):
            await device.publish(f"ld/{COMMUNITY}/{GATES[0]}/event", str(number), qos=1)


async def count_waiting(
    hub_port: int,
    device_port: int,
    hub: dict[str, str] | None = None,
    gate: dict[str, str] | None = None,
) -> int:
    """Come back, and count the different messages that waited."""
    async with away(hub_port, hub) as client, connected(device_port, **(gate or {})) as device:
        topic = f"ld/{COMMUNITY}/{GATES[0]}/event"
        found = await hear_out(client, speaks(device, topic))
    return len({bytes(each.payload) for each in found})


@contextlib.asynccontextmanager
async def away(port: int, hub: dict[str, str] | None) -> AsyncIterator[aiomqtt.Client]:
    """Connect with a session that lasts."""
    lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    lasting.SessionExpiryInterval = 3600
    more: dict[str, Any] = {"clean_start": False, "properties": lasting, **(hub or {})}
    async with connected(port, identifier="away", **more) as client:
        await client.subscribe(f"ld/{COMMUNITY}/+/event", qos=1)
        yield client
