"""A device that is swapped and renamed on a hub that runs: no jump, no alarm, and found again."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from simulators.demo_files import HOST
from simulators.foreign.plug import plugged_in
from simulators.foreign.tasmota import Board
from simulators.line import BrokerAddress
from tests.integration.test_families import listening
from tests.integration.test_site_loads import call, until_new_start
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import publishing
from tests.support.site import PLACE, Plot, write_site
from tests.support.story import hears, read_journal, read_tickets, until

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

METERS = ("meter-1", "meter-2")


class Stage(NamedTuple):
    """A hub of two meters, of which one is swapped, and a gate."""

    hub: HubProcess
    config: Path
    broker: BrokerAddress

    async def starts_anew(self, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - what act gives
        """Act, and wait for the start that it causes."""
        before = self.hub.log.count("the hub is up")
        found = await act()
        await until_new_start(self.hub, before + 1)
        await self.hub.until_ready()
        return found

    async def entries(self, subject: str) -> list[dict[str, Any]]:
        """Return what the journal says of a device."""
        return [each for each in await read_journal(self.hub) if each["subject"] == subject]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    require_server: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("change")
    async with running_broker(require_server("mosquitto"), folder / "broker") as broker:
        more = '[[family]]\nname = "boards"\ndialect = "tasmota"\n'
        plot = Plot(devices={"gate-1": "barrier_gate"}, more=more)
        config = write_site(folder / "hub", plot, mqtt_port=broker.port)
        with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
            for name in METERS:
                facts = (name, f"tasmota_{name[-1]}", "boards", "electricity_meter")
                sheet.write(",".join((*facts, "tasmota-meter-3p", PLACE, *[""] * 5)) + "\n")
        async with running_hub(config) as hub:
            await until(lambda: listening(hub), lambda links: "boards" in links)
            address = BrokerAddress(host=HOST, port=broker.port, username="", password="")
            yield Stage(hub, config, address)


async def measure(stage: Stage, meter: str, total: float) -> None:
    topic = f"tasmota_{meter[-1]}"
    async with plugged_in(stage.broker, f"board-{meter}") as plug:
        await Board(plug, topic).measure([230, 230, 230], total)


async def test_a_swapped_meter_counts_on_and_one_that_nobody_told_of_is_doubted(
    stage: Stage,
) -> None:
    for meter in METERS:
        await measure(stage, meter, 5000.5)
        await hears(stage.hub, meter, "energy.import", 5000.5)
    told = {"why": "坏了", "serial": "SN-2", "opening": {"energy.import": 0}}
    path = "/api/v1/site/devices/meter-1/swap"
    load = await stage.starts_anew(lambda: stage.hub.post(path, "administrator", **told))
    assert load["file"] == "换设备 meter-1"
    for meter in METERS:
        await measure(stage, meter, 0.25)
    await hears(stage.hub, "meter-1", "energy.import", 0.25)
    doubted = await until(lambda: stage.entries("meter-2"), lambda found: "doubted" in str(found))
    assert doubted[-1]["data"]["before"] == 5000.5
    kinds = [each["type"] for each in await stage.entries("meter-1")]
    assert not any("counter" in kind for kind in kinds)
    [swapped] = [e for e in await stage.entries("meter-1") if e["type"] == "device.swapped"]
    assert swapped["actor"] == "key:administrator"
    assert swapped["data"]["closing"] == {"energy.import": 5000.5}, "as it stood"
    assert swapped["data"]["opening"] == {"energy.import": 0}
    assert swapped["data"]["to"]["serial"] == "SN-2"
    assert [t for t in await read_tickets(stage.hub) if t["subject"] == "meter-1"] == []


async def test_a_renamed_device_keeps_its_history_and_its_ticket_and_is_found_by_its_old_id(
    stage: Stage,
) -> None:
    async with publishing(stage.broker.port) as publisher:
        publisher.state("gate-1", time.time(), boom_broken=True)
        await publisher.until_acknowledged()
        [ticket] = await until(lambda: read_tickets(stage.hub), len)
        assert ticket["subject"] == "gate-1"
        uid = (await stage.hub.get("/api/v1/devices/gate-1"))["uid"]
        said = await stage.starts_anew(
            lambda: call(stage.config, "device", "rename", "gate-1", "gate-west", "--why", "统一")
        )
        assert "starts again with it within seconds" in said
        for name in ("gate-1", "gate-west"):
            device = await stage.hub.get(f"/api/v1/devices/{name}")
            assert (device["id"], device["uid"]) == ("gate-west", uid)
            assert device["formerly"] == ["gate-1"]
        history = await stage.hub.get("/api/v1/devices/gate-west/history", point="boom.broken")
        assert [row["value"] for row in history["items"]] == [True]
        publisher.state("gate-1", time.time(), boom_broken=False)  # the address stays
        await publisher.until_acknowledged()
        await hears(stage.hub, "gate-west", "boom.broken", False)
    alarms = await until(
        lambda: stage.hub.get("/api/v1/alarms", limit=10),
        lambda page: page["items"][0]["state"] == "cleared",
    )
    assert alarms["items"][0]["subject"] == "gate-west", "the alarm went on under the new id"
    after = await stage.hub.get(f"/api/v1/tickets/{ticket['number']}")
    assert after["number"] == ticket["number"]
    [renamed] = [e for e in await stage.entries("gate-west") if e["type"] == "device.renamed"]
    assert renamed["data"] == {"from": "gate-1", "why": "统一"}
    await stage.starts_anew(lambda: call(stage.config, "import", "--undo"))
    device = await stage.hub.get("/api/v1/devices/gate-west")
    assert (device["id"], device["uid"], device["formerly"]) == ("gate-1", uid, ["gate-west"])
