"""MQTT 5 by the codec `mqtt5`; the only module that knows it (docs/adr/0009).

The codec panics at text that is no UTF-8, which any device can send through a broker that does not
look. Such a message is taken past it: it must be stored, or it comes again with each connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PingReqPacket,
    PubAckPacket,
    PublishPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    Will,
    read,
)

from device_drivers.links.mqtt_ear import FOREVER, WELCOME, Answer, Ear, Terms
from device_drivers.links.mqtt_publish import take_publish

PING = PingReqPacket().write()
OLD_BROKER = b"\x20\x02\x00\x01"
"""How a broker that only knows MQTT 3.1.1 says so; in MQTT 5 it is not a packet."""


def write_connect(ear: Ear) -> bytes:
    """Write the CONNECT of these settings and terms."""
    settings, terms = ear.settings, ear.terms
    return ConnectPacket(
        terms.client_id,
        username=settings.username or None,
        password=settings.password.encode() if settings.username else None,
        clean_start=not terms.lasting,
        keep_alive=settings.keepalive,
        session_expiry_interval=FOREVER if terms.lasting else 0,
        receive_max=terms.window,
        will=_will(terms),
    ).write()


def _will(terms: Terms) -> Will | None:
    if terms.will is None:
        return None
    topic, payload = terms.will
    return Will(topic, payload=payload, qos=QoS.AT_LEAST_ONCE, retain=True)


def write_subscribe(packet_id: int, filters: Sequence[str], *, again: bool = False) -> bytes:
    """Write a SUBSCRIBE with QoS 1; only what was kept before is sent as retained.

    It is sent to a new subscription, or whenever that is made `again`.
    """
    handling = RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
    if again:
        handling = RetainHandling.SEND_ALWAYS
    options = [
        TopicFilter(
            each,
            max_qos=QoS.AT_LEAST_ONCE,
            retain_as_published=False,
            retain_handling=handling,
        )
        for each in filters
    ]
    return SubscribePacket(packet_id, options).write()


def write_publish(
    packet_id: int, topic: str, payload: bytes, *, expiry: int, retain: bool
) -> bytes:
    """Write a PUBLISH of QoS 1; `expiry` in seconds, 0 is none."""
    return PublishPacket(
        topic,
        payload,
        qos=QoS.AT_LEAST_ONCE,
        retain=retain,
        packet_id=packet_id,
        message_expiry_interval=expiry or None,
    ).write()


def hear_packets(ear: Ear, data: bytes) -> tuple[bytes, bool]:
    """Tell the ear the packets, and return what is left, and whether that is less than a packet.

    It ends at an answer, so that whoever waits for it acts before the messages behind it come,
    and where the ear stops.
    """
    view, at = memoryview(data), 0
    while not ear.stopped and ear.end is None:
        try:
            packet, size = _decode(view[at:])
        except ValueError as error:
            _mishear(ear, data[at:], str(error))
            break
        if packet is None:
            return data[at:], True
        at += size
        if type(packet) is not PublishPacket:
            _note(ear, packet)
            break
        packet_id = packet.packet_id or 0
        ear.hear(packet.topic, packet.payload, packet_id, retained=packet.retain)
    return data[at:], False


def _decode(view: memoryview) -> tuple[Packet | None, int]:
    """Return a packet and its size, or (None, 0) when it is not whole yet.

    Raises ValueError for what is no packet of MQTT 5.
    """
    try:
        return read(view)
    except IndexError:
        return None, 0
    except ValueError as error:
        return _salvage(view, error)
    except BaseException as error:
        # A panic of the codec is no Exception, and its type cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        return _salvage(view, error)


def _salvage(view: memoryview, error: BaseException) -> tuple[Packet, int]:
    """Return a message that the codec cannot read; raises ValueError for other packets."""
    message, size = take_publish(bytes(view), 0, five=True)
    if message is None:
        raise ValueError(str(error)) from error
    packet = PublishPacket(
        message.topic,
        message.payload,
        qos=QoS.AT_LEAST_ONCE if message.packet_id else QoS.AT_MOST_ONCE,
        retain=message.retained,
        packet_id=message.packet_id or None,
    )
    return packet, size


def _mishear(ear: Ear, data: bytes, why: str) -> None:
    """Note that the other side does not speak MQTT 5."""
    if data.startswith(OLD_BROKER):
        code = ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION
        ear.answers[WELCOME] = Answer(codes=(int(code),), words=_say(code))
    ear.lose(f"what it sent is not MQTT 5: {why}")


def _note(ear: Ear, packet: Packet) -> None:
    """Tell the ear an answer of the broker, or its goodbye; pings are answered by coming."""
    match packet:
        case ConnAckPacket(reason_code=code):
            ear.answers[WELCOME] = Answer(
                codes=(int(code),),
                words=_say(code, packet.reason_str),
                session_present=packet.session_present,
                keepalive=packet.server_keep_alive or 0,
            )
        case SubAckPacket(reason_codes=codes):
            words = ", ".join(map(_say, codes))
            ear.answers["subscribe", packet.packet_id] = Answer(
                codes=tuple(map(int, codes)), words=words
            )
        case PubAckPacket(reason_code=code):
            words = _say(code, packet.reason_str)
            ear.answers["publish", packet.packet_id] = Answer(codes=(int(code),), words=words)
        case DisconnectPacket(reason_code=code):
            ear.lose(_say(code, packet.reason_str), int(code))


def _say(code: IntEnum, reason: str | None = None) -> str:
    """Write a reason code in words, with what the broker says about it."""
    words = code.name.replace("_", " ").capitalize()
    return f"{words}: {reason}" if reason else words
