"""The simulated gateways, read by pymodbus and by umodbus, which know nothing of ours."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator

import pytest
from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusTcpClient
from umodbus.client import tcp

from simulators.bus import Bus, Framing, Hearing, Slave
from simulators.meter import ElectricityMeter, WaterMeter
from simulators.registers import BY_MODEL

pytestmark = pytest.mark.integration
HOST = "127.0.0.1"
NOW = 1_795_500_000.0
METER = ElectricityMeter(mean_power=3000, counted=1000, phase=1.0)
WATER = WaterMeter(daily=20, counted=500, shift=300)


@contextlib.asynccontextmanager
async def gateway(framing: Framing, slaves: dict[int, Slave]) -> AsyncIterator[int]:
    server = await Bus(slaves, framing, lambda: NOW).serve(HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def reading(framing: Framing, port: int) -> AsyncIterator[AsyncModbusTcpClient]:
    framer = FramerType.SOCKET if framing is Framing.TCP else FramerType.RTU
    client = AsyncModbusTcpClient(HOST, port=port, framer=framer, timeout=0.3, retries=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()
        await asyncio.sleep(0)


async def test_an_electricity_meter_is_read_over_modbus_tcp() -> None:
    slaves = {7: Slave(METER, BY_MODEL["eastron-sdm630"])}
    async with gateway(Framing.TCP, slaves) as port, reading(Framing.TCP, port) as client:
        reply = await client.read_input_registers(0, count=6, device_id=7)
        volts = client.convert_from_registers(reply.registers, client.DATATYPE.FLOAT32)
    truth = METER.read(NOW)
    for phase, volt in enumerate(volts, 1):
        assert math.isclose(volt, truth[f"voltage.{phase}"], rel_tol=1e-6)


async def test_a_water_meter_is_read_over_rtu_frames_in_a_stream() -> None:
    slaves = {3: Slave(WATER, BY_MODEL["kaifeng-xintai-water"])}
    framing = Framing.RTU_OVER_TCP
    async with gateway(framing, slaves) as port, reading(framing, port) as client:
        reply = await client.read_holding_registers(7, count=1, device_id=3)
        assert reply.registers == [0x00AA]
        reply = await client.read_holding_registers(1, count=28, device_id=3)
        assert len(reply.registers) == 28


async def test_an_independent_client_reads_the_same() -> None:
    slaves = {1: Slave(METER, BY_MODEL["acrel-adw300"])}
    async with gateway(Framing.TCP, slaves) as port:
        request = tcp.read_holding_registers(slave_id=1, starting_address=20, quantity=3)
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(request)
        volts = tcp.parse_response_adu(await reader.readexactly(15), request)
        writer.close()
        await writer.wait_closed()
    truth = METER.read(NOW)
    assert volts == [round(truth[f"voltage.{phase}"] * 10) for phase in (1, 2, 3)]


async def test_an_illegal_address_is_answered_as_one() -> None:
    slaves = {1: Slave(METER, BY_MODEL["eastron-sdm630"])}
    async with gateway(Framing.TCP, slaves) as port, reading(Framing.TCP, port) as client:
        reply = await client.read_input_registers(0x100, count=2, device_id=1)
    assert reply.isError()
    assert reply.exception_code == 2


async def test_a_gateway_reports_a_slave_that_is_not_there() -> None:
    async with gateway(Framing.TCP, {}) as port, reading(Framing.TCP, port) as client:
        reply = await client.read_input_registers(0, count=2, device_id=9)
    assert reply.exception_code == 0x0B


async def test_a_silent_slave_lets_the_master_wait_and_its_neighbour_answers_on() -> None:
    dumb, loud = (Slave(METER, BY_MODEL["eastron-sdm630"]) for _ in range(2))
    dumb.hearing = Hearing.SILENT
    framing = Framing.RTU_OVER_TCP
    async with gateway(framing, {1: dumb, 2: loud}) as port:
        async with reading(framing, port) as client:
            with pytest.raises(ModbusException):
                await client.read_input_registers(0, count=2, device_id=1)
        async with reading(framing, port) as client:
            reply = await client.read_input_registers(0, count=2, device_id=2)
            assert not reply.isError()


async def test_a_meter_that_is_dead_is_reported_by_its_gateway() -> None:
    dead = Slave(METER, BY_MODEL["eastron-sdm630"])
    dead.hearing = Hearing.REPORTED
    async with gateway(Framing.TCP, {1: dead}) as port, reading(Framing.TCP, port) as client:
        reply = await client.read_input_registers(0, count=2, device_id=1)
    assert reply.exception_code == 0x0B


async def test_garbage_closes_the_line() -> None:
    slaves = {1: Slave(METER, BY_MODEL["eastron-sdm630"])}
    for framing, garbage in ((Framing.TCP, b"\xff" * 12), (Framing.RTU_OVER_TCP, b"\xff" * 8)):
        async with gateway(framing, slaves) as port:
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(garbage)
            assert await asyncio.wait_for(reader.read(), 2) == b""
            writer.close()
            await writer.wait_closed()
