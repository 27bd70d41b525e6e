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
from device_drivers.links.modbus_library import Echo, Write, forgive, heed_cancellation, reset
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.polling import NoAnswerError
from hub.errors import LinkError, ProtocolError
from hub.model.catalogue import RelayOrder
from hub.ports import Registers

FRAMERS = {"tcp": FramerType.SOCKET, "rtu_over_tcp": FramerType.RTU}
READS = {
    1: "read_coils",
    2: "read_discrete_inputs",
    3: "read_holding_registers",
    4: "read_input_registers",
}
INPUTS, HOLDING = 2, 3
SILENT = {
    0x0A: "the gateway has no way to unit {unit}; look at its serial settings",
    0x0B: "the gateway gets no answer from unit {unit}",
}
"""What a gateway says in the place of a slave that is not heard: it is the slave's silence."""
REFUSES_BLOCK = frozenset({2, 3})
"""Illegal address, and illegal value, which in a request to read can only be the count: the block
does not fit this slave, a smaller one may."""
# All others (1 no such function, 4 failure, 5 and 6 busy, ...) come from a slave that is alive and
# has no value at the moment: bad, and asked again in its turn, never at once.


class ModbusSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway: where it is and how fast it may be asked; times in seconds.

    `timeout` is the longest wait for an answer, see `Patience`; `connect_timeout` that for the
    connection, which a busy gateway takes longer for than a slave for an answer.
    """

    name: str
    host: str
    port: int = 502
    framing: str = "tcp"
    period: float = 10.0
    timeout: float = 1.0
    connect_timeout: float = 4.0
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
            timeout=2 * max(settings.timeout, settings.connect_timeout),  # ours come first
            retries=0,
            reconnect_delay=0,
        )
        try:
            async with asyncio.timeout(settings.connect_timeout):
                connected = await client.connect()
        except TimeoutError:
            connected = False
        if not connected:
            client.close()
            raise LinkError(
                f"{settings.name}: no connection to {settings.host} port {settings.port}; "
                "check the gateway's power and network"
            )
        forgive(client.ctx.framer)
        client.register(Echo)
        self._client = client

    def close(self) -> None:
        """Drop the connection; what was asked is never answered on it.

        What the kernel still holds of a request is thrown away: by an ordinary end it would be sent
        again for minutes, and a relay would move when a cable is plugged in.
        """
        if self._client is not None:
            reset(self._client.ctx.transport)
            self._client.close()
            self._client = None

    async def ensure(self) -> None:
        """Connect where there is no connection any more, or raise LinkError."""
        if self._client is None or not self._client.connected:
            self.close()
            await self.open()

    async def read(self, slave: Slave, block: Block, *, seconds: float | None = None) -> Registers:
        """Read one block, and learn how long the slave takes; wait for `seconds` if given.

        Raises NoAnswerError when the slave does not answer (the connection is then fresh),
        LinkError when the gateway is gone, ProtocolError when the reply does not fit.
        """
        if self._client is None:
            await self.open()
        began = asyncio.get_running_loop().time()
        try:
            reply = await self._ask(slave, block, seconds or slave.patience.seconds)
        except (TimeoutError, ModbusException) as error:
            self.close()
            slave.patience.missed()
            sentence = f"{self._settings.name}: unit {slave.unit} does not answer"
            raise NoAnswerError(sentence) from error
        took = asyncio.get_running_loop().time() - began
        await asyncio.sleep(self._settings.gap)
        answer = self._check(reply, slave.unit, _function(slave, block), block)
        slave.patience.answered(took)
        return answer

    async def write_coil(self, slave: Slave, relay: RelayOrder, *, on: bool) -> int:
        """Switch a relay of one of the slave's own orders; returns 0, or the exception's code.

        Returns once the exact echo has come. It goes out before anything else can happen, over the
        connection that there is: it opens none. Raises NoAnswerError or ProtocolError when nobody
        knows whether the relay has moved (the connection is dropped), LinkError when nothing was
        sent.
        """
        client = self._client
        if client is None or not client.connected:
            raise LinkError(f"{self._settings.name}: not connected")
        if relay not in slave.orders:
            raise LinkError(
                f"{self._settings.name}: coil {relay.coil} of no order is never written"
            )
        request = Write(relay, slave.unit, on=on)
        try:
            async with asyncio.timeout(slave.longest):
                echo: ModbusPDU = await client.execute(False, request)
            heed_cancellation()
        except (TimeoutError, ModbusException) as error:
            self.close()
            sentence = f"{self._settings.name}: unit {slave.unit} does not answer"
            raise NoAnswerError(sentence) from error
        await asyncio.sleep(self._settings.gap)
        return self._check_echo(echo, request)

    def _check_echo(self, echo: ModbusPDU, said: Write) -> int:
        if echo.isError():
            return echo.exception_code
        if not isinstance(echo, Echo) or not echo.answers(said):
            self.close()
            raise ProtocolError(
                f"{self._settings.name}: unit {said.dev_id} answered function "
                f"{echo.function_code} for {echo.address} to a write of coil {said.address}"
            )
        return 0

    async def _ask(self, slave: Slave, block: Block, seconds: float) -> ModbusPDU:
        client = self._client
        if client is None:
            raise LinkError(f"{self._settings.name}: not connected")
        read = getattr(client, READS[_function(slave, block)])
        async with asyncio.timeout(seconds):
            reply: ModbusPDU = await read(block.start, count=block.count, device_id=slave.unit)
        heed_cancellation()
        return reply

    def _check(self, reply: ModbusPDU, unit: int, function: int, block: Block) -> Registers:
        if reply.isError():
            return self._exception(reply.exception_code, unit, function, block)
        words = _words(reply, function, block.count)
        if reply.function_code != function or reply.dev_id != unit or len(words) != block.count:
            self.close()
            raise ProtocolError(
                f"{self._settings.name}: unit {unit} answered function {reply.function_code} with "
                f"{len(words)} registers to function {function} for {block.count}"
            )
        return Registers(function=function, start=block.start, words=words)

    def _exception(self, code: int, unit: int, function: int, block: Block) -> Registers:
        if code in SILENT:
            told = NoAnswerError(f"{self._settings.name}: {SILENT[code].format(unit=unit)}")
            told.gateway = True
            raise told
        return Registers(function=function, start=block.start, exception=code)


def _function(slave: Slave, block: Block) -> int:
    return block.function or slave.function or HOLDING


def _words(reply: ModbusPDU, function: int, count: int) -> tuple[int, ...]:
    """Return registers as they are; of bits, which come in whole bytes, those that were asked."""
    if function > INPUTS:
        return tuple(reply.registers)
    whole = len(reply.bits) == -(-count // 8) * 8
    return tuple(map(int, reply.bits[:count])) if whole else tuple(map(int, reply.bits))
