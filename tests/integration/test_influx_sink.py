"""The sink against a real time-series store, and against servers that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest

from hub.model.report import Quality
from hub.settings import InfluxSettings
from hub.store.sink.parcel import Cursor
from hub.store.sink.receiver import Answer, InfluxReceiver, Verdict
from simulators.demo_files import HOST, free_port
from simulators.process import Child
from tests.support.broker import running_broker
from tests.support.hub_process import running_hub
from tests.support.patience import PATIENCE
from tests.support.publisher import publishing
from tests.support.site import PLACE, Plot, write_site
from tests.unit.store.sink_stage import HOUSEHOLD, NOW, PUBLIC, bench, reading

pytestmark = pytest.mark.integration

DAYS_LATE = 3 * 86_400
Require = Callable[[str], Path]


class Series:
    """A VictoriaMetrics on one folder and port, started and stopped as a test likes."""

    def __init__(self, program: Path, folder: Path) -> None:
        folder.mkdir()
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        arguments = (f"-storageDataPath={folder}/data", f"-httpListenAddr={HOST}:{port}")
        command = [str(program), *arguments, "-retentionPeriod=100y"]
        self._child = Child("victoria-metrics", command, folder)

    async def start(self) -> None:
        await self._child.start()
        await until(self._answers)

    async def stop(self) -> None:
        await self._child.stop()

    async def export(self) -> dict[tuple[str, str], list[tuple[int, float]]]:
        """Return (name, point) → (milliseconds, value) of everything that it holds."""
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as client:
            await client.get("/internal/force_flush")
            text = (await client.get("/api/v1/export?match[]={point!=''}")).text
        return {
            (row["metric"]["__name__"], row["metric"]["point"]): list(
                zip(row["timestamps"], row["values"], strict=True)
            )
            for row in map(json.loads, text.splitlines())
        }

    async def labels(self, name: str) -> dict[str, str]:
        """Return the labels of the only series of this name."""
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as client:
            text = (await client.get(f"/api/v1/export?match[]={name}")).text
        found: dict[str, str] = json.loads(text)["metric"]
        return found

    async def _answers(self) -> bool:
        assert self._child.pid, f"it has ended: {self._child.last_words()}"
        with contextlib.suppress(httpx2.HTTPError):
            async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as client:
                return (await client.get("/health")).status_code == 200
        return False


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


@pytest.fixture
async def series(require_server: Require, tmp_path: Path) -> AsyncIterator[Series]:
    own = Series(require_server("victoria-metrics"), tmp_path / "series")
    await own.start()
    yield own
    await own.stop()


@contextlib.contextmanager
def receiving(url: str, timeout: float = 5.0) -> Iterator[InfluxReceiver]:
    settings = InfluxSettings(url=url, bucket="lingdang", org="guanshan", token="t0ken")
    with contextlib.closing(InfluxReceiver(settings, timeout=timeout)) as receiver:
        yield receiver


async def test_readings_arrive_with_type_tags_and_instant(series: Series, tmp_path: Path) -> None:
    async with bench(tmp_path, PUBLIC, HOUSEHOLD) as own:
        await own.commit(
            reading(1, 2.5),
            reading(2, 7),
            reading(3, None, quality=Quality.BAD),
            reading(4, True, point="cover.open"),
            reading(5, 1.0, uid=HOUSEHOLD.uid, point="energy.import"),
        )
        await own.commit(reading(-DAYS_LATE, 9.0, late=True))
        with receiving(series.url) as receiver:
            await own.sink(receiver).step(NOW)
        assert own.outbox.waiting == 0
    found = await series.export()
    start = int(NOW) * 1000
    assert dict(found["electricity_meter_value", "power.active"]) == {
        start - DAYS_LATE * 1000: 9.0,
        start + 1000: 2.5,
        start + 2000: 7.0,
    }
    assert found["electricity_meter_flag", "cover.open"] == [(start + 4000, 1)]
    assert [at for at, _ in found["electricity_meter_quality", "power.active"]] == [start + 3000]
    assert not [name for name in found if name[1] == "energy.import"]
    labels = await series.labels("electricity_meter_value")
    assert labels == {
        "__name__": "electricity_meter_value",
        "device": "meter-u1",
        "kind": "electricity_meter",
        "place": "g/a",
        "point": "power.active",
    }


async def test_a_store_that_was_stopped_gets_everything_once_it_is_back(
    series: Series, tmp_path: Path
) -> None:
    async with bench(tmp_path) as own:
        with receiving(series.url) as receiver:
            sink = own.sink(receiver)
            await own.commit(reading(0, 0))
            await sink.step(NOW)
            await series.stop()
            for start in range(1, 6001, 500):
                await own.commit(*(reading(start + each, start + each) for each in range(500)))
            assert await sink.step(NOW) == 1.0
            assert "refused" in sink.failing
            await series.start()
            while own.outbox.waiting:
                await sink.step(NOW)
            assert sink.failing == ""
    values = (await series.export())["electricity_meter_value", "power.active"]
    assert [value for _, value in values] == list(range(6001))


async def test_the_whole_hub_brings_what_devices_say_and_goes_on_after_a_kill(
    series: Series, require_server: Require, tmp_path: Path
) -> None:
    plot = Plot(devices={"gate-001": "barrier_gate"})
    async with contextlib.AsyncExitStack() as stack:
        mosquitto = require_server("mosquitto")
        broker = await stack.enter_async_context(running_broker(mosquitto, tmp_path / "broker"))
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        more = f'[influx]\nurl = "{series.url}"\nbucket = "lingdang"\n'
        config.write_text(config.read_text("utf-8") + more, "utf-8")
        hub = await stack.enter_async_context(running_hub(config))
        publisher = await stack.enter_async_context(publishing(broker.port))
        first = round(time.time(), 3)

        async def say(at: float, degrees: float) -> None:
            publisher.state("gate-001", at, motor_temperature=degrees)
            await until(lambda: has(series, at, degrees))

        await say(first, 21.5)
        await hub.kill()
        await hub.start()
        await say(first + 1, 22.5)
    assert (await series.labels("barrier_gate_value"))["place"] == PLACE


async def has(series: Series, at: float, value: float) -> bool:
    rows = (await series.export()).get(("barrier_gate_value", "motor.temperature"), [])
    return (round(at * 1000), value) in rows


# ---- servers that misbehave ----------------------------------------------------------------


class Faulty:
    """An HTTP server that answers every request with what `answer` says of its lines."""

    def __init__(self) -> None:
        self.answer: Callable[[list[str]], tuple[int, bytes]] = lambda _: (204, b"")
        self.taken: list[str] = []
        self.seen: list[tuple[str, str]] = []
        """(path with query, authorization) of each request."""
        self.hang = Event()
        self.hang.set()
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                own.respond(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self.server.server_address[1]}"

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        size = int(handler.headers["Content-Length"])
        lines = handler.rfile.read(size).decode().splitlines()
        self.seen.append((handler.path, handler.headers.get("Authorization", "")))
        self.hang.wait(PATIENCE)
        status, body = self.answer(lines)
        if status == 204:
            self.taken += lines
        with contextlib.suppress(OSError):
            handler.send_response(status)
            handler.send_header("Content-Length", str(len(body)))
            if status == 503:
                handler.send_header("Retry-After", "9")
            handler.end_headers()
            handler.wfile.write(body)


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    own = Faulty()
    thread = Thread(target=own.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield own
    own.hang.set()
    own.server.shutdown()
    thread.join()
    own.server.server_close()


async def test_the_request_is_influxdbs_and_carries_the_token(faulty: Faulty) -> None:
    with receiving(faulty.url) as receiver:
        assert await receiver.send(["a value=1 1", "a value=2 2"]) == Answer(verdict=Verdict.TAKEN)
    path, authorization = faulty.seen[0]
    assert path.startswith("/api/v2/write?")
    for word in ("org=guanshan", "bucket=lingdang", "precision=us"):
        assert word in path
    assert (authorization, faulty.taken) == ("Token t0ken", ["a value=1 1", "a value=2 2"])


@pytest.mark.parametrize(
    ("status", "body", "verdict", "why"),
    [
        (500, b'{"code":"internal error","message":"boom"}', Verdict.LATER, "HTTP 500: boom"),
        (503, b"", Verdict.LATER, "HTTP 503"),
        (401, b'{"message":"unauthorized access"}', Verdict.LATER, "unauthorized access"),
        (404, b'{"message":"bucket not found"}', Verdict.LATER, "bucket not found"),
        (302, b"", Verdict.LATER, "HTTP 302"),
        (502, "网关错误".encode("gb18030"), Verdict.LATER, "UnicodeDecodeError"),
        (400, b'{"message":"unable to parse"}', Verdict.REFUSED, "unable to parse"),
    ],
)
async def test_each_answer_is_understood(
    faulty: Faulty, status: int, body: bytes, verdict: Verdict, why: str
) -> None:
    faulty.answer = lambda _: (status, body)
    with receiving(faulty.url) as receiver:
        answer = await receiver.send(["a value=1 1"])
    assert answer.verdict is verdict
    assert why in answer.why
    assert answer.wait == (9.0 if status == 503 else 0.0)


async def test_one_poison_line_costs_itself_only(faulty: Faulty, tmp_path: Path) -> None:
    def answer(lines: list[str]) -> tuple[int, bytes]:
        poisoned = any("value=777 " in line for line in lines)
        return (400, b'{"message":"field type conflict"}') if poisoned else (204, b"")

    faulty.answer = answer
    async with bench(tmp_path) as own:
        await own.commit(*(reading(number, number) for number in range(1000)))
        with receiving(faulty.url) as receiver:
            sink = own.sink(receiver)
            await sink.step(NOW)
    assert len(faulty.taken) == 999
    assert sink.cursor == Cursor(
        after=1000,
        sent=999,
        refused=1,
        last_refused=sink.cursor.last_refused,
        why="HTTP 400: field type conflict",
    )
    assert "value=777 " in sink.cursor.last_refused


async def test_a_store_that_hangs_blocks_neither_commits_nor_a_stop(
    faulty: Faulty, tmp_path: Path
) -> None:
    faulty.hang.clear()
    async with bench(tmp_path) as own:
        await own.commit(reading(1, 1))
        with receiving(faulty.url, timeout=60.0) as receiver:
            step = asyncio.create_task(own.sink(receiver).step(NOW))
            await until(lambda: _true(bool(faulty.seen)))
            await own.commit(reading(2, 2))
            step.cancel()
            await asyncio.wait({step}, timeout=1)
            assert step.cancelled()
        assert own.outbox.waiting == 2


async def test_a_request_that_takes_too_long_is_tried_again(faulty: Faulty) -> None:
    faulty.hang.clear()
    with receiving(faulty.url, timeout=0.2) as receiver:
        answer = await receiver.send(["a value=1 1"])
        assert answer.verdict is Verdict.LATER
        assert "ReadTimeoutError" in answer.why
        faulty.hang.set()
        assert (await receiver.send(["a value=2 2"])).verdict is Verdict.TAKEN


async def test_nobody_there_is_tried_again() -> None:
    with receiving(f"http://{HOST}:{free_port()}") as receiver:
        answer = await receiver.send(["a value=1 1"])
    assert answer.verdict is Verdict.LATER
    assert "refused" in answer.why


async def _true(value: bool) -> bool:
    return value
