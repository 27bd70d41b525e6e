"""The Modbus link against pymodbus's server and without one; its faults are in `tests/contract`."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.blocks import Block
from device_drivers.codecs.registers import encode
from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.modbus import ModbusLink
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import ModbusSettings, ModbusWire
from hub.clock import SystemClock
from hub.errors import LinkError
from tests.support.modbus_faults import FaultyGateway
from tests.support.polling import Recorder, meter, polling

pytestmark = pytest.mark.integration
MODELS = load_models(shipped_models())


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
    settings = ModbusSettings(
        name="bus-1", host="127.0.0.1", port=port, framing=framing, period=0.2, timeout=0.2, gap=0
    )
    try:
        async with polling(recorder, settings, [meter(1), meter(2)], MODELS):
            await recorder.until(lambda: len(recorder.envelopes) >= 4)
    finally:
        await server.shutdown()
    driver = ModbusDriver(MODELS)
    for envelope in recorder.envelopes[:4]:
        (report,) = driver.decode(envelope, meter(int(envelope.address)))
        values = {sample.point: sample.value for sample in report.samples}
        assert values["voltage.a"] == 220.0 + int(envelope.address)
        assert values["frequency"] == 50.0


async def test_a_gateway_that_refuses_is_an_error_that_names_it() -> None:
    listener = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    settings = ModbusSettings(name="bus-1", host="127.0.0.1", port=port)
    recorder = Recorder()
    link = ModbusLink(settings, [], inbox=recorder, watch=recorder, clock=SystemClock())
    with pytest.raises(LinkError, match="bus-1: no connection"):
        await link.run()


async def test_a_link_that_is_told_to_stop_while_an_answer_comes_stops() -> None:
    gateway, model = FaultyGateway("tcp"), MODELS["eastron-sdm120"]
    async with gateway.listening() as port:
        wire = ModbusWire(ModbusSettings(name="bus-1", host="127.0.0.1", port=port))
        await wire.open()
        assert wire._client is not None
        hear = wire._client.ctx.callback_data
        slave = Slave(meter(1, model.id), model, 1.0)
        task = asyncio.create_task(wire.read(slave, Block(start=0, count=2)))

        def hear_and_stop(data: bytes, addr: tuple[str, int] | None = None) -> int:
            used = hear(data, addr)
            task.cancel()
            return used

        wire._client.ctx.callback_data = hear_and_stop  # type: ignore[method-assign]
        with pytest.raises(asyncio.CancelledError):
            await task
        wire.close()


async def test_a_gateway_that_is_slow_to_let_in_is_reached_however_short_its_answers_take() -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as door,
        contextlib.closing(socket.socket()) as first,
        contextlib.closing(socket.socket()) as second,
    ):
        address = door.getsockname()
        for guest in (first, second):  # the queue at the door is full; further callers hear nothing
            guest.setblocking(False)
            guest.connect_ex(address)
        wire = ModbusWire(
            ModbusSettings(name="bus-1", host=address[0], port=address[1], timeout=0.05)
        )

        def let_in() -> None:
            door.accept()[0].close()

        asyncio.get_running_loop().call_later(0.4, let_in)
        await wire.open()
        wire.close()
