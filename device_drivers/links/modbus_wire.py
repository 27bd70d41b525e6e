"""One Modbus connection: a single request at a time, own time-outs, every reply checked.

pymodbus 3.16.1 frames and parses; what it does not check is checked here (function code, unit,
register count), and it is told never to retry or reconnect by itself. After a time-out the socket
is closed: with RTU framing a late reply would be taken for the answer to the next request.
"""

from __future__ import annotations

import asyncio

import msgspec
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from device_drivers.codecs.blocks import Block
from hub.errors import LinkError, ProtocolError
from hub.ports import Registers

FRAMERS = {"tcp": FramerType.SOCKET, "rtu_over_tcp": FramerType.RTU}
GATEWAY_SAYS_SILENT = 0x0B
CONNECT_SECONDS = 5.0


class SlaveSilentError(LinkError):
    """The slave did not answer in time, or its gateway says so; the bus itself is well."""


class ModbusSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway: where it is and how fast it may be asked; times in seconds."""

    name: str
    host: str
    port: int = 502
    framing: str = "tcp"
    period: float = 10.0
    timeout: float = 1.0
    gap: float = 0.02


class ModbusWire:
    """The connection to one gateway, shared by all its slaves."""

    def __init__(self, settings: ModbusSettings) -> None:
        self._settings = settings
        self._client: AsyncModbusTcpClient | None = None

    async def open(self) -> None:
        """Connect, or raise LinkError."""
        settings = self._settings
        client = AsyncModbusTcpClient(
            settings.host,
            port=settings.port,
            framer=FRAMERS[settings.framing],
            name=settings.name,
            timeout=settings.timeout,
            retries=0,
            reconnect_delay=0,
        )
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                connected = await client.connect()
        except TimeoutError:
            connected = False
        if not connected:
            client.close()
            raise LinkError(
                f"{settings.name}: no connection to {settings.host} port {settings.port}; "
                "check the gateway's power and network"
            )
        self._client = client

    def close(self) -> None:
        """Drop the connection; what was asked is never answered on it."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def read(self, unit: int, function: int, block: Block) -> Registers:
        """Read one block.

        Raises SlaveSilentError when the slave does not answer (the connection is then fresh),
        LinkError when the gateway is gone, ProtocolError when the reply does not fit.
        """
        if self._client is None:
            await self.open()
        try:
            reply = await self._ask(unit, function, block)
        except (TimeoutError, ModbusException) as error:
            self.close()
            raise SlaveSilentError(f"{self._settings.name}: unit {unit} does not answer") from error
        await asyncio.sleep(self._settings.gap)
        return self._check(reply, unit, function, block)

    async def _ask(self, unit: int, function: int, block: Block) -> ModbusPDU:
        client = self._client
        if client is None:
            raise LinkError(f"{self._settings.name}: not connected")
        read = client.read_input_registers if function == 4 else client.read_holding_registers
        async with asyncio.timeout(self._settings.timeout * 1.5):
            reply: ModbusPDU = await read(block.start, count=block.count, device_id=unit)
        return reply

    def _check(self, reply: ModbusPDU, unit: int, function: int, block: Block) -> Registers:
        if reply.isError():
            return self._exception(reply.exception_code, unit, function, block)
        fits = (
            reply.function_code == function
            and reply.dev_id in {unit, 0, 255}
            and len(reply.registers) == block.count
        )
        if not fits:
            self.close()
            raise ProtocolError(
                f"{self._settings.name}: unit {unit} answered function {reply.function_code} with "
                f"{len(reply.registers)} registers to function {function} for {block.count}"
            )
        return Registers(function=function, start=block.start, words=tuple(reply.registers))

    def _exception(self, code: int, unit: int, function: int, block: Block) -> Registers:
        if code == GATEWAY_SAYS_SILENT:
            raise SlaveSilentError(
                f"{self._settings.name}: the gateway gets no answer from unit {unit}"
            )
        return Registers(function=function, start=block.start, exception=code)
