"""paho-mqtt as the hub needs it: acknowledgements in one write, no reconnecting, no late sending.

paho's blocking calls run in a thread while dialling; afterwards the event loop drives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import msgspec
from paho.mqtt.client import ConnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_drivers.links.mqtt_publish import EagerReader
from device_drivers.links.mqtt_settings import MqttSettings
from hub.errors import LinkError, TakenOverError

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

DIAL_LIMIT = 5.0
"""Seconds for TCP and TLS to stand."""
FOREVER = 0xFFFFFFFF
PUBACK = 0x40
TAKEN_OVER = 0x8E


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How to connect: a lasting session with a window, or one that dies with its connection."""

    client_id: str
    lasting: bool
    window: int = 20


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker said to CONNECT, SUBSCRIBE or PUBLISH: its reason codes, as numbers."""

    codes: tuple[int, ...]
    words: str = ""
    session_present: bool = False


class PahoClient(EagerReader):
    """Adds to paho what a hub needs; the contract suite holds these uses of its inside."""

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Queue the acknowledgements as one piece, so that a batch costs one write."""
        frames = b"".join(struct.pack("!BBH", PUBACK, 2, each) for each in packet_ids)
        self._packet_queue(PUBACK, frames, 0, 1)

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
        """Have the loop write whenever something waits to be written."""

        def register(_c: object, _u: object, sock: SocketLike) -> None:
            loop.add_writer(sock, self.loop_write)

        def unregister(_c: object, _u: object, sock: SocketLike) -> None:
            loop.remove_writer(sock)

        self.on_socket_register_write = register
        self.on_socket_unregister_write = unregister

    def hold(self) -> None:
        """Keep the connection while nobody reads it: ping, and do not take silence for death."""
        self._send_pingreq()
        self._last_bytes_received = time.monotonic()

    def drop(self, *, reset: bool) -> None:
        """Close; what was not sent yet is never sent, and after a reset not even read.

        A broker that is reset right behind a goodbye may overlook the acknowledgements before it.
        """
        sock = self.socket()
        if reset and isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._out_packet.clear()
        self._sock_close()


class Consumer(Protocol):
    """Who takes the messages of a connection."""

    def receive(self, message: MQTTMessage) -> bool:
        """Take a message; False asks to stop reading until there is room."""
        ...

    async def room(self) -> None:
        """Return when there is room again."""
        ...


class Ear:
    """Notes what paho hears on one connection: answers, messages, the end."""

    def __init__(self, settings: MqttSettings, terms: Terms, consumer: Consumer) -> None:
        self.received = 0
        self.answers: dict[tuple[str, int], Answer] = {}
        self.end: LinkError | None = None
        self.stopped = False
        self.awake = asyncio.Event()
        self._settings = settings
        self._terms = terms
        self._consumer = consumer

    def listen_to(self, client: PahoClient) -> None:
        """Have the client tell everything here."""
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.deliver = self._hear
        client.on_disconnect = self._on_disconnect
        client.on_socket_close = self._on_socket_close

    def _on_connect(
        self, _c: object, _u: object, flags: ConnectFlags, code: ReasonCode, _p: object
    ) -> None:
        self.answers["connect", 0] = Answer(
            codes=(code.value,), words=str(code), session_present=flags.session_present
        )

    def _on_subscribe(
        self, _c: object, _u: object, mid: int, codes: list[ReasonCode], _p: object
    ) -> None:
        words = ", ".join(map(str, codes))
        self.answers["subscribe", mid] = Answer(
            codes=tuple(code.value for code in codes), words=words
        )

    def _on_publish(self, _c: object, _u: object, mid: int, code: ReasonCode, _p: object) -> None:
        self.answers["publish", mid] = Answer(codes=(code.value,), words=str(code))

    def _on_message(self, _c: object, _u: object, message: MQTTMessage) -> None:
        self._hear(message)

    def _hear(self, message: MQTTMessage) -> None:
        self.received += 1
        self.stopped = not self._consumer.receive(message)

    def _on_disconnect(
        self, _c: object, _u: object, _flags: object, code: ReasonCode, _p: object
    ) -> None:
        self.end = self.end or _name_end(code, self._settings, self._terms)

    def _on_socket_close(self, _c: object, _u: object, sock: SocketLike) -> None:
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(sock)
        self.awake.set()


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


def _name_end(code: ReasonCode, settings: MqttSettings, terms: Terms) -> LinkError:
    if code.value == TAKEN_OVER:
        return TakenOverError(
            f"another hub has taken over the session {terms.client_id} at {settings.broker}; "
            "stop one of the two"
        )
    return LinkError(
        f"the connection to the broker at {settings.broker} was lost ({code}); "
        "check the broker and the network"
    )
