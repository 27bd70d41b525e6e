"""Other makers' devices, from a real broker to a ticket: one broker and one hub for all of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from hub.clock import Clock, SystemClock
from simulators.demo_files import HOST
from simulators.foreign.plug import plugged_in
from simulators.foreign.tasmota import Board, will_of
from simulators.foreign.vzenith import PlateCamera
from simulators.line import BrokerAddress
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import LEISURE, PLACE, Plot, write_site
from tests.support.story import has_caught_up, has_ticket, hears, read_journal, until

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

SPEED = 120.0
DEVICES = (
    ("meter-1", "tasmota_5A1B2C", "boards", "electricity_meter", "tasmota-meter-3p", ""),
    ("lpr-1", "1a2b3c4d-5e6f7a8b", "plates", "lpr_camera", "vzenith-lpr", ""),
)  # fmt: skip
"""Id, address, link, kind, model, upstream."""
FAMILIES = (("plates", "vzenith"), ("boards", "tasmota"))
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

    async def events(self, device: str) -> list[dict[str, Any]]:
        page = await self.hub.get(f"/api/v1/devices/{device}/events")
        found: list[dict[str, Any]] = page["items"]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    require_server: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("families")
    async with running_broker(require_server("mosquitto"), folder / "broker") as broker:
        more = "".join(
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
            await has_caught_up(hub)
            address = BrokerAddress(host=HOST, port=broker.port, username="", password="")
            yield Stage(hub, address, clock)


async def test_a_plate_camera_s_vehicles_are_events_without_plates_and_repeats_a_ticket(
    stage: Stage,
) -> None:
    async with plugged_in(stage.broker, "1a2b3c4d-5e6f7a8b") as plug:
        camera, now = PlateCamera(plug, "1a2b3c4d-5e6f7a8b"), stage.clock.now()
        await camera.beat(now)
        await camera.see("京A00001", now - 3000, isoffline=1)
        for second in range(5):
            await camera.see("京A12345", now - 5 + second, confidence=90 + second)
        await hears(stage.hub, "lpr-1", "plate.confidence", 94)
        ticket = await has_ticket(stage.hub, "lpr-1")
        assert ticket["fault"] == "lpr.repeats"
        events = await until(lambda: stage.events("lpr-1"), lambda found: len(found) >= 6)
        reads = [each for each in events if each["name"] == "plate.read"]
        assert len({each["data"]["plate"] for each in reads}) == 2
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
        await board.measure([230, 231, 230], 14.2)
        await board.say_late_will()
        await board.measure([230, 231, 0], 14.3)
        await hears(stage.hub, "meter-1", "energy.import", 14.3)
        ticket = await has_ticket(stage.hub, "meter-1")
        assert ticket["fault"] == "meter.phase_lost"
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
