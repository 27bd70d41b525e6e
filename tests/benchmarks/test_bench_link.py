"""The MQTT clients alone, and the least hub behind each: no hub in Python can be faster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.bare_client import BROKER_LINES, BURST, Beside
from tests.benchmarks.generator import Generator, Stream, compile_load
from tests.benchmarks.report import Row, print_table, spread
from tests.support.broker import running_broker

pytestmark = [pytest.mark.bench, pytest.mark.integration, pytest.mark.timeout(600)]

CLIENTS = ("paho", "fast")
ROUNDS = 3
PACES = {"burst": 0.0, "4,000/s": 4000.0, "20,000/s": 20_000.0}


@pytest.mark.parametrize("what", ["alone", "least"])
@pytest.mark.parametrize("client", CLIENTS)
async def test_the_client_alone(
    tmp_path: Path, require_server: Callable[[str], Path], client: str, what: str
) -> None:
    mosquitto, load = require_server("mosquitto"), compile_load(tmp_path)
    beside = Beside(mosquitto=mosquitto, load=load, client=client)
    measure = beside.alone if what == "alone" else beside.least
    rows = []
    for name, rate in PACES.items():
        figures, ceilings = [], []
        for number in range(ROUNDS):
            folder = tmp_path / f"{rate:.0f}-{number}"
            async with running_broker(mosquitto, folder / "idle", BROKER_LINES) as idle:
                ceiling = await Generator(load, idle.port).measure_ceiling(Stream(messages=BURST))
            ceilings.append(ceiling.rate)
            figures.append(await measure(folder, rate))
        if not rate:
            rows.append(Row("broker's ceiling, C subscriber", spread(ceilings)))
            rows.append(Row("burst, messages/s", spread([each for each, _ in figures])))
        rows.append(Row(f"{name}: CPU a message, µs", spread([cpu for _, cpu in figures], 1)))
    print_table(f"{what}: {client}", rows)
