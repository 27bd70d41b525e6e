"""Cycle time of 1,000 slaves behind 32 gateways, 5 % of them dead, against the line's own floor.

The floor is a bare client on the same gateways in the same run: it asks the slaves that live, one
after the other on each gateway, and checks nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import resource
import statistics
import struct
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from device_drivers.links import modbus, patience
from device_drivers.links.modbus_wire import ModbusSettings
from hub.model.catalogue import DeviceModel, PointSpec, PointType, Register
from hub.model.device import Kind
from hub.ports import Envelope
from simulators.bus import checksum
from tests.benchmarks.gateways import GATEWAYS, LATENCY, dies, units_of
from tests.benchmarks.report import Row, print_table, quantile, spread, write_results
from tests.support.polling import Recorder, meter, polling

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
COUNT, TIMEOUT, ROUNDS = 10, 1.0, 10
LEARN, SETTLE, MEASURE = 3.0, 8.0, 20.0
"""Seconds with all alive, from the deaths until the breakers are open, and of measuring."""
POINTS = [f"p{n}" for n in range(COUNT)]
MODEL = DeviceModel(
    id="ten",
    kind=Kind.ELECTRICITY_METER,
    driver="modbus",
    name={},
    points={point: PointSpec(name=point, type=PointType.NUMBER) for point in POINTS},
    function=3,
    registers=tuple(Register(point=p, address=n, type="uint16") for n, p in enumerate(POINTS)),
)


class Log(Recorder):
    """Keeps when each slave was read, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[tuple[str, str], list[float]] = defaultdict(list)

    def offer(self, envelope: Envelope) -> None:
        self.times[envelope.link, envelope.address].append(time.perf_counter())

    def cycles(self, start: float) -> list[float]:
        """Return the length of each gateway's cycles that began after `start`, without its rest."""
        found = []
        for number in range(GATEWAYS):
            first = next(unit for unit in units_of(number) if not dies(number, unit))
            times = [at for at in self.times[f"bus-{number}", str(first)] if at >= start]
            found += [b - a - modbus.MIN_REST for a, b in itertools.pairwise(times)]
        return found

    def read_since(self, start: float) -> int:
        """Count the slaves that were read after `start`."""
        return sum(times[-1] >= start for times in self.times.values())


@contextlib.contextmanager
def gateways() -> Iterator[tuple[list[int], subprocess.Popen[str]]]:
    """Run the gateways in a process of their own; yields their ports, and the process."""
    command = [sys.executable, "-m", "tests.benchmarks.gateways"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), process
        process.stdin.close()  # type: ignore[union-attr]
        process.wait(10)


def kill(process: subprocess.Popen[str]) -> None:
    """Silence 5 % of the slaves."""
    process.stdin.write("kill\n")  # type: ignore[union-attr]
    process.stdin.flush()  # type: ignore[union-attr]
    assert process.stdout.readline() == "done\n"  # type: ignore[union-attr]


async def measure_floor(ports: list[int]) -> list[float]:
    """Return the cycles of a bare client on all gateways at once."""

    async def ask_all(number: int, port: int) -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        cycles = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for unit in units_of(number):
                if not dies(number, unit):
                    body = struct.pack(">BBHH", unit, 3, 0, COUNT)
                    writer.write(body + checksum(body))
                    await reader.readexactly(5 + 2 * COUNT)
            cycles.append(time.perf_counter() - began)
        writer.close()
        await writer.wait_closed()
        return cycles

    per_gateway = await asyncio.gather(*(ask_all(n, port) for n, port in enumerate(ports)))
    return [cycle for cycles in per_gateway for cycle in cycles]


@contextlib.asynccontextmanager
async def all_polling(log: Log, ports: list[int]) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        for number, port in enumerate(ports):
            settings = ModbusSettings(
                name=f"bus-{number}", host="127.0.0.1", port=port, framing="rtu_over_tcp",
                period=0.0, timeout=TIMEOUT, gap=0.0,
            )  # fmt: skip
            devices = [meter(unit, "ten") for unit in units_of(number)]
            await stack.enter_async_context(polling(log, settings, devices, {"ten": MODEL}))
        yield


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("story", ["die in service", "die, fixed time-out", "dead from the start"])
async def test_modbus(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # as the hub does
    if "fixed" in story:
        monkeypatch.setattr(patience, "SHORTEST_SHARE", 1.0)
    with gateways() as (ports, process):
        floor = await measure_floor(ports)
        log = Log()
        if story == "dead from the start":
            kill(process)
        async with all_polling(log, ports):
            await asyncio.sleep(LEARN)
            alive = log.cycles(0)
            if story != "dead from the start":
                kill(process)
            died = time.perf_counter()
            await asyncio.sleep(SETTLE)
            settling = log.cycles(died)
            start, spent = time.perf_counter(), cpu()
            await asyncio.sleep(MEASURE)
            spent = cpu() - spent
    steady = log.cycles(start)
    polls = sum(at >= start for times in log.times.values() for at in times)
    report(story, floor, alive, settling, steady, log.read_since(start), spent / polls)


def report(
    story: str,
    floor: list[float],
    alive: list[float],
    settling: list[float],
    steady: list[float],
    read: int,
    cpu_a_poll: float,
) -> None:
    base, mean = statistics.mean(floor), statistics.mean(steady)
    longest = max(len(units_of(n)) for n in range(GATEWAYS)) * LATENCY
    rows = [
        Row("floor, bare client, s", spread(floor, 3), f"{longest:.2f} by the latency alone"),
        Row("cycle in the first seconds, s", spread(alive, 3)),
        Row("cycle while breakers open, s", spread(settling, 3)),
        Row("cycle with breakers open, s", spread(steady, 3)),
        Row("  p95, p99, s", f"{quantile(steady, 0.95):.3f}, {quantile(steady, 0.99):.3f}"),
        Row("ratio of the medians", f"{statistics.median(steady) / statistics.median(floor):.2f}"),
        Row("ratio of the means", f"{mean / base:.2f}", "≤ 1.5"),
        Row("live slaves read", f"{read} of 950"),
        Row("CPU a poll, µs", f"{1e6 * cpu_a_poll:.0f}"),
    ]
    print_table(f"Modbus, 1,000 slaves, 32 gateways, 5 % dead: {story}", rows)
    results = {"floor": floor, "alive": alive, "settling": settling, "steady": steady}
    write_results(f"modbus-{story.replace(' ', '-').replace(',', '')}", results)
    assert read == 950
