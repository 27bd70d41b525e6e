"""The line behind a DTU, against a real broker: both clients, both manners, and its bad days."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from device_drivers.links import dtu as dtu_link
from device_drivers.links.dtu import DtuSettings, DtuWay
from device_drivers.links.line import LineLink, LineSettings
from device_drivers.links.line_meter import meters_of
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import MqttSettings
from hub.clock import SystemClock
from hub.errors import LinkError
from simulators.converter import Converter, FlowMeter, Mishap, water_body
from simulators.demo_files import HOST
from simulators.foreign.dtu import Dtu
from simulators.line import BrokerAddress
from tests.contract.test_line_link import MODELS, ONE, TWO, WATER, device, polls, power_meter
from tests.support.broker import running_broker
from tests.support.patience import PATIENCE
from tests.support.polling import Recorder

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

DOWN, UP = "dtu/riser-3/down", "dtu/riser-3/up"
TIMEOUT = 1.0
"""Seconds; a busy machine takes a tenth of it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dtu")


@contextlib.asynccontextmanager
async def broker_of(
    require_server: Callable[[str], Path], folder: Path
) -> AsyncIterator[BrokerAddress]:
    async with running_broker(require_server("mosquitto"), folder) as broker:
        yield BrokerAddress(host=HOST, port=broker.port, username="", password="")


def make_link(
    recorder: Recorder,
    broker: BrokerAddress,
    numbers: Sequence[tuple[str, str]],
    *,
    payload: Any = "raw",  # noqa: ANN401 - one of two words
    wait: float = PATIENCE,
    client: Any = "paho",  # noqa: ANN401 - one of two words
) -> LineLink:
    settings = MqttSettings(host=broker.host, port=broker.port, community="gs", client=client)
    way = DtuWay(
        DtuSettings(name="riser-3", down=DOWN, up=UP, payload=payload, settle=wait),
        Dialler(settings),
    )
    meters = meters_of([device(*each) for each in numbers], MODELS, wait, steady=True)
    pace = LineSettings(name="riser-3", period=0.05, gap=0)
    return LineLink(pace, way, meters, inbox=recorder, watch=recorder, clock=SystemClock())


@contextlib.asynccontextmanager
async def running(link: LineLink) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(link.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("client", ["paho", "fast"])
@pytest.mark.parametrize(("payload", "halves"), [("raw", False), ("hex", True)])
async def test_meters_of_both_standards_are_read_behind_one_dtu(
    client: str,
    payload: str,
    halves: bool,
    require_server: Callable[[str], Path],
    folder: Path,
) -> None:
    body = water_body({"volume": 12.5})
    line = Converter(
        [power_meter(ONE), power_meter(TWO, "01000000"), FlowMeter(WATER, lambda: body)]
    )
    dtu = Dtu(line, down=DOWN, up=UP, hexadecimal=payload == "hex", halves=halves)
    recorder = Recorder()
    numbers = [(ONE, "dlt645-2007"), (TWO, "dlt645-2007"), (WATER, "cjt188-water")]
    async with (
        broker_of(require_server, folder) as broker,
        dtu.serving(broker),
        running(make_link(recorder, broker, numbers, payload=payload, client=client)),
    ):
        await recorder.until(lambda: len(recorder.envelopes) >= 6)
    assert {each["energy.import"] for each in polls(recorder, ONE)} == {1234.56}
    assert {each["energy.import"] for each in polls(recorder, TWO)} == {0.01}
    assert {each["volume.total"] for each in polls(recorder, WATER)} == {12.5}
    assert recorder.missed == []


async def test_a_silent_meter_is_told_by_itself_and_its_neighbours_are_read(
    require_server: Callable[[str], Path], folder: Path
) -> None:
    line = Converter([power_meter(ONE), power_meter(TWO)])
    line.meters[1].mishap = Mishap.SILENCE
    dtu, recorder = Dtu(line, down=DOWN, up=UP), Recorder()
    numbers = [(ONE, "dlt645-2007"), (TWO, "dlt645-2007")]
    async with (
        broker_of(require_server, folder) as broker,
        dtu.serving(broker),
        running(make_link(recorder, broker, numbers, wait=TIMEOUT)),
    ):
        await recorder.until(lambda: bool(recorder.silent))
        seen = len(recorder.envelopes)
        await recorder.until(lambda: len(recorder.envelopes) >= seen + 2)
    assert set(recorder.silent) == {f"d_{TWO}"}
    assert {each.address for each in recorder.envelopes} == {ONE}


async def test_a_dtu_that_is_not_at_the_broker_loses_the_link_and_blames_no_meter(
    require_server: Callable[[str], Path], folder: Path
) -> None:
    line, recorder = Converter([power_meter(ONE)]), Recorder()
    async with broker_of(require_server, folder) as broker:
        link = make_link(recorder, broker, [(ONE, "dlt645-2007")], wait=TIMEOUT)
        with pytest.raises(LinkError, match="the DTU is not at the broker: nobody has subscribed"):
            await asyncio.wait_for(link.run(), PATIENCE)
        async with Dtu(line, down=DOWN, up=UP).serving(broker), running(link):
            await recorder.until(lambda: bool(recorder.envelopes))
        async with running(link) as task:
            with pytest.raises(LinkError, match="the DTU is not at the broker"):
                await asyncio.wait_for(task, PATIENCE)
    assert recorder.missed == []


async def test_a_broker_that_dies_ends_the_link_with_a_sentence(
    require_server: Callable[[str], Path], folder: Path
) -> None:
    line, recorder = Converter([power_meter(ONE)]), Recorder()
    async with running_broker(require_server("mosquitto"), folder) as broker:
        address = BrokerAddress(host=HOST, port=broker.port, username="", password="")
        link = make_link(recorder, address, [(ONE, "dlt645-2007")])
        async with Dtu(line, down=DOWN, up=UP).serving(address), running(link) as task:
            await recorder.until(lambda: bool(recorder.envelopes))
            await broker.kill()
            await asyncio.wait({task}, timeout=PATIENCE)
    assert isinstance(task.exception(), LinkError)


async def test_a_late_answer_is_not_taken_for_the_next_one(
    require_server: Callable[[str], Path], folder: Path
) -> None:
    """The first answer comes when nobody waits any more: the line rests, and drops it."""
    settings = MqttSettings(host=HOST, port=1, community="gs")
    way = DtuWay(DtuSettings(name="r", down=DOWN, up=UP, settle=0.05), Dialler(settings))
    box = way._box
    way.missed()
    box.receive(UP, b"late", 0, retained=False)
    began = asyncio.get_running_loop().time()
    await way.ready()
    assert asyncio.get_running_loop().time() - began >= 0.04
    assert box.heard.empty()


async def test_what_was_retained_answers_nobody_and_noise_has_a_bound() -> None:
    settings = MqttSettings(host=HOST, port=1, community="gs")
    way = DtuWay(DtuSettings(name="r", down=DOWN, up=UP, payload="hex"), Dialler(settings))
    way._box.receive(UP, b"68", 0, retained=True)
    assert way._box.heard.empty()
    way._box.receive(UP, b"68 0A\r\n", 7, retained=False)
    assert await way.receive() == b"\x68\x0a"
    way._box.receive(UP, b"busy!", 0, retained=False)
    assert await way.receive() == b"busy!", "no digits: noise, as it stands"
    assert way._box.taken == [7]
    for _ in range(dtu_link.MOST_WAITING + 5):
        way._box.receive(UP, b"00", 0, retained=False)
    assert way._box.heard.qsize() == dtu_link.MOST_WAITING
