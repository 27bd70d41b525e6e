"""The hub's own dialect: what is understood, what is bad, and what is refused with which words."""

import msgspec
import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.dialects.lingdang import LingdangDriver, encode_command
from hub.errors import ProtocolError
from hub.model.command import Command, CommandState
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality, Report, Sample, Topic
from hub.ports import Envelope

NOW = 1_764_000_000.0
DRIVER = LingdangDriver(load_models(shipped_models()))


def device(model: str = "ld-barrier-gate") -> Device:
    return Device(
        uid=DeviceUid("u1"), id="g", address="g1", kind=Kind.BARRIER_GATE, model=model, place="p"
    )


def envelope(payload: bytes, word: str = "state", *, retained: bool = False) -> Envelope:
    return Envelope(
        link="mqtt", address=f"ld/gs/g1/{word}", payload=payload, received=NOW, retained=retained
    )


def decode(payload: bytes, word: str = "state", *, retained: bool = False) -> Report:
    reports = DRIVER.decode(envelope(payload, word, retained=retained), device())
    assert len(reports) == 1
    return reports[0]


def sample(text: bytes) -> Sample:
    return decode(b'{"points":{%s}}' % text).samples[0]


def test_a_state_gives_its_points_its_time_and_its_identity() -> None:
    report = decode(
        b'{"boot":"b7","seq":17,"ts":1763999990.5,"points":{"arm.position":"open","mode":"auto"}}',
        retained=True,
    )
    assert report == Report(
        address="g1",
        uid=device().uid,
        topic=Topic.STATE,
        at=1763999990.5,
        received=NOW,
        boot="b7",
        seq=17,
        retained=True,
        samples=(Sample("arm.position", "open"), Sample("mode", "auto")),
    )


def test_an_event_gives_its_name_and_data() -> None:
    report = decode(
        b'{"boot":"b7","seq":18,"ts":1764000000,"name":"opened.locally","data":{"by":"key"}}',
        "event",
    )
    assert (report.event, report.data, report.samples) == ("opened.locally", {"by": "key"}, ())


@pytest.mark.parametrize(("state", "online"), [("online", True), ("offline", False)])
def test_availability_tells_online_from_offline(state: str, online: bool) -> None:
    report = decode(b'{"boot":"b7","state":"%s"}' % state.encode(), "avail", retained=True)
    assert (report.online, report.boot, report.digest) == (online, "b7", "")


def test_an_answer_to_a_command_names_it() -> None:
    report = decode(b'{"id":"c1","result":"refused","why":"arm blocked"}', "ack")
    assert (report.ack, report.result, report.why) == ("c1", "refused", "arm blocked")


@pytest.mark.parametrize(
    ("ts", "at"),
    [
        ("1763999990", 1763999990.0),
        ("1763999990.25", 1763999990.25),
        ("1763999990250", 1763999990.25),
        ('"2025-11-24T15:59:50Z"', 1763999990.0),
        ('"2025-11-24T23:59:50+08:00"', 1763999990.0),
        ('"2025-11-24T23:59:50"', 1763999990.0),
        ("1764003600", 1764003600.0),
        ("1577836799", 1577836799.0),
        ("0", 0.0),
        ("null", NOW),
    ],
)
def test_a_time_is_read_in_every_form_as_the_device_says_it(ts: str, at: float) -> None:
    assert decode(b'{"ts":%s,"points":{}}' % ts.encode()).at == at


def test_without_a_time_arrival_counts() -> None:
    assert decode(b'{"points":{}}').at == NOW


def test_late_is_what_the_payload_says() -> None:
    assert decode(b'{"late":true,"points":{}}').late
    assert not decode(b'{"late":false,"points":{}}').late
    assert not decode(b'{"points":{}}').late


def test_a_message_without_a_number_is_known_by_its_time_and_content() -> None:
    first, again = (decode(b'{"ts":1764000000,"points":{"mode":"auto"}}') for _ in range(2))
    other = decode(b'{"ts":1764000001,"points":{"mode":"auto"}}')
    elsewhere = decode(b'{"ts":1764000000,"points":{"mode":"auto"}}', "telemetry")
    assert first.digest
    assert first.digest == again.digest
    assert len({first.digest, other.digest, elsewhere.digest}) == 3


def test_without_number_and_time_equal_messages_are_different_ones() -> None:
    assert decode(b'{"points":{"mode":"auto"}}').digest == ""


@pytest.mark.parametrize("front", [b"\x00", b"\xef\xbb\xbf", b"\x00\xef\xbb\xbf"])
def test_a_byte_order_mark_or_a_zero_byte_in_front_does_no_harm(front: bytes) -> None:
    assert decode(front + b'{"points":{"mode":"auto"}}').samples == (Sample("mode", "auto"),)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'"arm.position":"ajar"', id="a word outside the list"),
        pytest.param(b'"motor.temperature":151', id="above the range"),
        pytest.param(b'"motor.temperature":-40.5', id="below the range"),
        pytest.param(b'"motor.temperature":99999999999999999999', id="an integer beyond 2**63"),
        pytest.param(b'"motor.temperature":null', id="no value"),
        pytest.param(b'"fault.code":"E1\\u001b[2J"', id="control characters"),
    ],
)
def test_an_impossible_value_is_bad_and_never_zero(text: bytes) -> None:
    found = sample(text)
    assert (found.value, found.quality) == (None, Quality.BAD)


def test_a_bad_value_does_not_spoil_the_others() -> None:
    report = decode(b'{"points":{"arm.position":"ajar","mode":"auto"}}')
    assert [point.quality for point in report.samples] == [Quality.BAD, Quality.GOOD]


BAD = {
    "nothing": (b"", "truncated"),
    "no JSON": (b"hello", "JSON is malformed"),
    "a bare word": (b'"online"', "Expected `object`"),
    "an array": (b"[1]", "Expected `object`"),
    "half": (b'{"points":{"mode":"au', "truncated"),
    "two": (b'{"points":{}}{"points":{}}', "trailing characters"),
    "not UTF-8": (b'{"points":{"mode":"\xb5\xc0"}}', "utf-8"),
    "not UTF-8 in what is ignored": (b'{"points":{},"x":"\xb5"}', "utf-8"),
    "a lone surrogate": (b'{"points":{"mode":"\\ud800"}}', "truncated|surrogate"),
    "NaN": (b'{"points":{"motor.temperature":NaN}}', "malformed"),
    "infinity": (b'{"points":{"motor.temperature":Infinity}}', "malformed"),
    "beyond a float": (b'{"points":{"motor.temperature":1e999}}', "out of range"),
    "5000 digits": (b'{"points":{"motor.temperature":%s}}' % (b"9" * 5000), "out of range"),
    "too large": (b'{"points":{}}' + b" " * 65_536, "65549 bytes, more than 65536"),
    "no points": (b'{"boot":"b7"}', "missing required field `points`"),
    "points in a list": (b'{"points":[]}', "Expected `object`, got `array`"),
    "an object as a value": (b'{"points":{"mode":{}}}', "got `object`"),
    "a number for a word": (b'{"points":{"mode":1}}', "'mode' is a enum, but the message has 1"),
    "a word for a number": (b'{"points":{"motor.temperature":"21"}}', "is a number"),
    "a flag for a number": (b'{"points":{"motor.temperature":true}}', "is a number"),
    "a number for a flag": (b'{"points":{"loop.occupied":1}}', "is a bool"),
    "an unknown point": (b'{"points":{"arm.postion":"open"}}', "did you mean 'arm.position'"),
    "a point that the hub makes": (b'{"points":{"clock.offset":1}}', "no point 'clock.offset'"),
    "a negative number of order": (b'{"seq":-1,"points":{}}', ">= 0"),
    "a number of order beyond 2**63": (b'{"seq":9223372036854775808,"points":{}}', "<= 922"),
    "a broken number of order": (b'{"seq":1.5,"points":{}}', "Expected `int"),
    "a time that is none": (b'{"ts":"yesterday","points":{}}', "yesterday"),
    "a flag as a time": (b'{"ts":true,"points":{}}', "got `bool`"),
    "a time of 400 digits": (b'{"ts":%s,"points":{}}' % (b"9" * 400), "too large"),
    "a time before time": (b'{"ts":"0001-01-01T00:00:00+14:00","points":{}}', "out of range"),
    "a long boot": (b'{"boot":"%s","points":{}}' % (b"b" * 65), "length <= 64"),
    "a boot with control characters": (b'{"boot":"b\\n7","points":{}}', "control characters"),
    "a point twice": (b'{"points":{"mode":"auto","mode":"manual"}}', "'mode' twice"),
    "a key twice": (b'{"seq":1,"points":{},"seq":2}', "'seq' twice"),
    "a depth without end": (b'{"points":{},"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "deep"),
}


@pytest.mark.parametrize(("payload", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_understood_is_refused_with_a_sentence(payload: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as refusal:
        decode(payload)
    assert str(refusal.value).startswith("ld/gs/g1/state: ")


BAD_EVENTS = {
    "unknown": (b'{"name":"opened.localy"}', "did you mean 'opened.locally'"),
    "the hub's own": (b'{"name":"link.lost"}', "no event 'link.lost'"),
    "deep": (b'{"name":"opened.locally","data":{"a":%s1%s}}' % (b"[" * 9, b"]" * 9), "deep"),
    "huge": (b'{"name":"opened.locally","data":{"n":9223372036854775808}}', "beyond"),
    "control": (b'{"name":"opened.locally","data":{"by":"a\\nb"}}', "control characters"),
    "control in a key": (b'{"name":"opened.locally","data":{"a\\nb":1}}', "control characters"),
    "data twice": (b'{"name":"opened.locally","data":{"a":1,"a":2}}', "'a' twice"),
}


@pytest.mark.parametrize(("payload", "words"), BAD_EVENTS.values(), ids=BAD_EVENTS)
def test_an_event_that_cannot_be_true_is_refused(payload: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        decode(payload, "event")


@pytest.mark.parametrize(
    ("word", "payload"),
    [
        ("event", b'{"name":"opened.locally"}'),
        ("ack", b'{"id":"c1","result":"executed"}'),
    ],
)
def test_what_happened_once_is_refused_when_retained(word: str, payload: bytes) -> None:
    decode(payload, word)
    with pytest.raises(ProtocolError, match="it is retained"):
        decode(payload, word, retained=True)


@pytest.mark.parametrize(
    ("word", "payload"),
    [
        ("avail", b'{"state":"sleepy"}'),
        ("ack", b'{"id":"c1","result":"maybe"}'),
        ("ack", b'{"id":"c1\\n","result":"failed"}'),
        ("ack", b'{"id":"c1","result":"failed","why":"a\\u0000b"}'),
    ],
)
def test_words_outside_the_dialect_are_refused(word: str, payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(payload, word)


def test_the_address_is_the_third_word_of_the_topic() -> None:
    assert DRIVER.device_address(envelope(b"")) == "g1"


@pytest.mark.parametrize(
    "topic",
    ["", "ld/gs/g1", "ld/gs/g1/state/x", "xx/gs/g1/state", "ld/gs/g1/cmd", "ld/gs//state",
     "ld/gs/g 1/state", "ld/gs/" + "g" * 65 + "/state", "ld/gs/门/state", "\ufffd"],
)  # fmt: skip
def test_a_topic_outside_the_dialect_is_refused(topic: str) -> None:
    strange = msgspec.structs.replace(envelope(b"{}"), address=topic)
    with pytest.raises(ProtocolError):
        DRIVER.device_address(strange)


def test_a_register_block_is_not_this_dialect() -> None:
    with pytest.raises(ProtocolError, match="register block"):
        DRIVER.decode(msgspec.structs.replace(envelope(b""), payload=()), device())


def test_a_port_is_found_by_its_pattern() -> None:
    reports = DRIVER.decode(envelope(b'{"points":{"port.7.up":false}}'), device("ld-switch"))
    assert reports[0].samples == (Sample("port.7.up", False),)
    with pytest.raises(ProtocolError):
        DRIVER.decode(envelope(b'{"points":{"port.7.8.up":false}}'), device("ld-switch"))


def test_a_command_is_encoded_with_its_expiry_and_nobody_s_name() -> None:
    command = Command(
        id="c1", uid=DeviceUid("u1"), device="g", do="open", actor="li", reason="visitor",
        issued=NOW, expires=NOW + 5, state=CommandState.AUTHORISED,
    )  # fmt: skip
    word, payload = encode_command(command)
    assert word == "cmd"
    assert msgspec.json.decode(payload) == {
        "id": "c1", "do": "open", "issued": NOW, "expires": NOW + 5,
    }  # fmt: skip
