"""Other makers' devices, from a real broker to a ticket: one broker and one hub for all of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from simulators.demo_files import HOST
from simulators.foreign.plug import plugged_in
from simulators.foreign.vzenith import PlateCamera
from simulators.line import BrokerAddress
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import PLACE, Plot, write_site
from tests.support.story import has_caught_up, has_ticket, hears, until

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

DEVICES = (
    ("lpr-1", "1a2b3c4d-5e6f7a8b", "plates", "lpr_camera", "vzenith-lpr", ""),
)  # fmt: skip
"""Id, address, link, kind, model, upstream."""
FAMILIES = (("plates", "vzenith"),)
"""Link and dialect."""


class Stage(NamedTuple):
    """The hub and the broker that all tests share."""

    hub: HubProcess
    broker: BrokerAddress

    async def online(self, device: str) -> Any:  # noqa: ANN401 - JSON
        return (await self.hub.get(f"/api/v1/devices/{device}"))["link_state"]

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
        config = write_site(folder / "hub", Plot(devices={}, more=more), mqtt_port=broker.port)
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
            yield Stage(hub, address)


async def test_a_plate_camera_s_vehicles_are_events_without_plates_and_repeats_a_ticket(
    stage: Stage,
) -> None:
    async with plugged_in(stage.broker, "1a2b3c4d-5e6f7a8b") as plug:
        camera, now = PlateCamera(plug, "1a2b3c4d-5e6f7a8b"), time.time()
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
