"""The simulated community on a real broker, seen by a recording subscriber."""

import asyncio
import contextlib
import importlib.util
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import aiomqtt
import pytest

from hub.clock import SystemClock
from simulators.broker import IOTCORE, MOSQUITTO, broker_command, wait_for_broker
from simulators.community import Community
from simulators.demo_files import HOST, free_port
from simulators.guanshan import build_site
from simulators.line import BrokerAddress
from simulators.mishap import Mishaps
from simulators.plan import Plan
from simulators.process import Child
from simulators.site import on_mqtt
from simulators.stage import Stage
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration
SPEED = 40.0
COMMUNITY = "guanshan"


class Recorder:
    """Follows everything below `ld/`, and can wait for what it has not seen yet."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, Any], bool]] = []
        self._news = asyncio.Condition()

    async def run(self, broker: BrokerAddress, subscribed: asyncio.Event) -> None:
        while not subscribed.is_set():
            with contextlib.suppress(aiomqtt.MqttError):
                await self._follow(broker, subscribed)
            await asyncio.sleep(0.01)

    async def _follow(self, broker: BrokerAddress, subscribed: asyncio.Event) -> None:
        async with connect(broker) as client:
            await client.subscribe(f"ld/{COMMUNITY}/#", qos=1)
            subscribed.set()
            async for message in client.messages:
                await self._record(message)

    async def _record(self, message: aiomqtt.Message) -> None:
        _, _, address, topic = message.topic.value.split("/")
        if topic != "cmd":
            body = json.loads(message.payload)
            async with self._news:
                self.seen.append((address, topic, body, bool(message.retain)))
                self._news.notify_all()

    def bodies(self, address: str, topic: str) -> list[dict[str, Any]]:
        return [body for a, t, body, _ in self.seen if (a, t) == (address, topic)]

    def last(self, address: str, topic: str) -> dict[str, Any]:
        return (self.bodies(address, topic) or [{}])[-1]

    async def until(self, condition: Callable[[], object], within: float = PATIENCE) -> None:
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: bool(condition()))


def connect(broker: BrokerAddress) -> aiomqtt.Client:
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=broker.password,
        protocol=aiomqtt.ProtocolVersion.V5,
    )


@contextlib.asynccontextmanager
async def recording(broker: BrokerAddress) -> AsyncIterator[Recorder]:
    recorder, subscribed = Recorder(), asyncio.Event()
    task = asyncio.create_task(recorder.run(broker, subscribed))
    try:
        async with asyncio.timeout(PATIENCE):
            await subscribed.wait()
        yield recorder
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
            await task


class Scene:
    """A running community with its broker."""

    def __init__(self, stage: Stage, broker: BrokerAddress, child: Child) -> None:
        self.stage = stage
        self.broker = broker
        self.child = child
        self.mishaps = Mishaps(stage.community, Random(1), None)

    def address(self, device_id: str) -> str:
        return self.stage.community.rows[device_id].address

    async def order(self, device_id: str, expires_in: float, name: str = "c1") -> None:
        now = self.stage.clock.now()
        body = {"id": name, "do": "open", "issued": now, "expires": now + expires_in}
        topic = f"ld/{COMMUNITY}/{self.address(device_id)}/cmd"
        async with connect(self.broker) as client:
            await client.publish(topic, json.dumps(body), qos=1)


@pytest.fixture(params=[MOSQUITTO, IOTCORE])
async def scene(
    request: pytest.FixtureRequest, tmp_path: Path, require_server: Callable[[str], Path]
) -> AsyncIterator[Scene]:
    if request.param == MOSQUITTO:
        require_server(MOSQUITTO)
    elif not importlib.util.find_spec(IOTCORE):
        pytest.skip("iotcore is not installed: pip install 'lingdang[demo]'")
    broker = BrokerAddress(host=HOST, port=free_port(), username="demo", password="secret")
    command = broker_command(tmp_path / "broker", broker, wanted=request.param)
    child = Child("broker", command, tmp_path)
    await child.start()
    try:
        await wait_for_broker(broker)
        devices = on_mqtt(build_site(devices=60, seed=3).devices)
        plan = Plan(
            community=COMMUNITY,
            broker=broker,
            gateways=(),
            devices=tuple(devices),
            clock_origin=1e9,
            speed=SPEED,
        )
        clock = SystemClock(speed=SPEED, origin=1_795_000_000.0)
        community = Community(devices, now=clock.now(), seed=3)
        stage = Stage(plan, community, clock)
        async with stage.open():
            await stage.begin()
            yield Scene(stage, broker, child)
    finally:
        await child.stop()


async def test_whoever_comes_later_finds_every_device_and_its_state_retained(
    scene: Scene,
) -> None:
    rows = scene.stage.community.rows.values()
    wanted = {(row.address, topic) for row in rows for topic in ("state", "avail")}
    async with recording(scene.broker) as recorder:
        await recorder.until(lambda: {(a, t) for a, t, *_ in recorder.seen} >= wanted)
    async with recording(scene.broker) as latecomer:
        await latecomer.until(lambda: len(latecomer.seen) >= len(wanted))
        kept = [(a, t, body) for a, t, body, retained in latecomer.seen if retained]
    assert {(a, t) for a, t, _ in kept} == wanted, "events and measurements are not retained"
    assert {body["state"] for _, t, body in kept if t == "avail"} == {"online"}


async def test_numbers_arrive_without_a_gap_and_in_order(scene: Scene) -> None:
    async with recording(scene.broker) as recorder:
        await recorder.until(lambda: len(recorder.seen) > 400)
    numbers: dict[tuple[str, str, str], list[int]] = {}
    for address, topic, body, _ in recorder.seen:
        if "seq" in body:
            numbers.setdefault((address, topic, body["boot"]), []).append(body["seq"])
    assert len(numbers) > 40
    for key, received in numbers.items():
        got = list(dict.fromkeys(received))  # a broker may repeat a state that was just retained
        assert got == list(range(got[0], got[0] + len(got))), key


async def test_a_gate_obeys_a_fresh_order_once_and_logs_it(scene: Scene) -> None:
    gate = scene.address("gate-a-1-in")
    async with recording(scene.broker) as recorder:
        await scene.order("gate-a-1-in", expires_in=60 * SPEED)
        await scene.order("gate-a-1-in", expires_in=60 * SPEED)
        await recorder.until(lambda: len(recorder.bodies(gate, "ack")) >= 3)
        await recorder.until(
            lambda: any(
                body["points"]["arm.position"] == "open" for body in recorder.bodies(gate, "state")
            )
        )
    acks = [body["result"] for body in recorder.bodies(gate, "ack")]
    assert acks[0] == "received"
    assert "executed" in acks
    moved = [each for each in scene.stage.community.log if each.command == "c1"]
    assert len(moved) == 1


async def test_a_gate_refuses_an_order_that_has_expired(scene: Scene) -> None:
    gate = scene.address("gate-a-1-in")
    async with recording(scene.broker) as recorder:
        await scene.order("gate-a-1-in", expires_in=-1)
        await recorder.until(lambda: recorder.bodies(gate, "ack"))
    assert recorder.last(gate, "ack")["result"] == "refused"
    assert not [each for each in scene.stage.community.log if each.command]


async def test_a_dead_switch_is_said_offline_by_will_and_returns_by_itself(scene: Scene) -> None:
    switch = scene.address("switch-1")
    rows = scene.stage.community.rows.values()
    behind = {switch} | {row.address for row in rows if row.upstream == "switch-1"}
    async with recording(scene.broker) as recorder:
        fault = scene.mishaps.begin("switch-down", device="switch-1")
        await recorder.until(
            lambda: all(recorder.last(each, "avail").get("state") == "offline" for each in behind)
        )
        will = recorder.last(switch, "avail")
        assert will["boot"] == recorder.bodies(switch, "state")[0]["boot"]
        count, count_before = len(recorder.bodies(switch, "telemetry")), len(recorder.seen)
        await recorder.until(lambda: len(recorder.seen) > count_before + 100)
        assert len(recorder.bodies(switch, "telemetry")) == count, "it is silent"
        scene.mishaps.end(fault.id)
        await recorder.until(
            lambda: all(recorder.last(each, "avail").get("state") == "online" for each in behind)
        )
        assert recorder.last(switch, "avail")["boot"] != will["boot"], "it booted anew"


async def test_a_broken_boom_stays_broken_for_whoever_comes_later(scene: Scene) -> None:
    fault = scene.mishaps.begin("boom-broken")
    gate = scene.address(fault.device)
    async with recording(scene.broker) as recorder:
        await recorder.until(
            lambda: recorder.last(gate, "state").get("points", {}).get("boom.broken")
        )
        scene.mishaps.end(fault.id)
        await recorder.until(lambda: not recorder.last(gate, "state")["points"]["boom.broken"])


async def test_nothing_is_lost_when_the_broker_is_restarted(scene: Scene) -> None:
    camera = scene.stage.community.devices["lpr-a-1-in"]
    async with recording(scene.broker) as recorder:
        await recorder.until(lambda: len(recorder.seen) > 130)
    await scene.child.stop()
    for _ in range(5):
        camera.happen("plate.read", {"plate": "told while nobody listened"})
    # What is told again before anybody has subscribed is lost: the recorder tries from the start.
    starting = asyncio.create_task(scene.child.start())
    async with recording(scene.broker) as recorder:
        await starting

        def told() -> bool:
            events = recorder.bodies(camera.row.address, "event")
            return len([e for e in events if "told while" in e["data"].get("plate", "")]) >= 5

        await recorder.until(told)
        numbers = [body["seq"] for body in recorder.bodies(camera.row.address, "event")]
        assert numbers == sorted(numbers)
