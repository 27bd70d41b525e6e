"""GB/T 28181 without a socket: messages, notices, and whom the registrar lets in."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from device_drivers.catalogue import load_models, shipped_models
from device_drivers.codecs.digest import Challenge, Login, Request, answer
from device_drivers.codecs.manscdp import (
    GOODBYE,
    Notice,
    read_manscdp,
    read_notices,
    write_notice,
    write_query,
)
from device_drivers.codecs.sip import (
    LONGEST_HEAD,
    Message,
    expires_of,
    frame_length,
    read_message,
    write_answer,
)
from device_drivers.dialects.gb28181 import Gb28181Driver
from device_drivers.links.registrar import Registrar, RegistrarSettings, Taken
from hub.errors import ProtocolError
from hub.model.device import Device, DeviceUid
from hub.model.report import Report
from hub.ports import Envelope, Registers

FIXTURES = Path(__file__).parents[2] / "fixtures" / "devices" / "gb28181"
MODELS = load_models(shipped_models())
DRIVER = Gb28181Driver(MODELS)
NVR, CHANNEL, OTHER = "34020000001180000001", "34020000001310000001", "34020000001310000009"
CAMERA = "34020000001320000001"
OWN = RegistrarSettings(id="34020000002000000001", domain="3402000000", password="123456")
COUNT = itertools.count()
HERE, ELSEWHERE = ("10.0.0.9", 5060), ("10.9.9.9", 5060)


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def decode(payload: bytes, model: str, address: str = NVR) -> list[Report]:
    device = Device(
        uid=DeviceUid("u"),
        id="device",
        address=address,
        kind=MODELS[model].kind,
        model=model,
        place="p",
    )
    return list(
        DRIVER.decode(Envelope(link="gb", address=address, payload=payload, received=1e9), device)
    )


def said(notice: Notice, model: str) -> list[object]:
    return [
        report.event or {s.point: s.value for s in report.samples} or report.online
        for report in decode(write_notice(notice), model, notice.device)
    ]


@pytest.mark.parametrize(
    ("notice", "model", "facts"),
    [
        (Notice(kind="Keepalive", device=NVR, status="OK"), "gb28181-recorder", [{"online": True}]),
        (Notice(kind="Register", device=NVR), "gb28181-recorder", [{"online": True}]),
        (Notice(kind=GOODBYE, device=NVR), "gb28181-recorder", [False]),
        (Notice(kind="Catalog", device=CHANNEL, status="OFF"), "gb28181-channel",
         [{"online": False}]),
        (Notice(kind="Catalog", device=CHANNEL, status="UPDATE"), "gb28181-channel", [True]),
        (Notice(kind="DeviceStatus", device=NVR, online="ONLINE", record="OFF"),
         "gb28181-recorder", [{"online": True, "recording": False}]),
        (Notice(kind="DeviceStatus", device=NVR, online="OFFLINE"), "gb28181-recorder",
         [{"online": False}]),
        (Notice(kind="Alarm", device=CHANNEL, method=2, type=1), "gb28181-channel", ["video.lost"]),
        (Notice(kind="Alarm", device=NVR, method=6, type=1), "gb28181-recorder",
         [{"disk.ok": False}]),
        (Notice(kind="Alarm", device=NVR, method=5, type=2), "gb28181-recorder", [True]),
    ],
)  # fmt: skip
def test_a_notice_says_how_a_device_is(notice: Notice, model: str, facts: list[object]) -> None:
    assert said(notice, model) == facts


def test_published_messages_are_read_without_names_and_places() -> None:
    assert read_manscdp(fixture("keepalive.xml")).notices == [
        Notice(kind="Keepalive", device=CAMERA, status="OK")
    ]
    (item,) = read_manscdp(fixture("catalog.xml")).notices
    assert item == Notice(kind="Catalog", device=CHANNEL, status="ON")
    assert b"Address" not in write_notice(item)
    (alarm,) = read_manscdp(fixture("alarm.xml")).notices
    assert (alarm.method, alarm.type, alarm.device[10:13]) == (2, 1, "134")
    assert decode(fixture("catalog.xml"), "gb28181-channel", CHANNEL)[0].samples[0].value is True
    assert decode(fixture("catalog.xml"), "gb28181-channel", OTHER) == []
    nobody = Envelope(link="l", address="1", payload=fixture("catalog.xml"), received=1.0)
    assert DRIVER.device_address(nobody) == CHANNEL


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_catalogue_declares_one_encoding_and_comes_in_another(encoding: str) -> None:
    raw = fixture("catalog.xml").decode().replace("1号楼大堂", "1号楼 & 大堂").encode(encoding)
    assert len(read_manscdp(raw).notices) == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no XML"),
        (write_query("Catalog", 1, NVR), "says nothing of a device"),
        (b"<Notify><CmdType>Alarm</CmdType></Notify>", "DeviceID is ''"),
        (b"<Notify><DeviceID>34020000001320000001</DeviceID></Notify>", "says nothing"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><Notify/>", "DOCTYPE"),
        (b'{"kind":1}', "no notice"),
    ],
)
def test_what_says_nothing_of_a_device_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        read_notices(body)
    with pytest.raises(ProtocolError, match=f"device: .*{why}"):
        decode(body, "gb28181-recorder")


def test_registers_are_no_notice() -> None:
    device = Device(
        uid=DeviceUid("u"), id="d", address=NVR, kind=MODELS["gb28181-recorder"].kind,
        model="gb28181-recorder", place="p",
    )  # fmt: skip
    block = Envelope(link="l", address=NVR, payload=(Registers(function=3, start=0),), received=1)
    with pytest.raises(ProtocolError, match="must be bytes"):
        DRIVER.decode(block, device)


def request(
    method: str, device: str = NVR, body: bytes = b"", branch: str = "b", **fields: str
) -> Message:
    lines = [
        f"Via: SIP/2.0/UDP 192.168.1.64:5060;rport;branch={branch}",
        f"f: <sip:{device}@{OWN.domain}>;tag=1",
        f"t: <sip:{OWN.id}@{OWN.domain}>",
        "i: call",
        f"CSeq: 1 {method}",
        f"Contact: <sip:{device}@192.168.1.64:5060>",
    ]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    head = f"{method} sip:{OWN.id}@{OWN.domain} SIP/2.0\r\n" + "\r\n".join(lines)
    return read_message(head.encode() + b"\r\n\r\n" + body)


def status(taken: Taken) -> int:
    return read_message(taken.answer).status


def proof(taken: Taken, password: str = OWN.password, device: str = NVR) -> str:
    nonce = re.findall(r'nonce="(\w+)"', read_message(taken.answer).get("www-authenticate"))[0]
    asked = Request("REGISTER", f"sip:{OWN.id}@{OWN.domain}")
    return answer(Challenge(OWN.domain, nonce), asked, Login(device, password), "")


def registered(registrar: Registrar, now: float = 1000.0, **more: str) -> Taken:
    branch = f"r{next(COUNT)}"
    first = registrar.take(request("REGISTER", branch=branch), HERE, "UDP", now)
    signed = request("REGISTER", branch=f"{branch}b", Authorization=proof(first), **more)
    return registrar.take(signed, HERE, "UDP", now)


def test_a_device_of_the_books_registers_with_the_password_and_gets_the_time() -> None:
    registrar = Registrar(OWN, [NVR, CHANNEL])
    taken = registered(registrar, now=1718000000.5)
    reply = read_message(taken.answer)
    assert (reply.status, reply.get("expires")) == (200, "3600")
    assert reply.get("date") == "2024-06-10T14:13:20.500"
    assert reply.get("via").endswith("b;rport=5060;received=10.0.0.9")
    assert taken.notices == (Notice(kind="Register", device=NVR),)
    assert taken.registered == NVR
    goodbye = registered(registrar, Expires="0")
    assert goodbye.notices == (Notice(kind=GOODBYE, device=NVR),)
    assert registrar.registered == {}


def test_a_wrong_password_is_challenged_anew_and_locks_that_host_alone() -> None:
    registrar = Registrar(OWN, [NVR])
    for _ in range(5):
        first = registrar.take(request("REGISTER", branch="x"), ELSEWHERE, "UDP", 0.0)
        wrong = request("REGISTER", branch="y", Authorization=proof(first, "guess"))
        assert status(registrar.take(wrong, ELSEWHERE, "UDP", 0.0)) == 401
        registrar._repeated.clear()
    assert status(registrar.take(request("REGISTER"), ELSEWHERE, "UDP", 1.0)) == 403
    assert status(registered(registrar, now=1.0)) == 200
    registrar._repeated.clear()
    assert status(registrar.take(request("REGISTER"), ELSEWHERE, "UDP", 601.0)) == 401


def test_a_challenge_is_good_once_for_a_minute_and_for_the_device_that_it_was_made_for() -> None:
    registrar = Registrar(OWN, [NVR, CAMERA])
    first = registrar.take(request("REGISTER", branch="1"), HERE, "UDP", 0.0)
    signed = proof(first)
    stale = request("REGISTER", branch="2", Authorization=signed)
    assert status(registrar.take(stale, HERE, "UDP", 61.0)) == 401
    taken = registered(registrar, now=70.0)
    assert status(taken) == 200
    again = request("REGISTER", branch="3", Authorization=signed)
    assert status(registrar.take(again, HERE, "UDP", 71.0)) == 401
    other = registrar.take(request("REGISTER", CAMERA, branch="4"), HERE, "UDP", 80.0)
    stolen = request("REGISTER", CAMERA, branch="5", Authorization=proof(other, device=NVR))
    assert status(registrar.take(stolen, HERE, "UDP", 80.0)) == 401


def test_without_a_password_nobody_gets_in() -> None:
    registrar = Registrar(RegistrarSettings(id=OWN.id, domain=OWN.domain, password=""), [NVR])
    first = registrar.take(request("REGISTER", branch="1"), HERE, "UDP", 0.0)
    signed = request("REGISTER", branch="2", Authorization=proof(first, ""))
    assert status(registrar.take(signed, HERE, "UDP", 0.0)) == 401


def test_a_stranger_is_refused_and_told_of_once_in_ten_minutes() -> None:
    registrar = Registrar(OWN, [NVR])
    told = [
        registrar.take(request("REGISTER", OTHER, branch=str(at)), HERE, "UDP", at)
        for at in (0.0, 1.0, 601.0)
    ]
    assert [status(each) for each in told] == [403, 403, 403]
    assert [len(each.notices) for each in told] == [1, 0, 1]


def test_only_who_is_registered_at_that_host_is_heard() -> None:
    registrar = Registrar(OWN, [NVR, CHANNEL])
    keepalive = fixture("keepalive.xml").replace(CAMERA.encode(), NVR.encode())
    message = request("MESSAGE", body=keepalive)
    assert status(registrar.take(message, HERE, "UDP", 0.0)) == 403
    registered(registrar)
    later = request("MESSAGE", body=keepalive, branch="k")
    assert status(registrar.take(later, ELSEWHERE, "UDP", 1001.0)) == 403
    moved = ("10.0.0.9", 40_000)
    taken = registrar.take(later, moved, "UDP", 1001.0)
    assert (status(taken), taken.notices[0].kind) == (200, "Keepalive")
    assert registrar.registered[NVR].source == moved
    late = request("MESSAGE", body=keepalive, branch="l")
    assert status(registrar.take(late, moved, "UDP", 1000 + 3601.0)) == 403


def test_a_catalogue_tells_of_channels_of_the_books_and_a_repetition_tells_nothing() -> None:
    registrar = Registrar(OWN, [NVR, CHANNEL])
    registered(registrar)
    body = fixture("catalog.xml").replace(b"</DeviceList>", b"") .replace(
        b"</Response>",
        f"<Item><DeviceID>{OTHER}</DeviceID><Status>ON</Status></Item></DeviceList></Response>"
        .encode(),
    )  # fmt: skip
    message = request("MESSAGE", body=body)
    first, again = (registrar.take(message, HERE, "UDP", 1001.0) for _ in range(2))
    assert [each.device for each in first.notices] == [CHANNEL]
    assert (again.answer, again.notices) == (first.answer, ())
    strange = registrar.take(request("MESSAGE", body=b"?", branch="s"), HERE, "UDP", 1001.0)
    assert (status(strange), strange.strange) == (200, b"?")


@pytest.mark.parametrize(
    ("method", "code"), [("OPTIONS", 200), ("INVITE", 405), ("SUBSCRIBE", 405), ("BYE", 481)]
)
def test_other_methods_are_answered_and_answers_are_not(method: str, code: int) -> None:
    registrar = Registrar(OWN, [NVR])
    assert status(registrar.take(request(method), HERE, "UDP", 0.0)) == code
    reply = read_message(write_answer(request("MESSAGE"), 200, HERE))
    assert registrar.take(reply, HERE, "UDP", 0.0) == Taken()
    assert registrar.take(request("ACK"), HERE, "UDP", 0.0) == Taken()


def test_what_a_registrar_keeps_is_bounded() -> None:
    registrar = Registrar(OWN, [NVR])
    for number in range(5000):
        source = (f"10.{number >> 8}.{number & 255}.1", 5060)
        registrar.take(request("REGISTER", branch=str(number)), source, "UDP", 0.0)
        stranger = f"{number:020}"
        registrar.take(request("REGISTER", stranger, branch=f"s{number}"), source, "UDP", 0.0)
    kept = (registrar._nonces, registrar._repeated, registrar._strangers)
    assert [len(each) <= most for each, most in zip(kept, (4096, 4096, 256), strict=True)] == [
        True, True, True,
    ]  # fmt: skip


def test_the_captured_register_is_read_and_expires_where_it_says() -> None:
    message = read_message(fixture("register.sip"))
    assert (message.sender, message.method, expires_of(message)) == (CAMERA, "REGISTER", 3600)
    assert expires_of(request("REGISTER")) == 3600
    assert expires_of(request("REGISTER", Expires="junk")) == 3600
    inner = read_message(fixture("register.sip").replace(b"Expires: 3600\r\n", b"").replace(
        b":5060>\r\nMax", b":5060>;expires=120\r\nMax"
    ))  # fmt: skip
    assert expires_of(inner) == 120


def test_a_stream_is_cut_into_messages_and_what_has_no_end_is_refused() -> None:
    raw = fixture("register.sip")
    assert [frame_length(raw[:size]) for size in (10, len(raw) - 1)] == [None, None]
    assert frame_length(raw + b"more") == len(raw)
    longer = raw.replace(b"Content-Length: 0", b"l: 5")
    assert (frame_length(longer), frame_length(longer + b"12345678")) == (None, len(longer) + 5)
    for bad in (b"x" * (LONGEST_HEAD + 1), raw.replace(b"Length: 0", b"Length: 999999")):
        with pytest.raises(ProtocolError):
            frame_length(bad)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\r\n\r\n", b"REGISTER x SIP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
     b"REGISTER sip:a@b SIP/2.0\r\n" + b"a: b\r\n" * 100 + b"\r\n", b"x" * 70_000 + b"\r\n\r\n"],
)  # fmt: skip
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_message(raw)
