"""What brokers do to the devices of a case: they restart, lose sessions, and keep old wills."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import aiomqtt

from device_drivers.links.mqtt_settings import Session
from simulators.demo_files import HOST
from tests.acceptance.cases.estate import Estate


async def lose_sessions(estate: Estate) -> None:
    """Have the broker forget the hub's sessions, as one does that has died; retained stays."""
    for session in Session:
        async with aiomqtt.Client(
            HOST,
            estate.mqtt_port,
            identifier=f"{estate.community}-{session.value}",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
        ):
            pass


@contextlib.asynccontextmanager
async def connected_with_will(
    estate: Estate, client_id: str, topic: str, payload: bytes
) -> AsyncIterator[asyncio.StreamWriter]:
    """Hold a device's connection, with its retained will; aborting the writer lets it come."""
    reader, writer = await asyncio.open_connection(HOST, estate.mqtt_port)
    words = (client_id.encode(), f"ld/{estate.community}/{topic}".encode(), payload)
    body = b"\x00\x04MQTT\x04\x2e\x00\x3c" + b"".join(
        struct.pack(">H", len(word)) + word for word in words
    )
    writer.write(b"\x10" + bytes((len(body) % 128 | 0x80, len(body) // 128)) + body)
    assert (await reader.readexactly(4))[3] == 0, "the broker has refused the device"
    try:
        yield writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
