"""A broker for each file of cases, and a tale for each case."""

from __future__ import annotations

import contextlib
import itertools
import math
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from simulators.demo_files import HOST, free_port
from tests.acceptance.cases.estate import Estate, Thing
from tests.acceptance.cases.tale import MONDAY_AT_TEN, Tale, telling
from tests.support.patience import PATIENCE

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def broker_port(
    tmp_path_factory: pytest.TempPathFactory, require_server: Callable[[str], Path]
) -> Iterator[int]:
    """Run a mosquitto for the file; each case is a community of its own."""
    port = free_port()
    config = tmp_path_factory.mktemp("broker") / "mosquitto.conf"
    # It says nothing of itself: its seconds are real ones, and the tale's are not.
    lines = f"listener {port} {HOST}\nallow_anonymous true\nuser root\nsys_interval 0\n"
    config.write_text(lines, "utf-8")
    command = [str(require_server("mosquitto")), "-c", str(config)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()


@pytest.fixture(autouse=True)
def _time_is_the_tale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody judge by real seconds: hub and devices stand still together in this process."""
    monkeypatch.setattr("hub.intake.pipeline.STOOD_STILL", math.inf)
    monkeypatch.setattr("hub.intake.pipeline.LINGER", 0.0)
    monkeypatch.setattr("device_drivers.links.mqtt_connection.STANDSTILL", math.inf)


Tell = Callable[..., contextlib.AbstractAsyncContextManager[Tale]]


@pytest.fixture
def tell(broker_port: int, tmp_path: Path) -> Tell:
    """Return what begins a tale: `async with tell(thing("gate-1"), …) as tale`."""

    @contextlib.asynccontextmanager
    async def begin(
        *things: Thing,
        port: int = broker_port,
        more: str = "",
        unheard: Sequence[str] = (),
        start: float = MONDAY_AT_TEN,
    ) -> AsyncIterator[Tale]:
        community = f"c{next(_numbers)}"
        estate = Estate(tmp_path, community, things, mqtt_port=port, more=more)
        async with telling(estate, unheard=unheard, start=start) as tale:
            yield tale

    return begin


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "mosquitto does not answer"
            time.sleep(0.02)
        else:
            return
