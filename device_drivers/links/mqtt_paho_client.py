"""paho-mqtt as the hub needs it: acknowledgements in one write, nothing sent late."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from paho.mqtt.client import MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_drivers.links.mqtt_connection import (
    DIAL_LIMIT,
    GOODBYE,
    PUBACK,
    RESET,
    pack_acknowledgements,
)
from device_drivers.links.mqtt_ear import FOREVER, Terms
from device_drivers.links.mqtt_publish import READ_AHEAD, EagerReader
from device_drivers.links.mqtt_settings import MqttSettings

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike


class PahoClient(EagerReader):
    """Adds to paho what a hub needs; the contract suite holds these uses of its inside."""

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Queue the acknowledgements as one piece, so that a batch costs one write."""
        self._packet_queue(PUBACK, pack_acknowledgements(packet_ids), 0, 1)

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """Shake hands; unlike paho, close the socket when that fails."""
        context = self._ssl_context or ssl.create_default_context()
        wrapped = context.wrap_socket(
            tcp_sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        wrapped.settimeout(self.connect_timeout)
        try:
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped

    def write_by(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the loop write what waits to be written: soon, and again when there is room."""

        def write(number: int) -> None:
            self.loop_write()
            if self.want_write() and self.socket() is not None:
                loop.add_writer(number, self.loop_write)

        def register(_c: object, _u: object, sock: SocketLike) -> None:
            loop.call_soon(write, sock.fileno())

        def unregister(_c: object, _u: object, sock: SocketLike) -> None:
            loop.remove_writer(sock)

        self.on_socket_register_write = register
        self.on_socket_unregister_write = unregister

    def hold(self) -> None:
        """Ping, and do not take silence for death."""
        self._send_pingreq()
        self._last_bytes_received = time.monotonic()

    def say_goodbye(self) -> None:
        """Send a DISCONNECT behind all that waits; unlike paho's, it leaves the socket open."""
        self._packet_queue(PUBACK, GOODBYE, 0, 1)
        self.loop_write()

    def has_hung_up(self) -> bool:
        """Throw away what has come, and tell whether the broker has closed its side."""
        sock = self.socket()
        try:
            while sock is not None and sock.recv(READ_AHEAD):
                pass
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True

    def drop(self) -> None:
        """Close with a reset; what was not sent yet is never sent, and not even read."""
        sock = self.socket()
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._out_packet.clear()
        self._sock_close()


def build_client(settings: MqttSettings, terms: Terms) -> PahoClient:
    """Make a client for one connection."""
    five = settings.protocol == "5"
    client = PahoClient(
        CallbackAPIVersion.VERSION2,
        client_id=terms.client_id,
        clean_session=None if five else not terms.lasting,
        protocol=MQTTv5 if five else MQTTv311,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    client.connect_timeout = DIAL_LIMIT
    if settings.username:
        client.username_pw_set(settings.username, settings.password)
    if terms.will is not None:
        client.will_set(*terms.will, qos=1, retain=True)
    return client


def make_properties(packet: int, **values: int) -> Properties:
    """Make MQTT 5 properties by their names in the standard."""
    properties = Properties(packet)  # type: ignore[no-untyped-call] # paho leaves it untyped
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def dial(client: PahoClient, settings: MqttSettings, terms: Terms) -> None:
    """Connect, blocking; raises OSError when the broker cannot be reached."""
    if settings.tls is not None:
        client.tls_set_context(settings.tls.context())
    where = settings.host, settings.port, settings.keepalive
    if settings.protocol != "5":
        client.connect(*where)
        return
    properties = make_properties(
        PacketTypes.CONNECT,
        SessionExpiryInterval=FOREVER if terms.lasting else 0,
        ReceiveMaximum=terms.window,
    )
    client.connect(*where, clean_start=not terms.lasting, properties=properties)
