"""Bad input to a running hub: kept for a person to look at, and everything behind it flows."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.broker import running_broker, shipped_lines
from tests.support.history import read_history
from tests.support.hub_process import HubProcess, running_hub
from tests.support.leftover import read_leftovers
from tests.support.publisher import Publisher, publishing
from tests.support.site import COMMUNITY, Plot, write_site
from tests.support.story import has_caught_up, has_ticket, hears, until

pytestmark = pytest.mark.integration

SITE = {"gate-001": "barrier_gate", "gate-002": "barrier_gate"}
STATE = f"ld/{COMMUNITY}/gate-001/state"
EVENT = f"ld/{COMMUNITY}/gate-001/event"
AS_LARGE = 80_000
"""Bytes of a payload that is too large for the dialect, and not for this test's broker."""

BAD: dict[str, tuple[str, bytes, str]] = {
    "not JSON": (STATE, b"arm=open;boom=ok", "JSON"),
    "cut off": (STATE, b'{"boot":"b1","seq":900,"points":{"boom.bro', "truncated"),
    "empty": (STATE, b"", "truncated"),
    "not UTF-8": (STATE, b'{"points":{"mode":"\xb5\xc0\xd5\xa2"}}', "utf-8"),
    "too large": (STATE, b'{"points":{"mode":"' + b"a" * AS_LARGE + b'"}}', "more than 65536"),
    "NaN": (STATE, b'{"points":{"motor.temperature":NaN}}', "JSON"),
    "infinite": (STATE, b'{"points":{"motor.temperature":1e999}}', "out of range"),
    "a wrong type": (STATE, b'{"points":{"boom.broken":"yes"}}', "boom.broken"),
    "a number for a boolean": (STATE, b'{"points":{"boom.broken":1}}', "boom.broken"),
    "an unknown point": (STATE, b'{"points":{"boom.brokn":true}}', "did you mean 'boom.broken'"),
    "an unknown event": (EVENT, b'{"name":"vehicle.pased"}', "did you mean 'vehicle.passed'"),
    "no object": (STATE, b"[1,2,3]", "object"),
    "no points": (STATE, b'{"boot":"b1","seq":901}', "points"),
    "a key twice": (STATE, b'{"points":{"boom.broken":true,"boom.broken":false}}', "twice"),
    "a negative seq": (STATE, b'{"boot":"b1","seq":-1,"points":{"boom.broken":true}}', "seq"),
    "a huge seq": (
        STATE,
        b'{"boot":"b1","seq":99999999999999999999,"points":{"boom.broken":true}}',
        "seq",
    ),
    "control characters": (
        STATE,
        b'{"boot":"b\\u0000\\n1","points":{"boom.broken":true}}',
        "control",
    ),
    "a lone surrogate": (STATE, b'{"boot":"\\ud800","points":{"boom.broken":true}}', "surrogate"),
    "nested deeply": (EVENT, b'{"name":"vehicle.passed","data":' + b"[" * 5000, "data"),
    "an unknown topic": (f"ld/{COMMUNITY}/gate-001/avail", b'{"state":"perhaps"}', "perhaps"),
}
"""What is wrong → (topic, payload, a word of the reason)."""


@pytest.fixture
async def port(tmp_path: Path, require_server: Callable[[str], Path]) -> AsyncIterator[int]:
    """A broker that lets through what the shipped one would stop, so that the hub meets it."""
    lines = [each for each in shipped_lines(durable=False) if "max_packet_size" not in each]
    async with running_broker(
        require_server("mosquitto"), tmp_path / "broker", tuple(lines)
    ) as broker:
        yield broker.port


@pytest.fixture
async def devices(port: int) -> AsyncIterator[Publisher]:
    async with publishing(port) as publisher:
        yield publisher


@pytest.fixture
async def hub(tmp_path: Path, port: int) -> AsyncIterator[HubProcess]:
    config = write_site(tmp_path / "hub", Plot(devices=SITE), mqtt_port=port)
    async with running_hub(config) as hub:
        await has_caught_up(hub)
        yield hub


def ask_store(hub: HubProcess, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{hub.store}?mode=ro", uri=True)) as connection:
        return list(connection.execute(sql))


async def figure(hub: HubProcess, name: str) -> float:
    text = await hub.read("/metrics")
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"lingdang_{name}_total":
                return float(sample.value)
    raise AssertionError(f"there is no figure {name}")


async def test_every_bad_payload_is_quarantined_with_bytes_reason_and_counter(
    hub: HubProcess, devices: Publisher
) -> None:
    for topic, payload, _ in BAD.values():
        devices.raw(topic, payload)
    devices.state("gate-001", time.time(), boom_broken=True)
    assert (await has_ticket(hub, "gate-001"))["fault"] == "gate.boom_broken"

    rows, _ = await read_leftovers(hub.store)
    kept = {(row.address, row.payload): row.reason for row in rows}
    for name, (topic, payload, word) in BAD.items():
        assert (topic, payload) in kept, f"{name}: it is not in quarantine"
        reason = kept[topic, payload]
        assert reason.strip(), name
        assert word.lower() in reason.lower(), f"{name}: {reason}"
    assert len(kept) == len(BAD)
    assert await figure(hub, "messages_quarantined") == len(BAD)
    page = await hub.get("/api/v1/tickets")
    assert len(page["items"]) == 1, "what cannot be believed opens nothing"


async def test_a_retained_event_is_quarantined_and_rings_nobody(
    tmp_path: Path, port: int, devices: Publisher
) -> None:
    devices.raw(EVENT, b'{"boot":"b1","seq":1,"name":"opened.locally"}', retain=True)
    config = write_site(tmp_path / "late", Plot(devices=SITE), mqtt_port=port)
    async with running_hub(config) as hub:
        devices.state("gate-001", time.time(), boom_broken=False)
        await hears(hub, "gate-001", "boom.broken", value=False)
        ([row], _) = await read_leftovers(hub.store)
        assert "retained" in row.reason
        assert ask_store(hub, "SELECT count(*) FROM event WHERE name = 'opened.locally'") == [(0,)]


async def test_an_unknown_device_is_a_newcomer_with_its_bytes_and_its_count(
    hub: HubProcess, devices: Publisher
) -> None:
    payload = b'{"boot":"x","seq":1,"points":{"boom.broken":true}}'
    for _ in range(3):
        devices.raw(f"ld/{COMMUNITY}/stranger-7/state", payload)
    devices.state("gate-001", time.time(), boom_broken=False)
    await hears(hub, "gate-001", "boom.broken", value=False)

    (_, [row]) = await read_leftovers(hub.store)
    assert (row["address"], row["count"], row["sample"]) == ("stranger-7", 3, payload)
    assert row["guess"]
    assert await figure(hub, "messages_newcomers") == 3
    assert ask_store(hub, "SELECT count(*) FROM alarm") == [(0,)]


async def test_poison_between_every_two_good_messages_holds_none_of_them_up(
    hub: HubProcess, devices: Publisher
) -> None:
    start = time.time()
    bad = list(BAD.values())
    good = 300
    for number in range(good):
        topic, payload, _ = bad[number % len(bad)]
        devices.raw(topic, payload)
        devices.state("gate-002", start + number / 1000, boom_broken=number % 2 == 0)
    await devices.until_acknowledged()

    async def count() -> int:
        points = (s.point for report in read_history(hub.store) for s in report.samples)
        return sum(point == "boom.broken" for point in points)

    await until(count, lambda stored: stored == good)
    assert await figure(hub, "messages_quarantined") == good


BROKEN_FILES: dict[str, tuple[str, str, str, str]] = {
    "configuration": ("lingdang.toml", "[store]", "[stroe]", "lingdang.toml"),
    "site": ("devices.csv", "gate-002,gate-002,mqtt,barrier_gate", "gate-002,g 2,mqtt,gate", "2"),
    "rule": ("rules/own.toml", "boom.broken", "boom.brokn", "boom.broken"),
}
"""What is broken → (file, good text, bad text, a word that the sentence must have)."""

OWN_RULE = """
[[rule]]
id       = "own-boom"
fault    = "gate.own_boom"
name     = { zh = "自定", en = "Own" }
kind     = "barrier_gate"
when     = "boom.broken"
hold     = "2s"
severity = "minor"

[[rule.example]]
name   = "it breaks"
story  = ["0s boom.broken=false", "10s boom.broken=true"]
expect = ["12s raise"]
"""


@pytest.mark.parametrize("what", BROKEN_FILES)
async def test_a_wrong_line_in_a_file_is_shown_and_the_rest_runs(
    tmp_path: Path, port: int, what: str
) -> None:
    name, good, bad, word = BROKEN_FILES[what]
    plot = Plot(devices=SITE, rules={"own.toml": OWN_RULE})
    config = write_site(tmp_path / "broken", plot, mqtt_port=port)
    file = config.parent / name
    text = file.read_text("utf-8")
    assert good in text
    file.write_text(text.replace(good, bad, 1), "utf-8")

    code, said = await check(config)
    assert code == 1
    assert file.name in said
    assert word in said

    async with running_hub(config) as hub, publishing(port) as publisher:
        await has_caught_up(hub)
        page = await hub.read("/problems", "manager")
        assert file.name in page
        publisher.state("gate-001", time.time(), boom_broken=True)
        assert (await has_ticket(hub, "gate-001"))["fault"] == "gate.boom_broken"


async def test_all_faults_of_all_files_are_told_together(tmp_path: Path, port: int) -> None:
    plot = Plot(devices=SITE, rules={"own.toml": OWN_RULE})
    config = write_site(tmp_path / "broken", plot, mqtt_port=port)
    for name, good, bad, _ in BROKEN_FILES.values():
        file = config.parent / name
        file.write_text(file.read_text("utf-8").replace(good, bad, 1), "utf-8")
    code, said = await check(config)
    assert code == 1
    for start in ("lingdang.toml:", "devices.csv:", "own.toml:"):
        assert start in said, said


async def check(config: Path) -> tuple[int | None, str]:
    """Run `lingdang check` and return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hub",
        "check",
        str(config),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()
