"""What the fast client makes of bytes, however they come."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from device_drivers.links.mqtt_codec import hear_packets
from device_drivers.links.mqtt_ear import WELCOME, Ear, Terms
from device_drivers.links.mqtt_fast import FastWire
from device_drivers.links.mqtt_settings import MqttSettings
from hub.errors import TakenOverError
from tests.contract.mqtt_broker import CONNACK, DISCONNECT_TAKEN_OVER, message

SETTINGS = MqttSettings(host="broker", community="gs")
TERMS = Terms(client_id="gs-state", lasting=True)


class Pocket:
    """A consumer that has room for `limit` messages."""

    def __init__(self, limit: int = 1000) -> None:
        self.heard: list[tuple[bytes, int]] = []
        self._limit = limit

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        self.heard.append((payload, packet_id))
        return len(self.heard) < self._limit

    async def room(self) -> None:
        return


@given(
    payloads=st.lists(st.binary(max_size=100), max_size=8),
    cuts=st.lists(st.integers(0, 1200), max_size=8),
)
def test_messages_are_the_same_wherever_the_bytes_are_cut(
    payloads: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(message(number + 1, payload) for number, payload in enumerate(payloads))
    pocket, rest = Pocket(), b""
    ear = Ear(SETTINGS, TERMS, pocket)
    borders = [0, *sorted(cuts), len(data)]
    for start, end in itertools.pairwise(borders):
        rest, is_read = hear_packets(ear, rest + data[start:end])
        assert is_read
    assert rest == b""
    assert pocket.heard == [(payload, number + 1) for number, payload in enumerate(payloads)]


def test_what_has_no_room_is_kept_and_heard_later() -> None:
    pocket = Pocket(limit=1)
    ear = Ear(SETTINGS, TERMS, pocket)
    rest, is_read = hear_packets(ear, message(1, b"a") + message(2, b"b"))
    assert (rest, is_read, pocket.heard) == (message(2, b"b"), False, [(b"a", 1)])
    ear.stopped = False
    assert hear_packets(ear, rest) == (b"", False)
    assert pocket.heard == [(b"a", 1), (b"b", 2)]


def test_nothing_is_heard_behind_an_answer_until_it_was_acted_upon() -> None:
    pocket = Pocket()
    ear = Ear(SETTINGS, TERMS, pocket)
    rest, is_read = hear_packets(ear, CONNACK + message(1, b"a"))
    assert (rest, is_read, pocket.heard) == (message(1, b"a"), False, [])
    assert ear.answers[WELCOME].codes == (0,)


async def test_what_came_before_the_end_of_the_line_is_heard_before_it() -> None:
    pocket = Pocket()
    ear = Ear(SETTINGS, TERMS, pocket)
    wire = FastWire(ear)
    wire._pipe.data_received(CONNACK + message(1, b"a") + DISCONNECT_TAKEN_OVER)
    wire._pipe.connection_lost(None)
    while ear.end is None:
        wire.read()
    assert pocket.heard == [(b"a", 1)]
    assert isinstance(ear.end, TakenOverError)
