"""The hub reads what its broker says of itself: drops become a gap, a ticket and a second look."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import running_broker
from tests.support.generated_broker import generated_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, hears, read_journal, read_tickets, until

pytestmark = pytest.mark.integration

TINY = ("max_queued_messages 20", "sys_interval 1")
"""A broker that keeps 20 messages beside the 1,000 that the hub lets be under way, and tells its
figures each second."""
SITE = names("barrier_gate", 6)
OTHERS = tuple(SITE)[1:]
GATE = next(iter(SITE))
COUNT = 1500


async def entries(hub: HubProcess, kind: str) -> list[dict[str, Any]]:
    """Return the journal's entries of a type."""
    return [entry for entry in await read_journal(hub) if entry["type"] == kind]


async def has_entry(hub: HubProcess, kind: str) -> dict[str, Any]:
    """Return the first entry of a type once it is there."""
    return (await until(lambda: entries(hub, kind), bool))[0]


async def knows_its_broker(hub: HubProcess) -> None:
    """Wait for the first look at the broker: what is dropped from then on is news."""
    await hears(hub, "hub", "broker.dropped", 0)


async def overflow(publisher: Publisher) -> None:
    """Say more than the broker keeps, and break the boom with the last word."""
    for number in range(COUNT - 1):
        publisher.state(OTHERS[number % len(OTHERS)], time.time(), boom_broken=False)
    publisher.state(GATE, time.time(), boom_broken=True)
    await publisher.until_acknowledged()


async def check_told(hub: HubProcess) -> None:
    """Check that the loss is told, ticketed once, and made good."""
    said = await has_entry(hub, "broker.dropped")
    assert said["subject"] == "hub"
    # Within the second of a look the broker may drop on: the rest is told a minute later.
    assert 0 < said["data"]["dropped"] <= COUNT
    assert (await has_ticket(hub, "hub"))["fault"] == "broker.dropped"
    await has_entry(hub, "broker.read_again")
    assert (await has_ticket(hub, GATE))["fault"] == "gate.boom_broken"
    tickets = sorted(each["fault"] for each in await read_tickets(hub))
    assert tickets == ["broker.dropped", "gate.boom_broken"]


async def test_what_the_broker_drops_while_the_hub_hangs_is_told_and_read_again(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", TINY) as broker:
        config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=broker.port)
        async with running_hub(config) as hub, publishing(broker.port) as publisher:
            await has_caught_up(hub)
            await knows_its_broker(hub)
            with hub.frozen():
                await overflow(publisher)
            await check_told(hub)
            await broker.kill()
            await broker.start()
            await has_entry(hub, "broker.restarted")
            assert len(await entries(hub, "broker.dropped")) <= 2


async def test_what_the_broker_drops_while_the_hub_is_away_is_told_at_its_return(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", TINY) as broker:
        config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=broker.port)
        async with running_hub(config) as hub, publishing(broker.port) as publisher:
            await has_caught_up(hub)
            await knows_its_broker(hub)
            await hub.kill()
            await overflow(publisher)
            await hub.start()
            await check_told(hub)


async def test_the_written_profile_lets_the_hub_read_its_figures(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    require_server("mosquitto_passwd")
    config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=1)
    mosquitto = require_server("mosquitto")
    async with generated_broker(mosquitto, tmp_path / "broker", config) as own:
        text = config.read_text("utf-8").replace("port = 1\n", f"port = {own.broker.port}\n")
        login = f'[mqtt]\nusername = "hub"\npassword = "{own.passwords["hub"]}"'
        config.write_text(text.replace("[mqtt]", login), "utf-8")
        async with running_hub(config) as hub:
            await knows_its_broker(hub)
            assert await entries(hub, "broker.mute") == []
