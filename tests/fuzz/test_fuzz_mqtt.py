"""Damaged bytes from a broker: the fast client hears messages or ends its connection, in words."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("mqtt5", reason="needs the extra `fast`")

from device_drivers.links.mqtt_codec import hear_packets
from device_drivers.links.mqtt_ear import Ear, Terms
from device_drivers.links.mqtt_publish import take_publish
from device_drivers.links.mqtt_settings import MqttSettings
from tests.contract.mqtt_broker import CONNACK, DISCONNECT_TAKEN_OVER, message
from tests.fuzz.mutation import SEED, damage, is_enough, times

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

STREAMS = 200_000
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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_damaged_packets_are_heard_or_end_the_connection_with_a_reason() -> None:
    counts: Counter[str] = Counter()
    settings, terms = (
        MqttSettings(host="broker", community="gs"),
        Terms(client_id="c", lasting=True),
    )
    for data in damage(GOOD, WORDS, STREAMS):
        sink = Sink()
        ear = Ear(settings, terms, sink)
        rest, waits = data, False
        while rest and not waits and ear.end is None:
            left, waits = hear_packets(ear, rest)
            assert len(left) < len(rest) or waits or ear.end, data.hex()
            rest = left
        counts["messages"] += sink.heard
        counts["ended" if ear.end else "open"] += 1
        if ear.end:
            assert "broker" in str(ear.end)
    print(f"\nseed {SEED}: {len(times(STREAMS)):,} streams of MQTT 5: {dict(counts)}")
    assert is_enough(min(counts[each] for each in ("messages", "open", "ended")), STREAMS // 20)


@pytest.mark.parametrize("five", [True, False])
def test_the_short_way_of_paho_takes_whole_messages_and_leaves_the_rest(*, five: bool) -> None:
    taken = 0
    for data in damage(GOOD, WORDS, STREAMS):
        at = 0
        while True:
            plain, end = take_publish(data, at, five=five)
            if plain is None:
                assert end == at
                break
            assert at < end <= len(data), data.hex()
            assert plain.payload in data[at:end]
            taken, at = taken + 1, end
    print(f"\nseed {SEED}: {taken:,} messages taken from damaged streams")
    assert is_enough(taken, STREAMS // 20)
