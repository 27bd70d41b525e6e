"""Devices that speak HTTP, from their socket to readings and tickets, through a hub of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from simulators import dahua, isapi
from simulators.event_stream import EventHost, Mishap
from simulators.gb28181 import GbDevice, Platform
from simulators.plate_camera import PlateCamera
from simulators.rtsp import Mishap as CameraMishap
from simulators.rtsp import RtspCamera
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import PLACE, Plot, write_site
from tests.support.story import hears, read_tickets, until

pytestmark = pytest.mark.integration

SPEED = 100.0
LOGIN = ("lingdang", "s3cret")
GB_RECORDER, GB_CHANNEL = "34020000001180000001", "34020000001310000001"
DEVICES = (
    ("access-1", "0", "door-host", "access_controller", "hikvision-access-controller"),
    ("door-1", "door-1", "door-host", "unit_door", "hikvision-unit-door"),
    ("recorder-1", "0", "nvr", "recorder", "hikvision-recorder"),
    ("camera-3", "3", "nvr", "camera", "hikvision-camera"),
    ("camera-d1", "1", "dahua-nvr", "camera", "dahua-camera"),
    ("camera-r1", "r1", "cameras", "camera", "rtsp-camera"),
    ("recorder-g1", GB_RECORDER, "gb", "recorder", "gb28181-recorder"),
    ("camera-g1", GB_CHANNEL, "gb", "camera", "gb28181-channel"),
    ("plates-1", "1a2b3c4d-5e6f7a8b", "plates", "lpr_camera", "vzenith-camera"),
)


PATH = "/plates-x7f3"


def push(port: int) -> str:
    return (
        f'[[push]]\nname = "plates"\ndialect = "vzenith-push"\nhost = "127.0.0.1"\nport = {port}\n'
        f'path = "{PATH}"\naddresses = ["127.0.0.0/8"]\n'
    )


def probe() -> str:
    return (
        f'[[rtsp]]\nname = "cameras"\nusername = "{LOGIN[0]}"\npassword_file = "host.password"\n'
        "period = 10\n"
    )


def platform(port: int) -> str:
    return (
        f'[[gb28181]]\nname = "gb"\nhost = "127.0.0.1"\nport = {port}\nperiod = 20\n'
        'id = "34020000002000000001"\ndomain = "3402000000"\npassword_file = "host.password"\n'
    )


def stream(name: str, dialect: str, port: int) -> str:
    return (
        f'[[stream]]\nname = "{name}"\ndialect = "{dialect}"\nhost = "127.0.0.1"\nport = {port}\n'
        f'username = "{LOGIN[0]}"\npassword_file = "host.password"\n'
    )


class Community(NamedTuple):
    hub: HubProcess
    doors: EventHost
    nvr: EventHost
    other: EventHost
    probed: RtspCamera
    plates: PlateCamera
    recorder: GbDevice


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.asynccontextmanager
async def beating(other: EventHost, *hosts: EventHost) -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            other.tell(dahua.HEARTBEAT, dahua.KIND)
            for host in hosts:
                host.tell(isapi.heartbeat(None))
            await asyncio.sleep(0.05)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


@pytest.fixture
async def community(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> AsyncIterator[Community]:
    doors, nvr = EventHost(isapi.PATH, LOGIN), EventHost(isapi.PATH, LOGIN, '"<frontier>"')
    probed = RtspCamera("/live", LOGIN)
    other = EventHost(dahua.PATH, LOGIN, dahua.BOUNDARY)
    other.answers = {dahua.question(code): dahua.standing() for code in ("VideoLoss", "VideoBlind")}
    async with (
        running_broker(require_server("mosquitto"), tmp_path / "broker") as broker,
        doors.serving() as door_port,
        nvr.serving() as nvr_port,
        other.serving() as other_port,
        probed.serving() as probed_port,
    ):
        push_port = free_port()
        more = stream("door-host", "isapi", door_port) + stream("nvr", "isapi", nvr_port)
        more += push(push_port) + stream("dahua-nvr", "dahua", other_port)
        sip_port = free_port()
        more += probe() + platform(sip_port)
        plot = Plot(devices={}, speed=SPEED, more=more)
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        (config.parent / "host.password").write_text(LOGIN[1] + "\n")
        sheet_of_devices = config.parent / "devices.csv"
        head = sheet_of_devices.read_text("utf-8").strip()
        sheet_of_devices.write_text(f"{head},rtsp\n", "utf-8")
        with sheet_of_devices.open("a", encoding="utf-8") as sheet:
            where = f"127.0.0.1:{probed_port}/live"
            for name, address, link, kind, model in DEVICES:
                sheet.write(
                    f"{name},{address},{link},{kind},{model},{PLACE},{name},,,,in_service,{where}\n"
                )
        async with beating(other, doors, nvr), running_hub(config) as hub:
            at = Platform("127.0.0.1", sip_port, "34020000002000000001", "3402000000")
            recorder = GbDevice(GB_RECORDER, at, LOGIN[1])
            recorder.channels = {GB_CHANNEL: "ON"}
            plates = PlateCamera("1a2b3c4d-5e6f7a8b", "127.0.0.1", push_port, PATH)
            async with recorder.connected():
                yield Community(hub, doors, nvr, other, probed, plates, recorder)


async def has_fault(hub: HubProcess, device: str, fault: str) -> None:
    """Wait for a ticket; on a machine that hangs, one for silence may have come first."""
    await until(
        lambda: read_tickets(hub),
        lambda tickets: any((t["subject"], t["fault"]) == (device, fault) for t in tickets),
    )


async def has_event(hub: HubProcess, device: str, event: str) -> None:
    await until(
        lambda: hub.get(f"/api/v1/devices/{device}/events", limit=100),
        lambda page: event in {each["name"] for each in page["items"]},
    )


async def test_what_hosts_tell_becomes_readings_and_tickets(community: Community) -> None:
    hub, doors, nvr, other, probed, plates, recorder = community
    assert (await recorder.register())[0] == 200
    for device, point in (
        ("camera-3", "online"), ("recorder-1", "online"), ("camera-r1", "stream.ok"),
        ("recorder-g1", "recording"), ("camera-g1", "online"),
    ):  # fmt: skip
        await hears(hub, device, point, value=True)
    await hears(hub, "camera-d1", "online", value=True)
    probed.mishap = CameraMishap.NO_STREAM
    assert await recorder.alarm(2, 1, GB_CHANNEL) == 200
    recorder.channels[GB_CHANNEL] = "OFF"
    other.tell(dahua.event("VideoLoss", "Start", 0), dahua.KIND)
    nvr.tell(isapi.alert("diskerror", 0, None))
    nvr.tell(isapi.alert("shelteralarm", 3, None))
    doors.tell(isapi.door_event(5, 0x1B, 1, None), "application/json")
    doors.tell(isapi.door_event(1, 0x404, 0, None), "application/json")
    for _ in range(5):
        assert (await plates.see("京A12345", 0))["content"] == "retransfer_stop"
    for device, fault in (
        ("door-1", "door.forced"), ("access-1", "access.tamper"), ("recorder-1", "recorder.disk"),
        ("plates-1", "lpr.repeats"), ("camera-d1", "camera.video_lost"),
        ("camera-r1", "camera.no_stream"), ("camera-g1", "camera.lost"),
    ):  # fmt: skip
        await has_fault(hub, device, fault)
    await hears(hub, "plates-1", "plate.confidence", 97)
    for device, event in (
        ("door-1", "door.forced"), ("camera-d1", "video.lost"), ("camera-g1", "video.lost"),
    ):  # fmt: skip
        await has_event(hub, device, event)
    await hears(hub, "door-1", "door.open", value=True)
    await hears(hub, "camera-3", "picture.ok", value=True)
    assert (plates.lifted, "京A12345" in hub.log) == (0, False)
    events = await hub.get("/api/v1/devices/plates-1/events", limit=10)
    assert {each["name"] for each in events["items"]} >= {"plate.read"}
    assert "京A12345" not in str(events)
    nvr.hang_up()
    nvr.mishap = Mishap.PAGE
    await has_fault(hub, "camera-3", "camera.lost")
    probed.mishap = CameraMishap.SILENCE
    await has_event(hub, "camera-r1", "link.lost")
