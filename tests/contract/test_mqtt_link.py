"""What every MQTT link must do, against a real broker. Each implementation is a parameter."""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from device_drivers.links.mqtt import MqttLink
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import MqttSettings, Session, TlsSettings
from hub.clock import SystemClock
from hub.errors import LinkError, TakenOverError
from hub.ports import Envelope, Link
from simulators.demo_files import free_port
from tests.contract.mqtt_broker import (
    CONNACK,
    DISCONNECT_TAKEN_OVER,
    NEW_REFUSAL,
    OLD_CONNACK,
    OLD_REFUSAL,
    PINGREQ,
    Broker,
    Tray,
    Watch,
    ends,
    message,
    payloads,
    running,
    scripted,
    suback,
)
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration

Make = Callable[..., Link]
CLIENTS = ("paho", "fast")

STATE = "ld/gs/gate-1/state"
FIVE = [(STATE, b"m%d" % number) for number in range(5)]
FOREVER = float("inf")
FIVE_PAYLOADS = [payload for _, payload in FIVE]


@pytest.fixture(params=CLIENTS)
def make(request: pytest.FixtureRequest) -> Make:
    def link(settings: MqttSettings, tray: Tray, session: Session = Session.STATE) -> Link:
        dialler = Dialler(msgspec.structs.replace(settings, client=request.param))
        return MqttLink(session, dialler, inbox=tray, watch=Watch(tray), clock=SystemClock())

    return link


@pytest.fixture
async def broker(require_server: Callable[[str], Path], tmp_path: Path) -> AsyncIterator[Broker]:
    own = Broker(require_server("mosquitto"), tmp_path)
    await own.start()
    yield own
    own.kill()


@pytest.fixture
def tray() -> Tray:
    return Tray()


async def deliver_five(broker: Broker, link: Link, tray: Tray) -> list[Envelope]:
    """Open the session, and have five messages come in."""
    await tray.heard("caught up")
    await broker.publish(*FIVE)
    return await tray.take(5)


async def until_read(link: Link, tray: Tray) -> None:
    """Return once the broker has read what was acknowledged before.

    It reads one packet of a connection at a time: what is left when the next connection of the
    same name comes is never read, and delivered again, as it may be.
    """
    assert isinstance(link, MqttLink)
    await tray.heard("caught up")
    link.prove()
    await tray.heard("heard")


async def test_what_is_not_acknowledged_comes_again_in_order(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        first = await deliver_five(broker, link, tray)
    async with running(link):
        again = await tray.take(5)
    assert payloads(first) == payloads(again) == FIVE_PAYLOADS


async def test_what_is_acknowledged_never_comes_again(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        link.acknowledge(await deliver_five(broker, link, tray))
        await until_read(link, tray)
    tray.log.clear()
    async with running(link):
        await tray.heard("caught up")
    assert tray.log == ["resumed", "caught up"]


async def test_exactly_the_rest_comes_again_after_a_part_was_acknowledged(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        link.acknowledge((await deliver_five(broker, link, tray))[:2])
        await until_read(link, tray)
    tray.log.clear()
    async with running(link):
        await tray.heard("caught up")
    assert tray.log == ["resumed", "m2", "m3", "m4", "caught up"]


async def test_an_acknowledgement_waits_for_those_before_it(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        link.acknowledge((await deliver_five(broker, link, tray))[1:])
        await until_read(link, tray)
    tray.log.clear()
    async with running(link):
        again = await tray.take(5)
        link.acknowledge(again[1:])
        link.acknowledge(again[:1])
        await until_read(link, tray)
    assert payloads(again) == FIVE_PAYLOADS
    tray.log.clear()
    async with running(link):
        await tray.heard("caught up")
    assert tray.log == ["resumed", "caught up"]


async def test_an_acknowledgement_of_an_earlier_connection_is_ignored(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link) as task:
        old = await deliver_five(broker, link, tray)
        broker.kill()
        with pytest.raises(LinkError):
            await ends(task)
    await broker.start()  # without its sessions: packet ids start again
    tray.log.clear()
    async with running(link):
        new = await deliver_five(broker, link, tray)
        link.acknowledge(old)
        await until_read(link, tray)
    async with running(link):
        again = await tray.take(5)
    assert payloads(new) == payloads(again) == FIVE_PAYLOADS


async def test_the_first_session_is_new_and_the_next_resumed(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        await tray.heard("caught up")
    assert tray.log == ["new session", "caught up"]
    tray.log.clear()
    async with running(link):
        await tray.heard("caught up")
    assert tray.log == ["resumed", "caught up"]


async def test_what_waited_comes_before_the_canary_and_the_canary_never(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        await tray.heard("caught up")
    await broker.publish(*FIVE)
    tray.log.clear()
    async with running(link):
        await tray.heard("caught up")
    assert tray.log == ["resumed", "m0", "m1", "m2", "m3", "m4", "caught up"]


@pytest.mark.parametrize(
    "acl",
    [
        pytest.param("topic write ld/#", id="reading forbidden"),
        pytest.param("topic read ld/#", id="writing forbidden"),
    ],
)
async def test_an_access_list_that_swallows_the_canary_is_named(
    require_server: Callable[[str], Path], tmp_path: Path, make: Make, tray: Tray, acl: str
) -> None:
    (tmp_path / "acl").write_text(acl + "\n")
    strict = Broker(require_server("mosquitto"), tmp_path, f"acl_file {tmp_path / 'acl'}")
    await strict.start()
    try:
        async with running(make(strict.settings(canary_limit=0.5), tray)) as task:
            with pytest.raises(LinkError, match="access list"):
                await ends(task)
    finally:
        strict.kill()
    assert "caught up" not in tray.log


async def test_a_name_that_the_broker_does_not_know_is_refused(
    require_server: Callable[[str], Path], tmp_path: Path, make: Make, tray: Tray
) -> None:
    strict = Broker(require_server("mosquitto"), tmp_path)
    config = tmp_path / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    await strict.start()
    try:
        async with running(make(strict.settings(), tray)) as task:
            with pytest.raises(LinkError, match="refused gs-state"):
                await ends(task)
    finally:
        strict.kill()
    assert tray.log == []


async def test_a_takeover_is_told_from_other_losses(make: Make, tray: Tray) -> None:
    async with (
        scripted(lambda _: CONNACK, lambda _: DISCONNECT_TAKEN_OVER) as (settings, _),
        running(make(settings, tray)) as task,
    ):
        with pytest.raises(TakenOverError, match="gs-state"):
            await ends(task)


async def test_a_takeover_is_heard_behind_an_answer_from_a_broker_that_hangs_up(
    make: Make, tray: Tray
) -> None:
    def grant_and_go(packet: bytes) -> bytes:
        return suback(1, 1, 1)(packet) + message(1, b"last") + DISCONNECT_TAKEN_OVER

    async with (
        scripted(lambda _: CONNACK, grant_and_go, hangs_up=True) as (settings, _),
        running(make(settings, tray)) as task,
    ):
        with pytest.raises(TakenOverError, match="gs-state"):
            await ends(task)
    assert tray.log == ["new session", "last"]


@pytest.mark.parametrize("refusal", [OLD_REFUSAL, NEW_REFUSAL])
async def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1_the_next_time(
    make: Make, tray: Tray, refusal: bytes
) -> None:
    def answer(connect: bytes) -> bytes:
        return OLD_CONNACK if connect[8] == 4 else refusal

    async with scripted(answer) as (settings, heard):
        link = make(settings, tray)
        async with running(link) as task:
            with pytest.raises(LinkError, match="knows no MQTT 5; the hub goes on with 3"):
                await ends(task)
        assert tray.log == []
        async with running(link):
            await tray.heard("new session")
    assert [packet[8] for packet in heard if packet[:1] == b"\x10"] == [5, 4]


async def test_what_is_no_mqtt_at_all_ends_the_run(make: Make, tray: Tray) -> None:
    async with (
        scripted(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", hangs_up=True) as (settings, _),
        running(make(settings, tray)) as task,
    ):
        with pytest.raises(LinkError):
            await ends(task)
    assert tray.log == []


# The codec panics at such text, which is caught, and says so on its way.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("words", "topic"),
    [
        pytest.param({"topic": b"ld/gs/\xff/state"}, "\ufffd", id="topic"),
        pytest.param({"properties": b"\x03\x00\x01\xff"}, STATE, id="content type"),
        pytest.param({"properties": b"\x26\x00\x01k\x00\x01\xff"}, STATE, id="user property"),
    ],
)
async def test_text_that_is_no_utf_8_is_handed_on_and_what_is_behind_it_flows(
    make: Make, tray: Tray, words: dict[str, bytes], topic: str
) -> None:
    def grant_and_send(packet: bytes) -> bytes:
        return suback(1, 1, 1)(packet) + message(1, b"odd", **words) + message(2, b"next")

    async with (
        scripted(lambda _: CONNACK, grant_and_send) as (settings, _),
        running(make(settings, tray)),
    ):
        odd, following = await tray.take(2)
    assert (odd.address, odd.payload) == (topic, b"odd")
    assert (following.address, following.payload) == (STATE, b"next")


@pytest.mark.parametrize("codes", [(1, 0, 1), (1, 0x87, 1)])
async def test_less_than_qos_1_is_not_accepted(
    make: Make, tray: Tray, codes: tuple[int, ...]
) -> None:
    async with (
        scripted(lambda _: CONNACK, suback(*codes)) as (settings, _),
        running(make(settings, tray)) as task,
    ):
        with pytest.raises(LinkError, match="instead of QoS 1"):
            await ends(task)


async def test_a_broker_that_is_not_there_is_named(make: Make, tray: Tray, broker: Broker) -> None:
    broker.kill()
    async with running(make(broker.settings(), tray)) as task:
        with pytest.raises(LinkError, match=f"127.0.0.1:{broker.port} cannot be reached"):
            await ends(task)


async def test_a_killed_broker_ends_the_run(make: Make, tray: Tray, broker: Broker) -> None:
    async with running(make(broker.settings(), tray)) as task:
        await tray.heard("caught up")
        broker.kill()
        with pytest.raises(LinkError, match="was lost"):
            await ends(task)


async def test_a_full_inbox_stops_the_reading_and_loses_nothing(
    broker: Broker, make: Make, tray: Tray
) -> None:
    tray.limit = 10
    link = make(broker.settings(), tray)
    async with running(link):
        await tray.heard("caught up")
        await broker.publish(*[(STATE, b"%d" % number) for number in range(500)])
        await tray.filled()
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(tray.envelopes) == 10
        tray.widen(1000)
        taken = await tray.take(500)
    assert payloads(taken) == [b"%d" % number for number in range(500)]


async def test_while_there_is_no_room_the_broker_cannot_push_more_into_memory(
    make: Make, tray: Tray
) -> None:
    tray.limit = 1
    flood = message(1, b"x" * 100) * 10_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK)
        writer.write(suback(1, 1, 1)(await reader.read(1000)))
        with contextlib.suppress(OSError):
            for _ in range(20):
                writer.write(flood)
                await writer.drain()
            tray.note("all gone")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = MqttSettings(host="127.0.0.1", port=port, community="gs")
    async with server, running(make(settings, tray)) as task:
        await tray.filled()
        await asyncio.wait({task}, timeout=1.5)
        assert not task.done()
        assert "all gone" not in tray.log


async def test_a_long_wait_for_room_does_not_cost_the_connection(
    broker: Broker, make: Make, tray: Tray
) -> None:
    tray.limit = 1
    async with running(make(broker.settings(keepalive=2), tray)) as task:
        await tray.heard("caught up")
        await broker.publish(*FIVE)
        await tray.filled()
        done, _ = await asyncio.wait({task}, timeout=4.5)  # a broker waits one and a half
        assert not done
        tray.widen(100)
        assert payloads(await tray.take(5)) == FIVE_PAYLOADS
        done, _ = await asyncio.wait({task}, timeout=0.5)
        assert not done


async def test_while_there_is_no_room_the_broker_still_hears_pings(make: Make, tray: Tray) -> None:
    tray.limit = 1

    def grant_and_send(packet: bytes) -> bytes:
        return suback(1, 1, 1)(packet) + message(1, b"A")

    async with scripted(lambda _: CONNACK, grant_and_send) as (settings, heard):
        hurried = msgspec.structs.replace(settings, keepalive=1)
        async with running(make(hurried, tray)) as task:
            await tray.filled()
            await tray.sees(lambda: b"".join(heard).count(PINGREQ) >= 2)
            assert not task.done()


async def test_a_hung_broker_is_found_within_two_keepalives(
    broker: Broker, make: Make, tray: Tray
) -> None:
    async with running(make(broker.settings(keepalive=1), tray)) as task:
        await tray.heard("caught up")
        broker.process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(LinkError):
                await ends(task, turns=2 * 1 + 1)
        finally:
            broker.process.send_signal(signal.SIGCONT)


async def test_a_session_that_hears_nothing_has_not_caught_up(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        await tray.heard("caught up")
        assert isinstance(link, MqttLink)
        broker.process.send_signal(signal.SIGSTOP)
        proof = asyncio.ensure_future(link.caught_up())
        try:
            done, _ = await asyncio.wait({proof}, timeout=0.3)
            assert not done, "it only stands in name"
        finally:
            broker.process.send_signal(signal.SIGCONT)
        await asyncio.wait_for(proof, PATIENCE)
    assert tray.log.count("caught up") == 1


async def test_a_proof_comes_behind_what_the_broker_had(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(), tray)
    async with running(link):
        link.prove()  # nothing stands yet
        await tray.heard("caught up")
        tray.log.clear()
        await broker.publish(*FIVE)
        link.prove()
        link.prove()
        await tray.heard("heard")
        assert tray.log == ["m0", "m1", "m2", "m3", "m4", "heard"]
        link.acknowledge(await tray.take(5))
        tray.log.clear()
        for _ in range(3):
            link.prove()
            await tray.heard("heard")
            tray.log.remove("heard")
    assert tray.log == []


async def test_a_connection_that_brings_no_proof_is_dead(
    broker: Broker, make: Make, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device_drivers.links.mqtt_canary.PROOF_LIMIT", 0.5)
    link = make(broker.settings(keepalive=60), tray)
    async with running(link) as task:
        await tray.heard("caught up")
        broker.process.send_signal(signal.SIGSTOP)
        link.prove()
        try:
            with pytest.raises(LinkError, match="the connection to the broker is dead"):
                await ends(task)
        finally:
            broker.process.send_signal(signal.SIGCONT)
    assert "heard" not in tray.log


async def test_the_broker_may_ask_for_pings_more_often(make: Make, tray: Tray) -> None:
    eager = bytes([0x20, 6, 0, 0, 3, 0x13, 0, 1])
    async with (
        scripted(lambda _: eager, suback(1, 1, 1)) as (settings, heard),
        running(make(msgspec.structs.replace(settings, canary_limit=FOREVER, keepalive=600), tray)),
    ):
        await tray.sees(lambda: PINGREQ in b"".join(heard))


async def test_retained_state_comes_for_a_new_session_only(
    broker: Broker, make: Make, tray: Tray
) -> None:
    await broker.publish((STATE, b"kept"), retain=True)
    link = make(broker.settings(), tray)
    async with running(link):
        first = await tray.take(1)
        link.acknowledge(first)
        await until_read(link, tray)
    tray.log.clear()
    async with running(link):
        await tray.heard("caught up")
    assert first[0].retained
    assert tray.log == ["resumed", "caught up"]


async def test_a_state_that_is_to_be_kept_is_news_while_the_session_stands(
    broker: Broker, make: Make, tray: Tray
) -> None:
    async with running(make(broker.settings(), tray)):
        await tray.heard("caught up")
        await broker.publish((STATE, b"kept"), retain=True)
        live = (await tray.take(1))[0]
    assert not live.retained


async def test_a_message_that_comes_in_many_pieces_is_one(
    broker: Broker, make: Make, tray: Tray
) -> None:
    picture = b"x" * 2_000_000
    async with running(make(broker.settings(), tray)):
        await tray.heard("caught up")
        await broker.publish((STATE, picture), (STATE, b"after"))
        taken = await tray.take(2)
    assert payloads(taken) == [picture, b"after"]


async def test_each_session_reads_its_own_topics(broker: Broker, make: Make) -> None:
    trays = {session: Tray() for session in Session}
    words = ("state", "event", "avail", "telemetry", "ack", "cmd")
    links = [make(broker.settings(), trays[session], session) for session in Session]
    async with running(links[0]), running(links[1]), running(links[2]):
        for tray in trays.values():
            await tray.heard("caught up")
        await broker.publish(*[(f"ld/gs/d1/{word}", word.encode()) for word in words])
        await broker.publish(*[(f"ld/gs/d2/{word}", b"last") for word in words])
        for tray in trays.values():
            await tray.heard("last")
    first = [{word for word in tray.log if word in words} for tray in trays.values()]
    assert first == [{"state", "event", "avail"}, {"telemetry"}, {"ack"}]


async def test_the_older_protocol_acknowledges_after_commit_as_well(
    broker: Broker, make: Make, tray: Tray
) -> None:
    link = make(broker.settings(protocol="3.1.1"), tray)
    async with running(link):
        link.acknowledge((await deliver_five(broker, link, tray))[:3])
        await until_read(link, tray)
    tray.log.clear()
    async with running(link):
        await tray.heard("caught up")
    assert tray.log == ["resumed", "m3", "m4", "caught up"]


async def test_of_two_hubs_with_one_name_the_first_lets_go(
    broker: Broker, make: Make, tray: Tray
) -> None:
    other = Tray()
    async with running(make(broker.settings(), tray)) as first:
        await tray.heard("caught up")
        async with running(make(broker.settings(), other)):
            await other.heard("caught up")
            # mosquitto says 0x8E (taken over) from 2.0.22 on; before, the line just breaks.
            with pytest.raises(LinkError, match=r"was lost|taken over"):
                await ends(first)


def make_certificate(folder: Path) -> None:
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(["openssl", *words.split(), *names, *files], check=True, capture_output=True)


@pytest.fixture
async def tls_broker(
    require_server: Callable[[str], Path], tmp_path: Path
) -> AsyncIterator[Broker]:
    require_server("openssl")
    await asyncio.to_thread(make_certificate, tmp_path)
    lines = (f"certfile {tmp_path / 'cert.pem'}", f"keyfile {tmp_path / 'key.pem'}")
    plain = free_port()
    own = Broker(require_server("mosquitto"), tmp_path, *lines, f"listener {plain} 127.0.0.1")
    await own.start()
    own.plain_port = plain
    yield own
    own.kill()


async def test_over_tls_a_burst_that_waits_in_the_record_layer_is_read_to_its_end(
    tls_broker: Broker, tmp_path: Path, make: Make, tray: Tray
) -> None:
    tls = TlsSettings(ca_file=str(tmp_path / "cert.pem"))
    link = make(tls_broker.settings(tls=tls), tray)
    async with running(link):
        await tray.heard("caught up")
        await tls_broker.publish(*[(STATE, b"%d" % number) for number in range(500)])
        taken = await tray.take(500)
        link.acknowledge(taken)
    assert payloads(taken) == [b"%d" % number for number in range(500)]


async def test_over_tls_a_broker_with_a_foreign_certificate_is_not_spoken_to(
    tls_broker: Broker, make: Make, tray: Tray
) -> None:
    async with running(make(tls_broker.settings(tls=TlsSettings()), tray)) as task:
        with pytest.raises(LinkError, match="certificate"):
            await ends(task)
    assert tray.log == []


async def test_a_missing_certificate_file_is_named(broker: Broker, make: Make, tray: Tray) -> None:
    missing = TlsSettings(ca_file="/no/such/file.pem")
    async with running(make(broker.settings(tls=missing), tray)) as task:
        with pytest.raises(LinkError, match="No such file"):
            await ends(task)
