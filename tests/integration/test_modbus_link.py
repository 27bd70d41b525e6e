"""The Modbus link against pymodbus's server and against a server that misbehaves on command."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.registers import encode
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.modbus import ModbusLink, slaves_of
from device_drivers.links.modbus_wire import ModbusSettings
from hub.clock import SystemClock
from hub.errors import LinkError
from hub.model.device import Device, DeviceUid, Kind
from hub.ports import Envelope

pytestmark = pytest.mark.integration
MODELS = load_models(shipped_models())


class Recorder:
    """Takes what a link says, as inbox and as watch."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.silent: list[str] = []
        self.up = 0

    def offer(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    def is_full(self) -> bool:
        return False

    async def has_room(self) -> None:
        return

    def link_up(self, link: str, *, resumed: bool) -> None:
        self.up += 1

    def link_down(self, link: str, why: str) -> None:
        raise AssertionError

    def link_caught_up(self, link: str) -> None:
        return

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        self.silent.append(uid)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - the link has no event for tests
                await asyncio.sleep(0.02)


def meter(unit: int, model: str = "eastron-sdm630") -> Device:
    return Device(
        uid=DeviceUid(f"d_{unit}"),
        id=f"meter-{unit}",
        address=str(unit),
        kind=Kind.ELECTRICITY_METER,
        model=model,
        place="guanshan",
        link="bus-1",
    )


@contextlib.asynccontextmanager
async def polling(
    recorder: Recorder, port: int, units: list[int], framing: str
) -> AsyncIterator[None]:
    settings = ModbusSettings(
        name="bus-1", host="127.0.0.1", port=port, framing=framing, period=0.2, timeout=0.2, gap=0
    )
    slaves = slaves_of([meter(unit) for unit in units], MODELS)
    link = ModbusLink(settings, slaves, inbox=recorder, watch=recorder, clock=SystemClock())
    task = asyncio.create_task(link.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def image(voltage: float) -> list[SimData]:
    words = [0] * 100
    words[0:2] = encode(voltage, "float32")
    words[70:72] = encode(50.0, "float32")
    return [SimData(0, values=words, datatype=DataType.REGISTERS)]


@pytest.mark.parametrize("framing", ["tcp", "rtu_over_tcp"])
async def test_meters_are_read_from_a_server_that_we_did_not_write(framing: str) -> None:
    framer = FramerType.SOCKET if framing == "tcp" else FramerType.RTU
    devices = [SimDevice(unit, simdata=image(220.0 + unit)) for unit in (1, 2)]
    server = ModbusTcpServer(context=devices, framer=framer, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    port = server.transport.sockets[0].getsockname()[1]
    recorder = Recorder()
    try:
        async with polling(recorder, port, [1, 2], framing):
            await recorder.until(lambda: len(recorder.envelopes) >= 4)
    finally:
        await server.shutdown()
    driver = ModbusDriver(MODELS)
    for envelope in recorder.envelopes[:4]:
        (report,) = driver.decode(envelope, meter(int(envelope.address)))
        values = {sample.point: sample.value for sample in report.samples}
        assert values["voltage.a"] == 220.0 + int(envelope.address)
        assert values["frequency"] == 50.0


class FaultServer:
    """A raw RTU-over-TCP slave bus whose answers are decided by `behave(unit, start, count)`."""

    def __init__(self, behave: Callable[[int, int, int], tuple[float, bytes]]) -> None:
        self._behave = behave
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                frame = await reader.readexactly(8)
                unit, _, start, count = struct.unpack(">BBHH", frame[:6])
                delay, body = self._behave(unit, start, count)
                await asyncio.sleep(delay)
                writer.write(body + crc(body) if body else b"")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def crc(body: bytes) -> bytes:
    value = 0xFFFF
    for byte in body:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def answer(unit: int, words: list[int], function: int = 4) -> bytes:
    return struct.pack(f">BBB{len(words)}H", unit, function, 2 * len(words), *words)


@contextlib.asynccontextmanager
async def bus(server: FaultServer) -> AsyncIterator[int]:
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()


async def test_a_late_answer_is_never_taken_for_the_next_question() -> None:
    calls = 0

    def behave(unit: int, start: int, count: int) -> tuple[float, bytes]:
        nonlocal calls
        calls += 1
        return (0.5 if calls == 1 else 0.0), answer(unit, [unit] * count)

    recorder = Recorder()
    server = FaultServer(behave)
    async with bus(server) as port, polling(recorder, port, [1, 2], "rtu_over_tcp"):
        await recorder.until(lambda: len(recorder.envelopes) >= 6)
    assert server.connections >= 2, "the socket must be closed after a time-out"
    for envelope in recorder.envelopes:
        assert not isinstance(envelope.payload, bytes)
        assert {word for block in envelope.payload for word in block.words} == {
            int(envelope.address)
        }


async def test_a_silent_slave_is_called_silent_once_and_its_neighbour_goes_on() -> None:
    def behave(unit: int, start: int, count: int) -> tuple[float, bytes]:
        return 0.0, b"" if unit == 9 else answer(unit, [0] * count)

    recorder = Recorder()
    async with bus(FaultServer(behave)) as port, polling(recorder, port, [9, 1], "rtu_over_tcp"):
        await recorder.until(lambda: recorder.silent != [] and len(recorder.envelopes) >= 20)
    assert recorder.silent == ["d_9"]
    assert {envelope.address for envelope in recorder.envelopes} == {"1"}


async def test_an_illegal_address_splits_the_block_and_keeps_the_rest() -> None:
    def behave(unit: int, start: int, count: int) -> tuple[float, bytes]:
        if start <= 0x34 < start + count:
            return 0.0, struct.pack(">BBB", unit, 0x84, 2)
        return 0.0, answer(unit, [0] * count)

    recorder = Recorder()
    async with bus(FaultServer(behave)) as port, polling(recorder, port, [1], "rtu_over_tcp"):
        await recorder.until(lambda: len(recorder.envelopes) >= 2)
    (report,) = ModbusDriver(MODELS).decode(recorder.envelopes[-1], meter(1))
    bad = {sample.point for sample in report.samples if sample.value is None}
    assert "power.active" in bad
    assert "voltage.a" not in bad


async def test_an_answer_for_another_function_is_refused() -> None:
    def behave(unit: int, start: int, count: int) -> tuple[float, bytes]:
        return 0.0, answer(unit, [1] * count, function=3)

    recorder = Recorder()
    async with bus(FaultServer(behave)) as port, polling(recorder, port, [1], "rtu_over_tcp"):
        await recorder.until(lambda: recorder.silent == ["d_1"])
    assert recorder.envelopes == []


async def test_a_gateway_that_refuses_is_an_error_that_names_it() -> None:
    listener = await asyncio.start_server(FaultServer(lambda *_: (0.0, b"")), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    settings = ModbusSettings(name="bus-1", host="127.0.0.1", port=port)
    recorder = Recorder()
    link = ModbusLink(settings, [], inbox=recorder, watch=recorder, clock=SystemClock())
    with pytest.raises(LinkError, match="bus-1: no connection"):
        await link.run()
