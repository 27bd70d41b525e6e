"""`python -m simulators.embedded_broker HOST PORT LOGIN_FILE`: the broker of the iotcore wheel.

It speaks MQTT 3.1.1 and MQTT 5 on different ports; a porter in front of them reads the version
from each CONNECT and leads the guest to the right one, so that people need one address only.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import tempfile
from pathlib import Path

from iotcore.iotcore import IotCoreBroker

VERSION_5 = 5
LONGEST_LENGTH = 4
"""Bytes that an MQTT packet's length may take."""
FRAME_BYTES = 65_536
LISTENER = """
[v{version}.1]
name = "v{version}"
listen = "{host}:{port}"
next_connection_delay_ms = 1
    [v{version}.1.connections]
    connection_timeout_ms = 60000
    max_payload_size = 1048576
    max_inflight_count = 1000
    dynamic_filters = true
    [v{version}.1.connections.auth]
    "{user}" = "{password}"
"""
ROUTER = """
id = 0
[router]
id = 0
max_connections = 20000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
"""


def main() -> None:
    """Run until killed."""
    # rumqttd traces every packet as an error.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    host, port, login = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_text()
    user, _, password = login.partition(":")
    doors = {version: _free_port(host) for version in (4, VERSION_5)}
    text = ROUTER + "".join(
        LISTENER.format(version=version, host=host, port=door, user=user, password=password)
        for version, door in doors.items()
    )
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write(text)
        config.flush()
        IotCoreBroker(config_path=config.name).start()
        asyncio.run(Porter(host, doors).serve(port))


class Porter:
    """Leads each guest to the listener that speaks its version of the protocol."""

    def __init__(self, host: str, doors: dict[int, int]) -> None:
        self._host = host
        self._doors = doors

    async def serve(self, port: int) -> None:
        """Receive guests until cancelled."""
        server = await asyncio.start_server(self._receive, self._host, port)
        async with server:
            await server.serve_forever()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            opening, version = await read_opening(reader)
            door = self._doors[VERSION_5 if version == VERSION_5 else 4]
            inner_reader, inner_writer = await asyncio.open_connection(self._host, door)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return
        inner_writer.write(opening)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def read_opening(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    """Read a CONNECT as far as its protocol level; return those bytes and the level.

    Raises asyncio.IncompleteReadError when the guest leaves before.
    """
    opening = await reader.readexactly(2)
    while opening[-1] & 0x80 and len(opening) <= LONGEST_LENGTH:
        opening += await reader.readexactly(1)
    opening += await reader.readexactly(2)
    name = int.from_bytes(opening[-2:])
    opening += await reader.readexactly(min(name, 6) + 1)
    return opening, opening[-1]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until either side hangs up, then hang up the other."""
    try:
        while data := await reader.read(FRAME_BYTES):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
