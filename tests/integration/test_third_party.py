"""A driver of somebody else: begun, tested, installed and read by a hub, without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.commands.driver_scaffold import write_package
from simulators.demo_files import HOST
from simulators.foreign.plug import plugged_in
from simulators.line import BrokerAddress
from tests.support.broker import running_broker
from tests.support.hub_process import HubProcess, running_hub
from tests.support.package import install
from tests.support.patience import PATIENCE
from tests.support.site import LEISURE, PLACE, Plot, write_site
from tests.support.story import has_ticket, hears, listening, until

pytestmark = pytest.mark.integration

SPEED = 300.0


def run(*words: str) -> str:
    command = [sys.executable, "-m", *words]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=10 * PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def is_silent(hub: HubProcess, device: str) -> None:
    async def link() -> object:
        return (await hub.get(f"/api/v1/devices/{device}"))["link"]

    await until(link, lambda found: found == "silent")


async def test_an_installed_driver_reads_a_device_to_a_ticket_beside_a_broken_one(
    tmp_path: Path, require_server: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = tmp_path / "libraries"
    path = os.pathsep.join(filter(None, [str(libraries), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONPATH", path)
    write_package("acme", tmp_path, lambda _line: None)
    package = tmp_path / "lingdang-acme"
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    run("pip", "install", "-q", *offline, "--target", str(libraries), str(package))
    run("pytest", "-q", "-p", "no:cacheprovider", str(package / "tests"))
    assert "全部符合 / all laws are kept" in run("hub", "driver", "test", "acme")
    install(libraries, "broken", driver="import no_such_thing")
    async with running_broker(require_server("mosquitto"), tmp_path / "broker") as broker:
        more = '[[family]]\nname = "ours"\ndialect = "acme"\n'
        now = time.time()
        plot = Plot(devices={}, speed=SPEED, clock_origin=now, more=LEISURE + more)
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
            sheet.write(f"cellar-1,s1,ours,sensor,acme-sensor,{PLACE},cellar,,,,in_service\n")
        async with running_hub(config) as hub:
            await until(lambda: listening(hub), {"ours"}.issubset)
            address = BrokerAddress(host=HOST, port=broker.port, username="", password="")
            async with plugged_in(address, "s1", ("acme/s1/online", "0")) as plug:
                await plug.say("acme/s1/online", "1", retain=True)
                await plug.say("acme/s1/up", {"temp": 21.5, "batt": 97})
                await hears(hub, "cellar-1", "temperature", 21.5)
                await plug.say("acme/s1/up", {"key": "long"})
                events = await until(
                    lambda: hub.get("/api/v1/devices/cellar-1/events"),
                    lambda page: [e for e in page["items"] if e["name"] == "button.pressed"],
                )
                assert events
                await plug.say("acme/s1/up", {"wet": True})
                assert (await has_ticket(hub, "cellar-1"))["fault"] == "water.leak_found"
                await plug.say("acme/stranger/up", {"temp": 20})
                newcomers = await until(
                    lambda: hub.get("/api/v1/newcomers"), lambda page: page["items"]
                )
                (newcomer,) = newcomers["items"]
                assert (newcomer["address"], newcomer["link"]) == ("stranger", "ours")
                assert newcomer["guess"].startswith("acme-sensor (1 of its 3 points)")
                plug.pull()
            await is_silent(hub, "cellar-1")
            assert "lingdang-broken 1.2: the driver 'broken' cannot be loaded" in hub.log
