"""Talks to the broker for `lingdang doctor`: connections that leave nothing behind.

The topic is read by no session of the hub, so that a hub that runs notices nothing.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_drivers.links.mqtt_settings import HUB_ADDRESS, TlsSettings
from hub.commands.broker_profile import PROBE
from hub.errors import LinkError
from hub.settings import Settings

PATIENCE = 5.0
"""Seconds within which a broker answers."""
QUIET = 1.0
"""Seconds within which a message that is delivered at all has come."""
FIGURES = "$SYS/broker/"


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes to which door; without a user anonymously."""

    host: str
    port: int
    tls: TlsSettings | None
    five: bool = True
    client_id: str
    user: str = ""
    password: str = ""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub's user was told: figures of $SYS, the granted QoS, and its own message.

    `seconds` is the way there and back; None when the message did not come.
    """

    figures: dict[str, str]
    qos: int
    seconds: float | None


class Conversation:
    """One connection; made by `visiting`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.grants: queue.Queue[int] = queue.Queue()
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe

    def subscribe(self, *topics: str) -> int:
        """Subscribe with QoS 1, and return the lowest QoS that was granted; 128 is a refusal."""
        self.client.subscribe([(topic, 1) for topic in topics])
        try:
            return self.grants.get(timeout=PATIENCE)
        except queue.Empty:
            raise LinkError("the broker does not answer a subscription; look at its log") from None

    def listen(self, seconds: float, until: bytes = b"") -> Iterator[tuple[str, bytes]]:
        """Yield what comes within `seconds`, and stop after the payload `until`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                topic, payload = self.messages.get(timeout=left)
            except queue.Empty:
                return
            yield topic, payload
            if until and payload == until:
                return

    def _on_connect(
        self, _c: object, _u: object, _f: ConnectFlags, code: ReasonCode, _p: Properties | None
    ) -> None:
        self.answers.put(code)

    def _on_message(self, _c: object, _u: object, message: MQTTMessage) -> None:
        self.messages.put((message.topic, bytes(message.payload)))

    def _on_subscribe(
        self, _c: object, _u: object, _m: int, codes: list[ReasonCode], _p: Properties | None
    ) -> None:
        granted = [int(code.value) for code in codes]
        self.grants.put(128 if max(granted) >= 128 else min(granted))  # noqa: PLR2004 - refusals


@contextmanager
def visiting(visitor: Visitor) -> Iterator[Conversation]:
    """Connect with a session that ends with the block; LinkError when the broker refuses."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=visitor.client_id,
        clean_session=None if visitor.five else True,
        protocol=MQTTProtocolVersion.MQTTv5 if visitor.five else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    talk = Conversation(client)
    client.connect_timeout = PATIENCE
    if visitor.user:
        client.username_pw_set(visitor.user, visitor.password)
    where = f"{visitor.host}:{visitor.port}"
    try:
        if visitor.tls:
            client.tls_set_context(visitor.tls.context())
        client.connect(visitor.host, visitor.port, 30)
    except OSError as error:
        raise LinkError(f"{where} cannot be reached: {error}") from error
    client.loop_start()
    try:
        _greet(talk, where)
        yield talk
    finally:
        client.disconnect()
        client.loop_stop()
        # paho closes its last sockets when it is freed; a circle would leave that to chance.
        client.on_connect = client.on_message = client.on_subscribe = None


def _greet(talk: Conversation, where: str) -> None:
    try:
        code = talk.answers.get(timeout=PATIENCE)
    except queue.Empty:
        raise LinkError(f"{where} does not answer; is it an MQTT broker?") from None
    if code.is_failure:
        raise LinkError(f"{where} refuses: {code}")


def probe_topic(community: str) -> str:
    """Return the topic on which the doctor talks to itself."""
    return f"ld/{community}/{HUB_ADDRESS}/{PROBE}"


def hub_visitor(settings: Settings) -> Visitor | None:
    """Return the doctor as the hub's user, under a client id of its own; None without a broker."""
    mqtt = settings.mqtt
    if mqtt is None:
        return None
    return Visitor(
        host=mqtt.host,
        port=mqtt.port,
        tls=TlsSettings(ca_file=str(mqtt.ca_file or "")) if mqtt.tls else None,
        five=mqtt.protocol == 5,  # noqa: PLR2004 - the protocol's name
        client_id=f"{settings.community.id}-doctor",
        user=mqtt.username,
        password=mqtt.password,
    )


def examine(talk: Conversation, community: str) -> Heard:
    """Read the figures, and send a message to itself."""
    topic, token = probe_topic(community), str(time.monotonic_ns()).encode()
    qos = talk.subscribe(
        topic,
        f"{FIGURES}version",
        f"{FIGURES}publish/messages/dropped",
        f"{FIGURES}messages/stored",
        f"{FIGURES}clients/connected",
    )
    figures: dict[str, str] = {}
    began, arrived = time.monotonic(), None
    talk.client.publish(topic, token, qos=1)
    for name, payload in talk.listen(QUIET):
        if payload == token:
            arrived = time.monotonic() - began
        elif name.startswith(FIGURES):
            figures[name.removeprefix(FIGURES)] = payload.decode(errors="replace")
    return Heard(figures=figures, qos=qos, seconds=arrived)


def trespass(hub: Conversation, device: Conversation, community: str) -> tuple[bool, bool]:
    """Return whether a device's user can read, and write, what is the hub's."""
    topic = probe_topic(community)
    device.subscribe(topic)
    hub.client.publish(topic, b"to the hub alone", qos=1)
    reads = any(payload == b"to the hub alone" for _, payload in device.listen(QUIET))
    device.client.publish(topic, b"from a device", qos=1)
    writes = any(payload == b"from a device" for _, payload in hub.listen(QUIET))
    return reads, writes
