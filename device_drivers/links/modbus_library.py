"""What pymodbus 3.16.1 does otherwise than a link needs it, put right in one place."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerBase
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import WriteSingleCoilRequest, WriteSingleCoilResponse

from hub.model.catalogue import RelayOrder

ON, OFF = 0xFF00, 0x0000
TENTHS = 10
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a closed socket sends nothing more, and says so to the other side."""


class Write(WriteSingleCoilRequest):
    """A relay's order as a request; of pymodbus' own the value can only be on or off."""

    def __init__(self, relay: RelayOrder, unit: int, *, on: bool) -> None:
        flashes = on and relay.flash is not None
        address = relay.flash if on and relay.flash is not None else relay.coil
        super().__init__(address=address, bits=[on], dev_id=unit)
        self.value = round(relay.pulse * TENTHS) if flashes else ON if on else OFF

    def encode(self) -> bytes:
        """Write address and value."""
        return struct.pack(">HH", self.address, self.value)


class Echo(WriteSingleCoilResponse):
    """The answer to a written coil as it is: pymodbus takes every value but 0 for "on"."""

    value = -1

    def decode(self, data: bytes) -> None:
        """Keep address and value."""
        self.address, self.value = struct.unpack(">HH", data[:4])
        self.bits = [self.value == ON]

    def answers(self, said: Write) -> bool:
        """Tell whether it says again what was said, to the last bit."""
        return (self.dev_id, self.address, self.value) == (said.dev_id, said.address, said.value)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """End a connection at once, without what is still to be sent."""
    if not isinstance(transport, asyncio.Transport):
        return
    endpoint = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError):
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def heed_cancellation() -> None:
    """Stop where somebody has said so while the answer came.

    `wait_for`, by which pymodbus waits, forgets that in Python 3.11; the link would poll for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def forgive(framer: FramerBase) -> None:
    """Let a reply that cannot be read be no reply: the question then ends by its time-out.

    pymodbus 3.16.1 raises out of the transport: asyncio writes a traceback for each such reply.
    """
    strict = framer.handleFrame

    def handle(data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        try:
            return strict(data, exp_devid, exp_tid)
        except ModbusException:
            return len(data), None

    framer.handleFrame = handle  # type: ignore[method-assign]
