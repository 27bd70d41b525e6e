"""umodbus says what the frames of every function that the hub uses look like, and serves them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import socketserver
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from umodbus.client import tcp
from umodbus.client.serial import rtu
from umodbus.functions import create_function_from_request_pdu
from umodbus.server.tcp import RequestHandler, get_server

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.blocks import plan
from device_drivers.codecs.registers import encode
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import ModbusSettings, ModbusWire
from hub.model.catalogue import DeviceModel
from hub.model.command import CommandState
from simulators.relay import WRITE_COIL
from tests.support.polling import Recorder, meter, polling
from tests.support.yard import Yard, order

pytestmark = pytest.mark.integration
MODELS = {name: m for name, m in load_models(shipped_models()).items() if m.driver == "modbus"}
FUNCTIONS = {
    1: "read_coils",
    2: "read_discrete_inputs",
    3: "read_holding_registers",
    4: "read_input_registers",
}
BITS = (1, 2)
CODECS: dict[str, ModuleType] = {"tcp": tcp, "rtu_over_tcp": rtu}


class Oracle:
    """Answers with what umodbus makes of chosen words, and keeps what it was asked."""

    def __init__(self, framing: str) -> None:
        self.framing = framing
        self.words: list[int] = []
        self.asked = b""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[ModbusWire]:
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = ModbusSettings(
            name="bus-1", host="127.0.0.1", port=port, framing=self.framing, gap=0
        )
        wire = ModbusWire(settings)
        try:
            yield wire
        finally:
            wire.close()
            server.close()
            await server.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        codec = CODECS[self.framing]
        head, tail = (7, 0) if codec is tcp else (1, 2)
        with contextlib.suppress(asyncio.IncompleteReadError):
            while frame := await reader.readexactly(head + 5 + tail):
                self.asked = frame
                function = create_function_from_request_pdu(frame[head : head + 5])
                writes = function.function_code == WRITE_COIL
                pdu = function.create_response_pdu(*(() if writes else (self.words,)))
                if codec is tcp:
                    tag, unit = frame[:2], frame[6:7]
                    writer.write(tag + struct.pack(">HH", 0, 1 + len(pdu)) + unit + pdu)
                else:
                    writer.write(rtu._create_request_adu(frame[0], pdu))
        writer.close()


@pytest.mark.parametrize("framing", CODECS)
async def test_every_request_and_reply_is_what_umodbus_says(framing: str) -> None:
    chance, oracle, codec = random.Random(1), Oracle(framing), CODECS[framing]
    asked = set[int]()
    async with oracle.listening() as wire:
        for model in MODELS.values():
            for block in plan(model.registers, limit=model.max_registers):
                unit = chance.randint(1, 247)
                slave = Slave(meter(unit, model.id), model, 1.0)
                function = block.function or model.function
                most = 2 if function in BITS else 0x10000
                oracle.words = [chance.randrange(most) for _ in range(block.count)]
                answer = await wire.read(slave, block)
                said = getattr(codec, FUNCTIONS[function])(unit, block.start, block.count)
                from_tag = 2 if codec is tcp else 0
                assert oracle.asked[from_tag:] == said[from_tag:]
                assert list(answer.words) == oracle.words
                asked.add(function)
    assert asked == set(FUNCTIONS)


@pytest.mark.parametrize(
    "model",
    [
        model
        for model in MODELS.values()
        if model.orders and not any(each.flash for each in model.orders)
    ],
)
@pytest.mark.parametrize("framing", CODECS)
async def test_a_coil_is_written_as_umodbus_says(framing: str, model: DeviceModel) -> None:
    oracle, codec, slave = Oracle(framing), CODECS[framing], Slave(meter(1, model.id), model, 1.0)
    from_tag = 2 if codec is tcp else 0
    async with oracle.listening() as wire:
        await wire.ensure()
        for relay, on in itertools.product(model.orders, (True, False)):
            assert await wire.write_coil(slave, relay, on=on) == 0
            said = codec.write_single_coil(1, relay.coil, on)
            assert oracle.asked[from_tag:] == said[from_tag:]
            if (framing, relay.coil) == ("rtu_over_tcp", 0):
                published = "01050000ff008c3a" if on else "010500000000cdca"
                assert oracle.asked.hex() == published


@pytest.mark.parametrize("framing", CODECS)
async def test_a_relay_of_a_server_that_we_did_not_write_is_pulsed(framing: str) -> None:
    framer = FramerType.SOCKET if framing == "tcp" else FramerType.RTU
    said: list[tuple[int, list[bool]]] = []

    async def note(function: int, _start: int, address: int, *more: Any) -> None:  # noqa: ANN401
        if function == WRITE_COIL and more[-1]:
            said.append((address, list(more[-1])))

    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    words = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
    device = SimDevice(1, simdata=(bits, bits, words, words), action=note)
    server = ModbusTcpServer(context=[device], framer=framer, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    yard = Yard(framing)
    yard.port = server.transport.sockets[0].getsockname()[1]
    try:
        async with yard.running():
            assert await yard.give(order("close")) is CommandState.RECEIVED
            await yard.until(lambda: len(said) == 2)
    finally:
        await server.shutdown()
    assert said == [(2, [True]), (2, [False])]
    assert yard.recorder.relays == []


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def words_of_meter(model: DeviceModel) -> dict[int, int]:
    """Return a register map in which each point's raw value is 10 times its place, from 1 on."""
    words: dict[int, int] = {}
    for place, register in enumerate(model.registers, 1):
        for offset, word in enumerate(encode(10 * place, register.type, register.order)):
            words[register.address + offset] = word
    return words


@contextlib.contextmanager
def umodbus_server(model: DeviceModel) -> Iterator[int]:
    """Serve the model's registers, and no others, by umodbus; yields the port."""
    words = words_of_meter(model)
    server = get_server(_Server, ("127.0.0.1", 0), RequestHandler)

    @server.route(slave_ids=[1], function_codes=[model.function], addresses=list(words))
    def read(slave_id: int, function_code: int, address: int) -> int:
        return words[address]

    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("name", ["eastron-sdm120", "chint-dtsu666", "peacefair-pzem016"])
async def test_meters_behind_umodbus_are_read_whole_though_they_have_holes(name: str) -> None:
    model, recorder = MODELS[name], Recorder()
    with umodbus_server(model) as port:
        settings = ModbusSettings(name="bus-1", host="127.0.0.1", port=port, period=0.05, gap=0)
        async with polling(recorder, settings, [meter(1, name)], MODELS):
            await recorder.until(lambda: len(recorder.envelopes) >= 3)
    for envelope in recorder.envelopes:
        assert not isinstance(envelope.payload, bytes)
        whole = {
            block.start + n: word
            for block in envelope.payload
            for n, word in enumerate(block.words)
        }
        assert whole.items() >= words_of_meter(model).items()
        (report,) = ModbusDriver(MODELS).decode(envelope, meter(1, name))
        by_point = {register.point: register for register in model.registers}
        good = {sample.point: sample.value for sample in report.samples if sample.value is not None}
        assert good.pop("link.refusal") == 0
        assert good
        for point, value in good.items():
            place = list(by_point).index(point) + 1
            assert value == pytest.approx(10 * place * by_point[point].scale)
