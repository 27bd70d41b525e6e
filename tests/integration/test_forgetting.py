"""Plates and payloads through a real hub: in no byte of any file, and forgotten on time."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.commands.backtesting import backtest_rules
from hub.commands.checking import show_status
from hub.commands.safekeeping import keep_backup
from hub.store.readings.replay import replay_file
from hub.store.seals.day_key import open_day_keys
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import COMMUNITY, Plot, write_site
from tests.support.story import has_caught_up, has_ticket, until

pytestmark = pytest.mark.integration

SWIFT_HUB = (sys.executable, str(Path(__file__).parents[1] / "support/swift_hub.py"))
DAY = 86_400.0
LONG_AGO, TODAY = "hash-of-nobody-long-ago", "hash-of-nobody-today"
PAYLOAD = b'{"name":"plate.raed","data":{"plate":"nobody-in-quarantine"}}'
SAMPLE = b'{"points":{"plate":"nobody-in-sample"}}'
DEVICES = {"cam-1": "lpr_camera", "door-1": "unit_door"}
OLD, NEW = 20, 5
"""Plates read 31 days ago, and today; five of one plate open a ticket."""


def files_with(folder: Path, word: str) -> list[str]:
    files = (each for each in folder.iterdir() if each.is_file())
    return [each.name for each in files if word.encode() in each.read_bytes()]


def plates_in(database: Path, keys: Path) -> set[str]:
    """Return the plates that a file tells to somebody with the keys beside another."""
    days = open_day_keys(keys)
    reports = replay_file(database, start=0.0, end=1e11, uids=None, days=days)
    return {str(report.data["plate"]) for report in reports if "plate" in report.data}


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    async with running_broker(require_server("mosquitto"), tmp_path / "broker") as broker:
        yield broker.port


async def events(hub: HubProcess) -> dict[str, Any]:
    since = time.time() - 40 * DAY
    return dict(await hub.get("/api/v1/devices/cam-1/events", **{"from": int(since)}))


async def plates(hub: HubProcess) -> list[str]:
    items = (await events(hub))["items"]
    return [each["data"]["plate"] for each in items if each["name"] == "plate.read"]


async def entries(hub: HubProcess, kind: str) -> list[dict[str, Any]]:
    return list((await hub.get("/api/v1/journal", type=kind))["items"])


def say_everything(devices: Publisher) -> None:
    now = time.time()
    for device in DEVICES:
        devices.say(device, "avail", {"state": "online"}, at=now)
    devices.state("door-1", now, door_open=False)
    for number in range(OLD):
        at = now - 31 * DAY + number
        body = {"name": "plate.read", "late": True, "data": {"plate": f"{LONG_AGO}-{number}"}}
        devices.say("cam-1", "event", body, at=at)
    for number in range(NEW):
        body = {"name": "plate.read", "data": {"plate": TODAY}}
        devices.say("cam-1", "event", body, at=now + number / 10)
    devices.raw(f"ld/{COMMUNITY}/cam-1/event", PAYLOAD)
    devices.raw(f"ld/{COMMUNITY}/stranger-7/state", SAMPLE)


async def look_at_bytes(hub: HubProcess) -> None:
    """Read bytes as an administrator does, and find it in the journal."""
    [row] = (await hub.get("/api/v1/quarantine"))["items"]
    assert "plate.raed" in row["reason"]
    seen = await hub.get(f"/api/v1/quarantine/{row['id']}")
    assert seen["text"] == PAYLOAD.decode()
    assert (await hub.get("/api/v1/newcomers/mqtt/stranger-7"))["text"] == SAMPLE.decode()
    told = [*await entries(hub, "quarantine."), *await entries(hub, "newcomer.")]
    assert [(each["type"], each["subject"]) for each in told] == [
        ("quarantine.read", str(row["id"])),
        ("newcomer.read", "stranger-7"),
    ]
    assert all(each["actor"] for each in told)


async def hear_and_look(hub: HubProcess, devices: Publisher) -> None:
    await has_caught_up(hub)
    say_everything(devices)
    await until(lambda: plates(hub), lambda found: len(found) == OLD + NEW)
    assert (await has_ticket(hub, "cam-1"))["fault"]
    await look_at_bytes(hub)
    for page in ("journal", "tickets", "alarms"):
        assert "hash-of-nobody" not in await hub.read(f"/api/v1/{page}"), page


async def see_them_forgotten(hub: HubProcess, config: Path) -> None:
    [told] = await until(lambda: entries(hub, "store.deleted"), bool)
    assert told["data"]["deleted"] == {"vehicle_events": OLD}
    assert await plates(hub) == [TODAY] * NEW
    assert (await events(hub))["complete_since"]
    said: list[str] = []
    assert await asyncio.to_thread(show_status, config, said.append) == 0
    [line] = [each for each in said if "vehicle_events" in each]
    assert "kept 30 days" in line
    assert f"{OLD} deleted" in line


async def test_plates_are_in_no_byte_and_the_old_ones_are_forgotten_with_their_copies(
    tmp_path: Path, port: int
) -> None:
    folder, backup = tmp_path / "hub", tmp_path / "backup.db"
    database = folder / "lingdang.db"
    config = write_site(folder, Plot(devices=DEVICES), mqtt_port=port)
    async with running_hub(config) as hub, publishing(port) as devices:
        await hear_and_look(hub, devices)
        await asyncio.to_thread(
            keep_backup, config, backup, echo=lambda _: None, tell=lambda *_: None
        )
        for word in ("hash-of-nobody", "nobody-in-quarantine", "nobody-in-sample"):
            assert files_with(folder, word) == []
            assert files_with(tmp_path, word) == []
    assert len(plates_in(backup, database)) == OLD + 1, "while the keys are there"
    async with running_hub(config, SWIFT_HUB) as hub:
        await see_them_forgotten(hub, config)
        # A backup forgets as well: the key of a day goes in the turn after its events.
        look = partial(asyncio.to_thread, plates_in, backup, database)
        await until(look, lambda found: found == {TODAY})
    assert files_with(folder, "hash-of-nobody") == []
    assert "vehicle_events are there from" in " ".join(backtest(config))


def backtest(config: Path) -> list[str]:
    said: list[str] = []
    backtest_rules(config, days=40, rule="lpr-same-plate", file=None, echo=said.append)
    return said
