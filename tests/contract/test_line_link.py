"""The link to meters behind a transparent converter, against every mishap of a line."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence

import pytest
from dlt645.service.serversvc.async_server_service import AsyncMeterServerService
from loguru import logger

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.links import breaker
from device_drivers.links.line import LineLink, LineSettings
from device_drivers.links.line_meter import LineMeter as Asked
from device_drivers.links.line_meter import meters_of
from device_drivers.links.line_way import TcpWay
from hub.assembly.dialects import speak_all
from hub.clock import SystemClock
from hub.errors import LinkError
from hub.model.device import Device, DeviceUid, Kind
from simulators.converter import Converter, FlowMeter, Mishap, PowerMeter, water_body
from tests.support.patience import PATIENCE
from tests.support.polling import Recorder

pytestmark = pytest.mark.integration

MODELS = load_models(shipped_models())
DRIVERS = speak_all(MODELS)
TIMEOUT = 0.2
"""Seconds after which a meter counts as silent, where a test wants one to."""
ONE, TWO = "123456789012", "000000000161"
WATER = "78330011223344"
VOLTS = bytes.fromhex("012312239923")


def power_meter(number: str, energy: str = "56341200", **more: str) -> PowerMeter:
    data = {"00010000": bytes.fromhex(energy), "0201FF00": VOLTS}
    data |= {di: bytes.fromhex(raw) for di, raw in more.items()}
    return PowerMeter(number, lambda: data)


def device(number: str, model: str = "dlt645-2007") -> Device:
    kind = Kind.WATER_METER if model == "cjt188-water" else Kind.ELECTRICITY_METER
    return Device(
        uid=DeviceUid(f"d_{number}"), id=f"meter-{number}", address=number,
        kind=kind, model=model, place="guanshan", link="line-1",
    )  # fmt: skip


@contextlib.asynccontextmanager
async def asking(
    recorder: Recorder, port: int, devices: Sequence[Device], wait: float = PATIENCE
) -> AsyncIterator[list[Asked]]:
    settings = LineSettings(name="line-1", period=0.05, gap=0)
    way = TcpWay("line-1", "127.0.0.1", port)
    meters = meters_of(devices, MODELS, wait)
    link = LineLink(settings, way, meters, inbox=recorder, watch=recorder, clock=SystemClock())
    task = asyncio.create_task(link.run())
    try:
        yield meters
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def polls(recorder: Recorder, number: str) -> list[dict[str, object]]:
    """Return what each poll of a meter says, point by point."""
    known = MODELS["cjt188-water" if number == WATER else "dlt645-2007"]
    told = []
    for envelope in recorder.envelopes:
        if envelope.address == number:
            meter = device(number, known.id)
            (report,) = DRIVERS[known.driver].decode(envelope, meter)
            told.append({sample.point: sample.value for sample in report.samples})
    return told


async def test_meters_of_both_standards_share_one_line() -> None:
    water = FlowMeter(WATER, lambda: water_body({"volume": 6543.21}))
    line = Converter([power_meter(ONE), power_meter(TWO, "11000000"), water])
    recorder = Recorder()
    devices = [device(ONE), device(TWO), device(WATER, "cjt188-water")]
    async with line.serving() as port, asking(recorder, port, devices):
        await recorder.until(lambda: len(polls(recorder, WATER)) >= 2)
    first = polls(recorder, ONE)[0]
    assert (first["energy.import"], first["voltage.b"]) == (1234.56, 231.2)
    assert polls(recorder, TWO)[0]["energy.import"] == 0.11
    assert polls(recorder, WATER)[0]["volume.total"] == 6543.21
    assert polls(recorder, WATER)[0]["valve.position"] == "open"
    assert line.connections == 1
    assert not recorder.missed


async def test_a_meter_that_we_did_not_write_is_read() -> None:
    logger.disable("dlt645")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    recorder = Recorder()
    peer = AsyncMeterServerService.new_tcp_server("127.0.0.1", port, timeout=PATIENCE)
    assert peer.set_address(bytes.fromhex(ONE)[::-1])  # as it goes over the wire
    assert peer.set_00(0x00010000, 1234.56)
    for phase in (1, 2, 3):
        assert peer.set_02(0x02010000 | phase << 8, 230 + phase / 10)
    assert peer.set_02(0x02030000, 1.2345)
    async with peer, asking(recorder, port, [device(ONE)]):
        await recorder.until(lambda: len(polls(recorder, ONE)) >= 2)
    read = polls(recorder, ONE)[1]
    assert (read["energy.import"], read["power.active"]) == (1234.56, 1.2345)
    assert [read[f"voltage.{phase}"] for phase in "abc"] == [230.1, 230.2, 230.3]
    assert not recorder.missed


@pytest.mark.parametrize("mishap", [Mishap.ECHO, Mishap.NOISE])
async def test_an_echo_and_noise_before_the_answer_do_no_harm(mishap: Mishap) -> None:
    meter = power_meter(ONE)
    meter.mishap = mishap
    recorder = Recorder()
    async with Converter([meter]).serving() as port, asking(recorder, port, [device(ONE)]):
        await recorder.until(lambda: len(recorder.envelopes) >= 2)
    assert {poll["energy.import"] for poll in polls(recorder, ONE)} == {1234.56}
    assert not recorder.missed


@pytest.mark.parametrize(
    "mishap",
    [Mishap.SILENCE, Mishap.OTHER, Mishap.WRONG_SUM, Mishap.HALF, Mishap.CLOSE, Mishap.BABBLE],
)
async def test_a_meter_that_does_not_answer_as_it_should_is_missed_and_heard_again(
    mishap: Mishap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.05)
    bad, good = power_meter(ONE), power_meter(TWO, "11000000")
    recorder = Recorder()
    line = Converter([bad, good])
    both = [device(ONE), device(TWO)]
    async with line.serving() as port, asking(recorder, port, both, TIMEOUT):
        await recorder.until(lambda: bool(polls(recorder, ONE)))
        bad.mishap = mishap
        await recorder.until(lambda: bool(recorder.silent))
        neighbours = len(polls(recorder, TWO))
        await recorder.until(lambda: len(polls(recorder, TWO)) > neighbours + 2)
        bad.mishap = None
        before = len(polls(recorder, ONE))
        await recorder.until(lambda: len(polls(recorder, ONE)) > before + 1)
    assert recorder.silent == ["d_123456789012"]
    assert {poll["energy.import"] for poll in polls(recorder, ONE)} == {1234.56}
    assert {poll["energy.import"] for poll in polls(recorder, TWO)} == {0.11}


async def test_a_late_answer_is_never_taken_for_that_to_the_next_question() -> None:
    meter = power_meter(ONE)
    recorder = Recorder()
    async with Converter([meter]).serving() as port, asking(recorder, port, [device(ONE)], TIMEOUT):
        await recorder.until(lambda: bool(recorder.envelopes))
        meter.mishap = Mishap.LATE
        await recorder.until(lambda: len(recorder.missed) >= 2)
        meter.mishap = None
        before = len(recorder.envelopes)
        await recorder.until(lambda: len(recorder.envelopes) > before)
    for poll in polls(recorder, ONE):
        assert (poll.get("energy.import"), poll.get("voltage.a")) == (1234.56, 230.1)


async def test_a_meter_without_blocks_is_asked_for_single_values() -> None:
    data = {"00010000": bytes.fromhex("56341200"), "02010100": bytes.fromhex("0123")}
    meter = PowerMeter(ONE, lambda: data)
    recorder = Recorder()
    async with Converter([meter]).serving() as port, asking(recorder, port, [device(ONE)]) as asked:
        await recorder.until(lambda: len(recorder.envelopes) >= 2)
        wanted = asked[0].wanted(SystemClock().now())
    first, second = polls(recorder, ONE)[:2]
    assert first["voltage.a"] == second["voltage.a"] == 230.1
    assert first["voltage.b"] is None
    assert wanted == ["02010100", "00010000"]


async def test_data_in_several_frames_is_fetched_to_its_end() -> None:
    data = {"00010000": bytes.fromhex("56341200"), "0201FF00": VOLTS}
    meter = PowerMeter(ONE, lambda: data)
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulators.converter.LONGEST_PART", 2)
        async with Converter([meter]).serving() as port, asking(recorder, port, [device(ONE)]):
            await recorder.until(lambda: bool(recorder.envelopes))
    first = polls(recorder, ONE)[0]
    assert (first["voltage.a"], first["voltage.c"]) == (230.1, 239.9)
    assert first["energy.import"] == 1234.56


@pytest.mark.parametrize("low_first", [True, False])
async def test_a_water_meter_is_asked_in_the_order_that_it_understands(low_first: bool) -> None:
    meter = FlowMeter(WATER, lambda: water_body({"volume": 12.5}), low_first=low_first)
    recorder = Recorder()
    async with (
        Converter([meter]).serving() as port,
        asking(recorder, port, [device(WATER, "cjt188-water")], TIMEOUT),
    ):
        await recorder.until(lambda: len(recorder.envelopes) >= 3)
    assert low_first or recorder.missed
    assert {poll["volume.total"] for poll in polls(recorder, WATER)} == {12.5}


async def test_a_converter_that_is_gone_ends_the_link_with_a_sentence() -> None:
    line: Converter = Converter([power_meter(ONE)])
    async with line.serving() as port:
        pass
    way = TcpWay("line-1", "127.0.0.1", port)
    recorder, settings = Recorder(), LineSettings(name="line-1")
    link = LineLink(settings, way, [], inbox=recorder, watch=recorder, clock=SystemClock())
    with pytest.raises(LinkError, match="check the converter's power and network"):
        async with asyncio.timeout(PATIENCE):
            await link.run()


def test_what_has_no_meter_s_number_is_not_asked() -> None:
    odd = [device("17"), device("12345678901Z"), device("", "cjt188-water")]
    assert meters_of([*odd, device(ONE)], MODELS, TIMEOUT)[0].address == ONE
    assert len(meters_of([*odd, device(ONE)], MODELS, TIMEOUT)) == 1
