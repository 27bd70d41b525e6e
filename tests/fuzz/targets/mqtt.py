"""Bytes from a broker: messages are heard, or the connection ends, in words."""

from __future__ import annotations

from collections import Counter

from device_drivers.links.mqtt_codec import hear_packets
from device_drivers.links.mqtt_ear import Ear, Terms
from device_drivers.links.mqtt_publish import take_publish
from device_drivers.links.mqtt_settings import MqttSettings
from tests.contract.mqtt_broker import CONNACK, DISCONNECT_TAKEN_OVER, message
from tests.fuzz.target import Target

GOOD = (
    CONNACK,
    CONNACK + message(1, b'{"points":{}}'),
    message(1, b"a") + message(2, b"\xff" * 200) + message(3, b""),
    message(7, b"x" * 130) + DISCONNECT_TAKEN_OVER,
    b"\x90\x04\x00\x01\x00\x01",
    b"\x40\x02\x00\x01",
    b"\xd0\x00",
)
WORDS = (
    b"\xff\xff\xff\x7f",
    b"\x80\x80\x80\x80\x01",
    b"\x00\x00",
    b"\x32",
    b"\x30\x00",
    b"\xe0\x02\x8e\x00",
    b"\xc3\x28",
)
_settings = MqttSettings(host="broker", community="gs")
_terms = Terms(client_id="c", lasting=True)


class Sink:
    """Takes everything; the codec's panics at bad text are printed and taken past it (ADR 0009)."""

    def __init__(self) -> None:
        self.heard = 0

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        topic.encode()
        assert isinstance(payload, bytes)
        assert 0 <= packet_id <= 0xFFFF
        self.heard += 1
        return True

    async def room(self) -> None:
        return


def hear(data: bytes) -> Counter[str]:
    """Count the messages that were heard, and whether the connection is open or ended then."""
    sink = Sink()
    ear = Ear(_settings, _terms, sink)
    rest, waits = data, False
    while rest and not waits and ear.end is None:
        left, waits = hear_packets(ear, rest)
        assert len(left) < len(rest) or waits or ear.end, data.hex()
        rest = left
    if ear.end:
        assert "broker" in str(ear.end)
    return Counter({"messages": sink.heard, "ended" if ear.end else "open": 1})


def check_stream(data: bytes) -> str:
    """Say how the connection stands behind what came."""
    return "ended" if hear(data)["ended"] else "open"


def take(data: bytes, *, five: bool) -> int:
    """Return how many messages the short way takes; each is a piece of what came."""
    taken = at = 0
    while True:
        plain, end = take_publish(data, at, five=five)
        if plain is None:
            assert end == at
            return taken
        assert at < end <= len(data), data.hex()
        assert plain.payload in data[at:end]
        taken, at = taken + 1, end


def check_short_way(data: bytes) -> str:
    """Say whether a message was taken, of either version of the protocol."""
    return "taken" if take(data, five=True) + take(data, five=False) else "left"


TARGETS = {
    "mqtt-codec": Target(GOOD, WORDS, check_stream),
    "mqtt-publish": Target(GOOD, WORDS, check_short_way),
}
