"""Other makers' devices, from a real broker to a ticket: one broker and one hub for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import aiomqtt
import pytest
import pytest_asyncio

from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import MqttSettings
from hub.assembly.links import Unwatched
from hub.clock import Clock, SystemClock
from hub.extras import Client
from hub.feeds.home_assistant.announcement import Voice
from hub.feeds.home_assistant.announcer import Announcer
from hub.intake.pulse import CommitPulse
from hub.model.device import LinkState
from hub.model.place import Place
from hub.ports import DeviceView
from simulators.demo_files import HOST
from simulators.foreign.frigate import WILL as WILL_OF_FRIGATE
from simulators.foreign.frigate import Frigate
from simulators.foreign.plug import plugged_in
from simulators.foreign.shelly import Relay
from simulators.foreign.shelly import will_of as will_of_relay
from simulators.foreign.tasmota import Board, will_of
from simulators.foreign.thingsboard import Gateway, speak_alone
from simulators.foreign.vzenith import PlateCamera
from simulators.foreign.zigbee import WILL, Bridge
from simulators.line import BrokerAddress
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.patience import PATIENCE
from tests.support.shipped import MODELS
from tests.support.site import LEISURE, PLACE, Plot, write_site
from tests.support.story import hears, listening, read_journal, read_tickets, until
from tests.unit.intake.stage import GATE

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

SPEED = 300.0
DEVICES = (
    ("meter-1", "tasmota_5A1B2C", "boards", "electricity_meter", "tasmota-meter-3p", ""),
    ("bridge-1", "bridge", "zigbee", "gateway", "zigbee2mqtt-bridge", ""),
    ("leak-1", "leak_pump_room", "zigbee", "sensor", "zigbee2mqtt-leak", "bridge-1"),
    ("button-1", "sos", "zigbee", "sensor", "zigbee2mqtt-button", "bridge-1"),
    ("plug-1", "shellyplus1pm-aabb", "shellies", "electricity_meter", "shelly-meter", ""),
    ("tb-gateway", "gateway", "tb", "gateway", "thingsboard-gateway", ""),
    ("cellar-1", "cellar-leak", "tb", "sensor", "thingsboard-behind-sensor", "tb-gateway"),
    ("meter-2", "main-meter", "tb", "electricity_meter", "thingsboard-behind-meter", "tb-gateway"),
    ("room-1", "sensor-7", "alone", "sensor", "thingsboard-sensor", ""),
    ("nvr-1", "frigate", "eyes", "recorder", "frigate-recorder", ""),
    ("cam-1", "gate_w", "eyes", "camera", "frigate-camera", "nvr-1"),
    ("cam-2", "yard", "eyes", "camera", "frigate-camera", "nvr-1"),
    ("lpr-1", "1a2b3c4d-5e6f7a8b", "plates", "lpr_camera", "vzenith-lpr", ""),
)  # fmt: skip
"""Id, address, link, kind, model, upstream."""
FAMILIES = (
    *(("plates", "vzenith"), ("boards", "tasmota"), ("zigbee", "zigbee2mqtt")),
    *(("shellies", "shelly"), ("tb", "thingsboard-gateway"), ("alone", "thingsboard")),
    *(("announced", "homeassistant"), ("eyes", "frigate")),
)
"""Link and dialect."""


class Stage(NamedTuple):
    """The hub and the broker that all tests share."""

    hub: HubProcess
    broker: BrokerAddress
    clock: Clock

    async def is_heard(self, device: str, state: str) -> None:
        """Wait until the hub takes a device for online or silent."""

        async def ask() -> object:
            return (await self.hub.get(f"/api/v1/devices/{device}"))["link"]

        await until(ask, lambda found: found == state)

    async def has_fault(self, device: str, fault: str) -> None:
        """Wait for a ticket of that fault; with a fast clock others may come before it."""

        async def ask() -> set[tuple[str, str]]:
            return {(each["subject"], each["fault"]) for each in await read_tickets(self.hub)}

        await until(ask, lambda found: (device, fault) in found)

    async def has_event(self, device: str, event: str) -> None:
        """Wait for an event of a device."""
        await until(
            lambda: self.events(device),
            lambda found: event in {each["name"] for each in found},
        )

    async def guesses(self, link: str) -> dict[str, str]:
        """Return newcomers of a link, and which model each may be."""
        page = await self.hub.get("/api/v1/newcomers")
        return {each["address"]: each["guess"] for each in page["items"] if each["link"] == link}

    async def events(self, device: str) -> list[dict[str, Any]]:
        page = await self.hub.get(f"/api/v1/devices/{device}/events")
        found: list[dict[str, Any]] = page["items"]
        return found


@contextlib.asynccontextmanager
async def repeating(say: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Say something again and again while the block runs: with a fast clock silence comes soon."""

    async def go_on() -> None:
        while True:
            await say()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    require_server: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("families")
    async with running_broker(require_server("mosquitto"), folder / "broker") as broker:
        more = "[home_assistant]\n" + "".join(
            f'[[family]]\nname = "{link}"\ndialect = "{dialect}"\n' for link, dialect in FAMILIES
        )
        clock = SystemClock(speed=SPEED, origin=time.time())
        plot = Plot(devices={}, speed=SPEED, clock_origin=clock._origin, more=LEISURE + more)
        config = write_site(folder / "hub", plot, mqtt_port=broker.port)
        with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
            for name, address, link, kind, model, upstream in DEVICES:
                row = (
                    name,
                    address,
                    link,
                    kind,
                    model,
                    PLACE,
                    name,
                    "",
                    upstream,
                    "",
                    "in_service",
                )
                sheet.write(",".join(row) + "\n")
        async with running_hub(config) as hub:
            await until(lambda: listening(hub), {link for link, _ in FAMILIES}.issubset)
            address = BrokerAddress(host=HOST, port=broker.port, username="", password="")
            yield Stage(hub, address, clock)


async def test_a_plate_camera_s_vehicles_are_events_without_plates_and_repeats_a_ticket(
    stage: Stage,
) -> None:
    async with plugged_in(stage.broker, "1a2b3c4d-5e6f7a8b") as plug:
        camera, now = PlateCamera(plug, "1a2b3c4d-5e6f7a8b"), stage.clock.now()
        await camera.beat(now)
        await camera.see("京A00001", now - 3000, isoffline=1)
        await asyncio.gather(  # at once: minutes pass while a slow machine sends one by one
            *(camera.see("京A12345", now - 5 + n, confidence=90 + n) for n in range(5)),
            camera.see("京A00002", now, confidence=94, is_fake_plate=1),
        )
        await hears(stage.hub, "lpr-1", "plate.confidence", 94)
        await stage.has_fault("lpr-1", "lpr.repeats")
        events = await until(lambda: stage.events("lpr-1"), lambda found: len(found) >= 7)
        reads = [each for each in events if each["name"] == "plate.read"]
        assert len({each["data"]["plate"] for each in reads}) == 3
        assert [each["data"]["fake"] for each in reads if "fake" in each["data"]] == ["1"]
        assert "京A12345" not in str(events)


async def test_a_tasmota_meter_is_read_lost_and_back_and_a_late_will_is_not_believed(
    stage: Stage,
) -> None:
    name = "tasmota_5A1B2C"
    async with plugged_in(stage.broker, "board", will_of(name)) as plug:
        board = Board(plug, name)
        await board.start()
        await board.measure([230, 231, 229], 14.2)
        await hears(stage.hub, "meter-1", "energy.import", 14.2)
        await asyncio.gather(  # at once: a will some time after the last word is believed
            board.measure([230, 231, 230], 14.2),
            board.say_late_will(),
            board.measure([230, 231, 0], 14.3),
        )
        await hears(stage.hub, "meter-1", "energy.import", 14.3)
        await stage.has_fault("meter-1", "meter.phase_lost")
        journal = [each for each in await read_journal(stage.hub) if each["subject"] == "meter-1"]
        assert "device.silent" not in {each["type"] for each in journal}
        plug.pull()
        await stage.is_heard("meter-1", "silent")
    async with plugged_in(stage.broker, "board", will_of(name)) as plug:
        await Board(plug, name).start()
        await stage.is_heard("meter-1", "online")
        events = await until(
            lambda: stage.events("meter-1"),
            lambda found: {"link.lost", "link.back", "rebooted"} <= {e["name"] for e in found},
        )
        assert events


async def test_a_bridge_s_sleeping_devices_are_heard_and_are_gone_with_it(stage: Stage) -> None:
    async with plugged_in(stage.broker, "z2m", WILL) as plug:
        bridge = Bridge(plug)
        await bridge.start("leak_pump_room", "sos", "a stranger/1")
        await bridge.pass_on("leak_pump_room", water_leak=False, battery=97)
        await bridge.pass_on("sos", action="single", battery=88)
        await bridge.pass_on("a stranger/1", temperature=21.5, humidity=44)
        await hears(stage.hub, "leak-1", "battery.charge", 97)
        events = await until(
            lambda: stage.events("button-1"),
            lambda found: [each for each in found if each["name"] == "button.pressed"],
        )
        assert events[0]["data"] == {"said": "single"}
        await bridge.pass_on("leak_pump_room", water_leak=True)
        await stage.has_fault("leak-1", "water.leak_found")
        assert await stage.guesses("zigbee") == {
            "a-stranger-1-7f644133": "zigbee2mqtt-climate (3 of its 7 points)"
        }
        plug.pull()
        for device in ("bridge-1", "leak-1", "button-1"):
            await stage.is_heard(device, "silent")


async def test_a_shelly_that_tells_only_what_has_changed_is_read_and_missed(stage: Stage) -> None:
    name = "shellyplus1pm-aabb"
    async with plugged_in(stage.broker, name, will_of_relay(name)) as plug:
        relay, now = Relay(plug, name), stage.clock.now
        await relay.start()
        await relay.change(now(), voltage=232.8, output=True, apower=27.5)
        await relay.change(now(), voltage=232.8, output=False, apower=None)
        await relay.push(now())
        await hears(stage.hub, "plug-1", "relay.on", value=False)
        points = (await stage.hub.get("/api/v1/devices/plug-1"))["points"]
        assert points["voltage.a"]["value"] == 232.8
        assert (points["power.active"]["value"], points["power.active"]["quality"]) == (None, "bad")
        await until(
            lambda: stage.events("plug-1"),
            lambda found: [each for each in found if each["name"] == "button.pressed"],
        )
        plug.pull()
        await stage.has_fault("plug-1", "meter.silent")


async def test_one_message_of_a_thingsboard_gateway_is_of_many(stage: Stage) -> None:
    async with plugged_in(stage.broker, "tb-gw") as plug:
        gateway, now = Gateway(plug), stage.clock.now()
        await gateway.connect("cellar-leak")
        gateway.hear("cellar-leak", now - 2, leak=False, batteryLevel=91)
        gateway.hear("main-meter", now - 2, voltage=229.5, energy=12.5)
        gateway.hear("cellar-leak", now - 1, leak=True)
        gateway.hear("main-meter", now - 1, voltage=230.5)
        gateway.hear("a stranger", now - 1, temperature=21)
        await gateway.hand_in()
        await hears(stage.hub, "meter-2", "voltage.a", 230.5)
        await hears(stage.hub, "cellar-1", "battery.charge", 91)
        await stage.has_fault("cellar-1", "water.leak_found")
        await gateway.disconnect("cellar-leak")
        await stage.is_heard("cellar-1", "silent")
        await stage.has_event("cellar-1", "link.lost")
        async with repeating(lambda: gateway.connect("main-meter")):
            await stage.is_heard("tb-gateway", "online")
        (guess,) = (await stage.guesses("tb")).values()
        assert guess.startswith("thingsboard-behind-sensor (1 of")
        await speak_alone(plug, "sensor-7", {"temperature": 19.5})
        await hears(stage.hub, "room-1", "temperature", 19.5)
        await speak_alone(plug, "sensor-7", {"waterLeak": True})
        await stage.has_fault("room-1", "water.leak_found")
    await stage.has_event("room-1", "link.lost")


async def test_who_announces_itself_is_a_newcomer_with_a_guess(stage: Stage) -> None:
    async with plugged_in(stage.broker, "z2m-2", WILL) as plug:
        await Bridge(plug).announce("cellar/leak 2", "0x00158d0001dc126a", "moisture")
        found = await until(lambda: stage.guesses("announced"), bool)
        assert found == {
            "zigbee2mqtt_0x00158d0001dc126a": "zigbee2mqtt: Aqara SJCGQ11LM, measures moisture, "
            "heard at zigbee2mqtt/cellar/leak 2"
        }


async def hear_retained(broker: BrokerAddress, topic: str) -> bytes:
    """Return what a broker has kept on a topic, or says there next."""
    client = aiomqtt.Client(broker.host, broker.port, identifier="ha")
    async with asyncio.timeout(PATIENCE), client:
        await client.subscribe(topic, qos=1)
        message = await anext(aiter(client.messages))
        assert isinstance(message.payload, bytes)
        return message.payload


async def test_the_hub_s_devices_are_in_home_assistant(stage: Stage) -> None:
    uid = (await stage.hub.get("/api/v1/devices/room-1"))["uid"]
    told = await hear_retained(stage.broker, f"homeassistant/device/lingdang_{uid}/config")
    said = json.loads(told)
    assert said["cmps"]["temperature"]["unit_of_meas"] == "°C"
    assert await hear_retained(stage.broker, said["avty"][0]["t"]) == b"online"
    async with plugged_in(stage.broker, "alone") as plug:
        await speak_alone(plug, "sensor-7", {"temperature": 23.5})

        async def temperature() -> object:
            state = json.loads(await hear_retained(stage.broker, said["stat_t"]))
            return state.get("temperature")

        await until(temperature, lambda found: found == 23.5)
    assert not [each for each in await stage.guesses("announced") if each.startswith("lingdang")]


@pytest.mark.parametrize("client", ["paho", "fast"])
async def test_a_hub_that_is_gone_is_unavailable_and_what_it_said_can_be_taken_back(
    stage: Stage, client: Client
) -> None:
    settings = MqttSettings(
        host=HOST, port=stage.broker.port, community=f"c-{client}", client=client
    )
    voice = Voice("homeassistant", settings.community)
    heard = []
    for takes_back in (False, True):
        announcer = Announcer(
            Dialler(settings), voice, live=Few(), pulse=CommitPulse(0), models=MODELS,
            watch=Unwatched(), takes_back=takes_back,
        )  # fmt: skip
        listener = aiomqtt.Client(HOST, stage.broker.port, identifier=f"l-{client}")
        async with asyncio.timeout(PATIENCE), listener:
            await listener.subscribe(voice.root, qos=1)
            task = asyncio.create_task(announcer.run())
            messages = aiter(listener.messages)
            heard.append((await anext(messages)).payload)
            if not takes_back:
                task.cancel()
                heard.append((await anext(messages)).payload)
            else:
                heard.append((await anext(messages)).payload)
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert heard == [b"online", b"offline", b"offline", b""]


class Few:
    """A site with one device, which says nothing."""

    def devices(self) -> list[DeviceView]:
        return [DeviceView(device=GATE, link=LinkState.UNKNOWN, heard_at=None, points={})]

    def device(self, _id: str) -> DeviceView | None:
        return None

    def places(self) -> dict[str, Place]:
        return {}


async def test_a_camera_without_frames_is_a_ticket_and_what_was_seen_is_a_kind_alone(
    stage: Stage,
) -> None:
    async with plugged_in(stage.broker, "frigate", WILL_OF_FRIGATE) as plug:
        frigate = Frigate(plug, {"gate_w": 5.0, "yard": 5.0, "lift": 5.0})
        await frigate.start()
        async with repeating(frigate.tell):
            await hears(stage.hub, "cam-1", "frames.camera", 5.0)
            await frigate.see("gate_w", "person", stage.clock.now())  # the hub listens by now
            await hears(stage.hub, "nvr-1", "disk.used", 65.0)
            frigate.frames["yard"] = 0.0
            await hears(stage.hub, "cam-2", "stream.ok", False)
            await stage.has_fault("cam-2", "camera.no_stream")
            await until(lambda: stage.guesses("eyes"), lambda found: "lift" in found)
            await stage.is_heard("cam-1", "online")
        events = await until(lambda: stage.events("cam-1"), len)
        seen = [each for each in events if each["name"] == "object.seen"]
        assert [each["data"] for each in seen] == [{"kind": "person", "zones": ["gate"]}]
        assert not any(word in str(events) for word in ("Wang", "京A", "/9j/"))
        plug.pull()
        await stage.is_heard("nvr-1", "silent")
    assert (await stage.guesses("eyes"))["lift"] == "frigate-camera (one of its cameras)"
