"""How long a killed hub takes to be ready again with 10 million messages in its store.

The site has 10,000 devices, which said 300,000 messages in the last hour; the rest is a month of
chatter in columns, a million events of devices, and a journal of 100,000 entries.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

import msgspec
import pytest

from hub.clock import SystemClock
from hub.model.device import Device
from hub.model.journal import Entry
from hub.model.report import Report, Sample, Topic
from hub.ports import Changes, EventRow
from hub.store.event import EventWriter
from hub.store.readings import chunk, compaction
from hub.store.readings.chunk import HOUR
from hub.store.sqlite import SqliteStore, open_store
from tests.benchmarks.report import Row, print_table, spread, write_results
from tests.support.broker import running_broker, shipped_lines
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import Plot, names, write_site

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

SITE = names("barrier_gate", 5_000) | names("unit_door", 5_000)
HOURS, SPEAKERS, PER_HOUR = 720, 500, 28
"""10,080,000 messages: hours, devices that speak in each, and messages of one in an hour."""
EVENTS, ENTRIES, FRESH = 1_000_000, 100_000, 300_000
"""Events of devices, entries of the journal, and messages of the last hour."""
AT_ONCE = 1_000
RUNS = 5
STATES = {
    "gate": {
        "arm.position": "closed",
        "boom.broken": False,
        "mode": "auto",
        "loop.occupied": False,
    },
    "door": {"door.open": False, "lock.locked": True, "contact.fault": False},
}


def tell(device: Device, at: float, seq: int, chance: random.Random) -> Report:
    """Return what a healthy device says; a number that drifts, so that it takes its place."""
    points = STATES[device.id.split("-")[0]]
    samples = [Sample(point, value) for point, value in points.items()]
    if device.id.startswith("gate"):
        samples.append(Sample("motor.temperature", round(chance.gauss(40, 5), 1)))
    return Report(
        address=device.address,
        uid=device.uid,
        topic=Topic.STATE,
        at=at,
        received=at + 0.02,
        boot="b1",
        seq=seq,
        samples=tuple(samples),
    )


def write_month(connection: Connection, devices: list[Device], first: int, hour: int) -> None:
    """Write an hour of the month as upkeep would, with the same chatter for each device."""
    chance = random.Random(hour)
    said: list[chunk.Said] = [
        (devices[0].uid, 0, tell(devices[0], (first + hour) * HOUR + 120 * n, n, chance))
        for n in range(PER_HOUR)
    ]
    body = chunk.pack(said)
    rows = [(first + hour, 0, device.uid, PER_HOUR, body) for device in devices[:SPEAKERS]]
    compaction.write_parts(connection, rows)
    compaction.write_chunks(connection, rows)


def happen(devices: list[Device], first: float) -> Iterator[list[EventRow]]:
    """Yield the events of the month: cars at gates."""
    step = HOURS * HOUR / EVENTS
    gates = [device.uid for device in devices if device.id.startswith("gate")]
    for start in range(0, EVENTS, AT_ONCE):
        yield [
            EventRow(
                uid=gates[n % len(gates)],
                name="vehicle.passed",
                at=first + step * n,
                received=first + step * n,
                data={},
                boot="b1",
                seq=n,
            )
            for n in range(start, start + AT_ONCE)
        ]


async def fill(store: SqliteStore, now: float) -> None:
    """Write all of it: the month in columns, and the last hour as the intake would."""
    documents = await store.books.documents("device")
    devices = [msgspec.json.decode(body, type=Device) for body in documents.values()]
    devices = [device for device in devices if device.id in SITE]
    first = int(now // HOUR) - HOURS - 2
    transact = store.committer._writer.transact
    writer = EventWriter(store.committer._days)

    def write() -> None:
        for hour in range(HOURS):
            transact(lambda connection, hour=hour: write_month(connection, devices, first, hour))
        for events in happen(devices, first * HOUR):
            transact(lambda connection, events=events: writer.write(connection, events))

    await store.committer._writer.call(write)
    await store.upkeep.ageing.roll(HOURS)
    await write_journal(store, now)
    chance = random.Random(1)
    for start in range(0, FRESH, AT_ONCE):
        numbers = range(start, start + AT_ONCE)
        reports = [
            tell(devices[n % len(devices)], now - HOUR + n * HOUR / FRESH, n, chance)
            for n in numbers
        ]
        await store.committer.commit(Changes(readings=reports))
    await store.upkeep.tidy(now=now)


async def write_journal(store: SqliteStore, now: float) -> None:
    """Add entries, sealed as they are."""
    last = (await store.archive.load(now=now)).last_seq
    for start in range(last + 1, last + 1 + ENTRIES, AT_ONCE):
        entries = [
            Entry(
                seq=seq, at=now - HOUR, type="device.back", subject="gate-001", actor="hub", data={}
            )
            for seq in range(start, start + AT_ONCE)
        ]
        await store.committer.commit(Changes(journal=entries))


class Start(NamedTuple):
    """A start: seconds until ready, those of a processor among them, memory in MB."""

    seconds: float
    busy: float
    resident: float
    most: float


def processor(pid: int) -> float:
    """Return the seconds of a processor that a process has had."""
    stat = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> tuple[float, float]:
    """Return (resident now, resident at most) in MB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    told = dict(line.split(":", 1) for line in lines)
    return int(told["VmRSS"].split()[0]) / 1024, int(told["VmHWM"].split()[0]) / 1024


async def start_again(hub: HubProcess) -> Start:
    """Kill the hub and start it."""
    await hub.kill()
    began = time.perf_counter()
    await hub.launch()
    await hub.until_ready()
    return Start(time.perf_counter() - began, processor(hub.pid), *memory(hub.pid))


async def test_a_start_with_ten_million_messages_in_the_store(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path / "broker", lines) as broker:
        config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=broker.port)
        async with running_hub(config) as hub:
            await hub.stop()
            began = time.perf_counter()
            async with open_store(hub.store, clock=SystemClock()) as store:
                await fill(store, time.time())
            filling = time.perf_counter() - began
            await hub.start()
            found = [await start_again(hub) for _ in range(RUNS)]
            log = hub.log
    size = hub.store.stat().st_size / 1e6
    seconds, busy, resident, most = map(list, zip(*found, strict=True))
    rows = [
        Row(
            "messages of history; bytes of the file",
            f"{HOURS * SPEAKERS * PER_HOUR:,}; {size:,.0f} MB",
        ),
        Row("ready after kill -9, s", spread(seconds, 1), "<= 5"),
        Row("processor time until then, s", spread(busy, 1)),
        Row("resident when ready, MB", spread(resident), "<= 150"),
        Row("resident at most, MB", spread(most)),
    ]
    print_table(f"start with a full store (filled in {filling:.0f} s)", rows)
    write_results(
        "start", {"seconds": seconds, "processor": busy, "resident_mb": resident, "most_mb": most}
    )
    assert "traceback" not in log.lower()
