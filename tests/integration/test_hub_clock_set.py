"""Somebody sets the machine's clock while the hub runs: its devices decide who is right."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

import tests.support.settable_hub as program
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.publisher import Publisher, publishing
from tests.support.site import Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, read_decisions, until

pytestmark = pytest.mark.integration

SITE = names("barrier_gate", 5)
HOUR = 3600.0
BROKEN = {"boot": "b2", "points": {"boom.broken": True}}


class Machine:
    """Whose clock is `off`, and that of its devices as well where they `follow`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.follow = 0.0
        self.set(0.0)

    def set(self, off: float) -> None:
        """Set the machine's clock, by rename: the hub looks at any moment."""
        new = self._file.with_suffix(".new")
        new.write_text(str(off))
        new.replace(self._file)

    def now(self) -> float:
        """Return the devices' time."""
        return time.time() + self.follow


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        yield broker.port


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    file = tmp_path / "clock.off"
    monkeypatch.setenv("CLOCK_OFF", str(file))
    return Machine(file)


@pytest.fixture
async def hub(tmp_path: Path, port: int, machine: Machine) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=port)
    async with running_hub(config, (sys.executable, str(program.__file__))) as hub:
        await has_caught_up(hub)
        yield hub


@contextlib.asynccontextmanager
async def living(port: int, machine: Machine) -> AsyncIterator[Publisher]:
    """Have every device say twice a second that all is well."""

    async def live() -> None:
        while True:
            for device in SITE:
                publisher.state(device, machine.now(), boom_broken=False)
            await asyncio.sleep(0.5)

    async with publishing(port) as publisher:
        task = asyncio.create_task(live())
        try:
            yield publisher
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def says(hub: HubProcess, words: str) -> None:
    async def read() -> str:
        return hub.log

    await until(read, lambda log: words in log)


@pytest.mark.parametrize("off", [HOUR, -HOUR])
async def test_devices_that_agree_with_the_hub_keep_its_time(
    hub: HubProcess, port: int, machine: Machine, off: float
) -> None:
    gate = next(iter(SITE))
    async with living(port, machine):
        await asyncio.sleep(3)
        machine.set(off)
        await says(hub, "the hub keeps its own time")
        await asyncio.sleep(3)
        assert await read_decisions(hub) == []
        machine.set(0.0)
        await says(hub, "the machine's clock is right again")
    async with publishing(port, "last") as devices:
        devices.say(gate, "state", BROKEN, at=machine.now())
        assert (await has_ticket(hub, gate))["fault"] == "gate.boom_broken"


async def test_the_hub_starts_anew_where_its_devices_agree_with_the_machine(
    hub: HubProcess, port: int, machine: Machine
) -> None:
    async with living(port, machine):
        await asyncio.sleep(3)
        machine.follow = -HOUR
        machine.set(-HOUR)
        assert await hub.wait() == 1
        assert "has to start anew with the right time" in hub.log
        await hub.start()
        await has_caught_up(hub)
        await asyncio.sleep(3)
        assert await read_decisions(hub) == []
    async with publishing(port, "last") as devices:
        gate = next(iter(SITE))
        devices.say(gate, "state", BROKEN, at=machine.now())
        assert (await has_ticket(hub, gate))["fault"] == "gate.boom_broken"
