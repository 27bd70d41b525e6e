"""The MQTT clients alone: a session that acknowledges what it receives, and does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.bare_client import BROKER_LINES, BURST, measure_alone
from tests.benchmarks.generator import Generator, Stream, compile_load
from tests.benchmarks.report import Row, print_table, spread
from tests.support.broker import running_broker

pytestmark = [pytest.mark.bench, pytest.mark.integration, pytest.mark.timeout(600)]

CLIENTS = ("paho", "fast")
ROUNDS = 3
PACES = {"burst": 0.0, "4,000/s": 4000.0, "20,000/s": 20_000.0}


@pytest.mark.parametrize("client", CLIENTS)
async def test_the_client_alone(
    tmp_path: Path, require_server: Callable[[str], Path], client: str
) -> None:
    mosquitto, load = require_server("mosquitto"), compile_load(tmp_path)
    rows = []
    for name, rate in PACES.items():
        figures, ceilings = [], []
        for number in range(ROUNDS):
            folder = tmp_path / f"{rate:.0f}-{number}"
            async with running_broker(mosquitto, folder / "idle", BROKER_LINES) as idle:
                ceiling = await Generator(load, idle.port).measure_ceiling(Stream(messages=BURST))
            ceilings.append(ceiling.rate)
            figures.append(await measure_alone((mosquitto, load), folder, client, rate))
        if not rate:
            rows.append(Row("broker's ceiling, C subscriber", spread(ceilings)))
            rows.append(Row("burst, messages/s", spread([each for each, _ in figures])))
        rows.append(Row(f"{name}: CPU a message, µs", spread([cpu for _, cpu in figures], 1)))
    print_table(f"the link alone: {client}", rows)
