"""The platform that GB/T 28181 devices register with: SIP over UDP and TCP, for status alone.

Answers go to where a packet came from, since addresses inside of messages lie behind routers. The
hub asks each registered device for its catalogue and its status; it never asks for pictures.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Literal

import msgspec

from device_drivers.codecs.manscdp import write_notice, write_query
from device_drivers.codecs.sip import LONGEST, Route, frame_length, read_message, write_request
from device_drivers.links.callers import Callers
from device_drivers.links.registrar import Registrar, RegistrarSettings, Source
from hub.clock import Clock
from hub.errors import LinkError, ProtocolError
from hub.ports import Envelope, Inbox, LinkWatch

QUESTIONS = ("Catalog", "DeviceStatus")
MOST_CALLERS = 512
IDLE_SECONDS = 300.0
"""How long a TCP connection may say nothing: a keepalive comes each minute."""
MOST_WAITING = 256 * 1024
"""Bytes that wait to be sent to one device before its connection is ended."""
Transport = Literal["UDP", "TCP"]


class Gb28181Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens, as whom, and how often it asks (seconds)."""

    name: str
    host: str
    port: int
    registrar: RegistrarSettings
    period: float = 300.0


class Gb28181Link:
    """Implements `hub.ports.Link` for one platform; `devices` are the ids of its books."""

    def __init__(
        self,
        settings: Gb28181Settings,
        devices: Collection[str],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
    ) -> None:
        self.name = settings.name
        self.registrar = Registrar(settings.registrar, devices)
        self._settings = settings
        self._inbox = inbox
        self._watch = watch
        self._clock = clock
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: dict[Source, asyncio.StreamWriter] = {}
        self._callers = Callers(self._converse, most=MOST_CALLERS, what="a GB/T 28181 device")
        self._number = 0

    async def run(self) -> None:
        """Serve and ask until the task is cancelled; LinkError where the port cannot be had."""
        host, port = self._settings.host, self._settings.port
        try:
            async with self._listening():
                self._watch.link_up(self.name, resumed=True)
                self._watch.link_caught_up(self.name)
                while True:
                    await self._clock.sleep(self._settings.period)
                    self._ask_all()
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise LinkError(
                f"{self.name}: cannot listen on {host} port {port}: {why}; "
                "stop the program that uses the port, or choose another"
            ) from error

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Nothing to do: what a device is it says again."""

    def prove(self) -> None:
        """Nothing to do: a device keeps alive, or is found silent."""

    def read_again(self) -> None:
        """Ask every device anew."""
        self._ask_all()

    def take(self, raw: bytes, source: Source, transport: Transport) -> bytes:
        """Take one message, and return what it is answered; nothing for what is no SIP."""
        if self._inbox.is_full():
            # It is sent again; what is answered would be lost.
            return b""
        try:
            message = read_message(raw)
        except ProtocolError:
            return b""
        taken = self.registrar.take(message, source, transport, self._clock.now())
        for notice in taken.notices:
            self._offer(notice.device, write_notice(notice))
        if taken.strange:
            self._offer("", taken.strange)
        if taken.registered:
            self._ask(taken.registered)
        return taken.answer

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        host, port = self._settings.host, self._settings.port
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(lambda: _Ear(self), (host, port))
        self._udp = udp
        try:
            async with self._callers.heard(host, port):
                yield
        finally:
            udp.close()
            self._udp = None

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source: Source = writer.get_extra_info("peername")[:2]
        self._tcp[source] = writer
        with contextlib.closing(writer), contextlib.suppress(OSError, ProtocolError):
            waiting = b""
            while part := await self._read(reader):
                # Between messages stand empty lines that keep the way open.
                waiting = (waiting + part).lstrip(b"\r\n")
                while (length := frame_length(waiting)) is not None:
                    answer = self.take(waiting[:length], source, "TCP")
                    waiting = waiting[length:].lstrip(b"\r\n")
                    self._send(answer, source, "TCP")
                await writer.drain()
        self._tcp.pop(source, None)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(IDLE_SECONDS):
            return await reader.read(LONGEST)

    def send(self, raw: bytes, source: Source) -> None:
        """Send by UDP."""
        if raw and self._udp is not None:
            self._udp.sendto(raw, source)

    def _send(self, raw: bytes, source: Source, transport: Transport) -> None:
        if transport == "UDP":
            self.send(raw, source)
            return
        writer = self._tcp.get(source)
        if raw and writer is not None:
            writer.write(raw)
            if writer.transport.get_write_buffer_size() > MOST_WAITING:
                writer.transport.abort()

    def _ask_all(self) -> None:
        now = self._clock.now()
        for device, known in list(self.registrar.registered.items()):
            if known.until < now:
                del self.registrar.registered[device]
            else:
                self._ask(device)

    def _ask(self, device: str) -> None:
        """Send both questions; nobody waits for the answers, which are asked for again."""
        known, own = self.registrar.registered[device], self._settings.registrar
        host = self._settings.host.strip("[]")
        route = Route(own.id, own.domain, device, known.transport, host, self._settings.port)
        for kind in QUESTIONS:
            self._number += 1
            body = write_query(kind, self._number, device)
            raw = write_request(route, self._number, secrets.token_hex(12), body)
            self._send(raw, known.source, known.transport)

    def _offer(self, address: str, payload: bytes) -> None:
        self._inbox.offer(
            Envelope(link=self.name, address=address, payload=payload, received=self._clock.now())
        )


class _Ear(asyncio.DatagramProtocol):
    """Passes datagrams to the link, and its answers back."""

    def __init__(self, link: Gb28181Link) -> None:
        self._link = link

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one message."""
        source = addr[:2]
        self._link.send(self._link.take(data, source, "UDP"), source)
