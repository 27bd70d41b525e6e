from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt._packet import decode_publish
from paho.mqtt.enums import MQTTProtocolVersion

from device_drivers.links.mqtt_publish import UNREADABLE, read_topic, take_publish

TOPIC = b"ld/test/gate-1/state"
PUBACK = b"\x40\x02\x00\x07"


def encode(
    topic: bytes = TOPIC,
    payload: bytes = b"{}",
    *,
    first: int = 0x32,
    packet_id: int = 7,
    properties: bytes | None = b"\x00",
) -> bytes:
    """Write a PUBLISH; `properties` is None in MQTT 3.1.1."""
    number = struct.pack("!H", packet_id) if first & 0x06 else b""
    body = struct.pack("!H", len(topic)) + topic + number + (properties or b"") + payload
    return bytes([first]) + encode_length(len(body)) + body


def encode_length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, byte = size >> 7, size & 0x7F
        out.append(byte | (0x80 if size else 0))
        if not size:
            return bytes(out)


@pytest.mark.parametrize("five", [True, False])
@given(
    topic=st.binary(min_size=1, max_size=200),
    payload=st.binary(max_size=400),
    packet_id=st.integers(1, 65535),
    flags=st.sampled_from([0, 1, 8, 9]),
    before=st.binary(max_size=20),
    qos=st.sampled_from([0, 1]),
)
def test_a_plain_message_is_what_paho_makes_of_it(
    topic: bytes, payload: bytes, packet_id: int, flags: int, before: bytes, qos: int, *, five: bool
) -> None:
    first = 0x30 | qos << 1 | flags
    properties = b"\x00" if five else None
    packet = encode(topic, payload, first=first, packet_id=packet_id, properties=properties)
    body = packet[2 if packet[1] < 0x80 else 3 :]
    version = MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311
    theirs = decode_publish(first, body, version)

    ours, end = take_publish(before + packet + PUBACK, len(before), five=five)

    assert ours is not None
    assert end == len(before) + len(packet)
    assert ours.topic == read_topic(theirs.topic)
    assert (ours.payload, ours.packet_id) == (theirs.payload, theirs.mid)
    assert ours.retained == theirs.retain


def test_packets_are_taken_one_after_the_other() -> None:
    data = encode(payload=b"1", packet_id=1) + encode(payload=b"2", packet_id=2)
    first, at = take_publish(data, 0, five=True)
    second, end = take_publish(data, at, five=True)
    assert first is not None
    assert second is not None
    assert (first.packet_id, second.packet_id, end) == (1, 2, len(data))


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param(b"\x02\x01\x01", id="known"),
        pytest.param(b"\x02\x7f\x00", id="unknown"),
        pytest.param(b"\x04\x03\x00\x01\xff", id="with text that is no UTF-8"),
        pytest.param(b"\xcb\x01" + b"\x26\x00\x01k\x00\xc5" + b"v" * 197, id="long"),
    ],
)
def test_properties_are_passed_over(properties: bytes) -> None:
    packet = encode(payload=b"x", properties=properties)
    message, end = take_publish(packet + PUBACK, 0, five=True)
    assert message is not None
    assert (message.payload, message.packet_id, end) == (b"x", 7, len(packet))


def test_a_topic_that_is_no_utf_8_leaves_the_payload_readable() -> None:
    message, _ = take_publish(encode(topic=b"ld/\xff", payload=b"x"), 0, five=True)
    assert message is not None
    assert (message.topic, message.payload) == (UNREADABLE, b"x")


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(PUBACK, id="another type"),
        pytest.param(encode(first=0x34), id="QoS 2"),
        pytest.param(encode(first=0x36), id="QoS 3"),
        pytest.param(encode(payload=b"", properties=b"\x05"), id="with properties beyond its end"),
        pytest.param(encode(topic=b"", properties=b"\x03\x23\x00\x01"), id="with an alias"),
        pytest.param(encode(topic=b""), id="without a topic"),
        pytest.param(b"\x32\x00", id="without a body"),
        pytest.param(b"\x32\x01\x00", id="with half a length"),
        pytest.param(b"\x32\x04\x00\xff\x00\x07", id="with a topic beyond its end"),
        pytest.param(b"\x32\x05\x00\x02ab\x07", id="without a packet id"),
        pytest.param(b"\x32\x06\x00\x02ab\x00\x07", id="without properties in MQTT 5"),
        pytest.param(b"\x32\xff\xff\xff\xff\x01", id="with an impossible length"),
    ],
)
def test_what_is_not_plain_is_left_to_paho(packet: bytes) -> None:
    assert take_publish(packet, 0, five=True) == (None, 0)


def test_half_a_packet_is_left_to_paho_wherever_it_is_cut() -> None:
    packet = encode(payload=b"x" * 300)
    for size in range(len(packet)):
        assert take_publish(packet[:size], 0, five=True) == (None, 0)
