"""Hosts that are listened to, over real sockets: what they say, and how they misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from device_drivers.codecs.dahua import read_events
from device_drivers.codecs.digest import Login
from device_drivers.codecs.isapi import read_alert
from device_drivers.links import stream
from device_drivers.links.stream import StreamLink
from device_drivers.links.stream_call import StreamSettings
from device_drivers.links.stream_tongue import DahuaTongue, IsapiTongue, Tongue
from hub.clock import SystemClock
from hub.errors import CredentialsError, LinkError
from hub.ports import LinkWatch
from hub.services.supervisor import Supervisor
from simulators import dahua, isapi
from simulators.event_stream import EventHost, Mishap
from tests.support.patience import PATIENCE
from tests.support.polling import Recorder

pytestmark = pytest.mark.integration

LOGIN = ("lingdang", "s3cret:ü")


def host(boundary: str = "boundary") -> EventHost:
    return EventHost(isapi.PATH, LOGIN, boundary)


def link_to(
    port: int,
    inbox: Recorder,
    addresses: Sequence[str] = ("1",),
    *,
    password: str = LOGIN[1],
    silence: float = 30.0,
    tongue: type[Tongue] = IsapiTongue,
    watch: LinkWatch | None = None,
    **more: object,
) -> StreamLink:
    settings = StreamSettings(
        name="nvr",
        host="127.0.0.1",
        port=port,
        login=Login(LOGIN[0], password),
        silence=silence,
        **more,
    )
    clock = SystemClock()
    return StreamLink(
        settings, tongue(), lambda: addresses, inbox=inbox, watch=watch or inbox, clock=clock
    )


@contextlib.asynccontextmanager
async def listening(link: StreamLink, to: EventHost) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(link.run())
    try:
        opened = asyncio.create_task(to.opened.wait())
        await asyncio.wait({task, opened}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, LinkError):
            await task


def heard(inbox: Recorder) -> list[tuple[str, str]]:
    return [
        (each.address, read_alert(each.payload).type)
        for each in inbox.envelopes
        if isinstance(each.payload, bytes)
    ]


@pytest.mark.parametrize(
    ("boundary", "mishap"),
    [
        ("boundary", None),
        ('"<frontier>"', None),
        ("--MIME_boundary", Mishap.WRONG_LENGTH),
        ("boundary", Mishap.NO_LENGTH),
    ],
)
async def test_heartbeats_reach_every_device_and_alerts_their_own(
    boundary: str, mishap: Mishap | None
) -> None:
    to, inbox, now = host(boundary), Recorder(), time.time()
    to.mishap = mishap
    async with to.serving() as port, listening(link_to(port, inbox, ("0", "2", "door-1")), to):
        to.tell(isapi.heartbeat(now))
        to.tell(b"\xff\xd8" + b"--boundary" * 30, "image/jpeg")
        to.tell(isapi.door_event(5, 27, 1, now), "application/json; charset=UTF-8")
        to.tell(isapi.alert("VMD", 9, now))
        to.tell(isapi.heartbeat(now))
        await inbox.until(lambda: len(inbox.envelopes) >= 5)
        assert heard(inbox)[:5] == [
            ("0", "videoloss"), ("2", "videoloss"), ("door-1", "videoloss"),
            ("door-1", "accesscontrollerevent"), ("9", "vmd"),
        ]  # fmt: skip
        assert to.refused == 0


async def test_that_a_device_is_there_is_told_once_a_stream_and_then_only_that_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "BEAT_EVERY", 0.0)
    to, inbox, addresses = host(), Recorder(), ["1"]
    async with to.serving() as port:
        link = link_to(port, inbox, addresses)
        for _ in range(2):
            async with listening(link, to):
                seen = len(inbox.envelopes)
                to.tell(isapi.heartbeat(time.time()))
                await inbox.until(lambda seen=seen: len(inbox.envelopes) == seen + 1)
                addresses.append("2")
                to.tell(isapi.heartbeat(time.time()))
                await inbox.until(lambda seen=seen: len(inbox.envelopes) >= seen + 3)
            to.hang_up()
            addresses.remove("2")
    assert heard(inbox) == [("1", "videoloss"), ("1", "alive"), ("2", "videoloss")] * 2


async def test_what_is_not_repeated_is_over_and_a_quiet_start_says_that_nothing_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(IsapiTongue, "quiet", 0.5)
    to, inbox = host(), Recorder()
    async with to.serving() as port, listening(link_to(port, inbox, ("1", "2")), to):
        to.tell(isapi.alert("videoloss", 1, time.time()))
        await inbox.until(lambda: sum(address == "1" for address, _ in heard(inbox)) >= 3)
        await inbox.until(lambda: ("2", "shelteralarm") in heard(inbox))
    payloads = [each.payload for each in inbox.envelopes]
    alerts = [read_alert(payload) for payload in payloads if isinstance(payload, bytes)]
    of_first = [each for each in alerts if each.channel == 1 and each.type == "videoloss"]
    assert [each.active for each in of_first][:2] == [True, False]


@pytest.mark.parametrize(
    ("mishap", "silence", "why"),
    [
        (Mishap.GARBAGE, 30, "no boundary"),
        (Mishap.TRICKLE, 0.3, "nothing whole any more"),
        (Mishap.PAGE, 30, "no stream of events"),
        (Mishap.CUT, 30, "127.0.0.1"),
    ],
)
async def test_a_host_that_misbehaves_is_given_up_with_the_reason(
    mishap: Mishap, silence: float, why: str
) -> None:
    to, inbox = host(), Recorder()
    to.mishap = mishap
    async with to.serving() as port, listening(link_to(port, inbox, silence=silence), to) as task:
        if mishap is Mishap.CUT:
            to.tell(isapi.heartbeat(time.time()))
        with pytest.raises(LinkError, match=why):
            async with asyncio.timeout(PATIENCE):
                await task
    assert inbox.envelopes == []


async def test_parts_that_nobody_can_read_are_kept_and_too_many_end_the_stream() -> None:
    to, inbox = host(), Recorder()
    async with to.serving() as port, listening(link_to(port, inbox), to) as task:
        for _ in range(25):
            to.tell("<Strange/>")
        with pytest.raises(LinkError, match="nothing that can be read"):
            await task
    assert {each.payload for each in inbox.envelopes} == {b"<Strange/>"}
    assert len(inbox.envelopes) <= 25


async def test_a_wrong_password_is_tried_once_and_never_again_at_once() -> None:
    to, inbox = host(), Recorder()
    async with to.serving() as port:
        with pytest.raises(CredentialsError, match=r"refuses the user 'lingdang' \(401\)"):
            await link_to(port, inbox, password="wrong").run()
        assert to.refused == 1


async def test_a_host_that_is_not_there_is_a_lost_link() -> None:
    async with host().serving() as port:
        pass
    with pytest.raises(LinkError, match=r"nvr: 127\.0\.0\.1: "):
        await link_to(port, Recorder()).run()


def dahua_host(*lost: int) -> EventHost:
    to = EventHost(dahua.PATH, LOGIN, dahua.BOUNDARY)
    to.answers = {
        dahua.question("VideoLoss"): dahua.standing(*lost),
        dahua.question("VideoBlind"): dahua.standing(),
    }
    return to


def told(inbox: Recorder) -> list[tuple[str, str, str]]:
    payloads = [(each.address, each.payload) for each in inbox.envelopes]
    return [
        (address, event.code, event.action)
        for address, payload in payloads
        if isinstance(payload, bytes)
        for event in read_events(payload)
    ]


async def test_what_lasts_at_the_start_is_asked_for_and_its_end_told_even_after_a_cut() -> None:
    to, inbox = dahua_host(1), Recorder()
    async with to.serving() as port:
        link = link_to(port, inbox, ("0", "1", "2"), tongue=DahuaTongue)
        async with listening(link, to):
            await inbox.until(lambda: len(inbox.envelopes) >= 4)
            assert told(inbox) == [
                ("1", "videoloss", "stop"), ("2", "videoloss", "start"),
                ("1", "videoblind", "stop"), ("2", "videoblind", "stop"),
            ]  # fmt: skip
        inbox.envelopes.clear()
        to.hang_up()
        to.answers[dahua.question("VideoLoss")] = dahua.standing()
        async with listening(link, to):
            await inbox.until(lambda: bool(inbox.envelopes))
            to.tell(dahua.HEARTBEAT, dahua.KIND)
            event = dahua.event("BreakIn", "Pulse", 0, Name="门;1", UTC=1)
            to.tell(event + dahua.event("VideoLoss", "Start", 0), dahua.KIND)
            await inbox.until(lambda: len(inbox.envelopes) >= 6)
        assert told(inbox) == [
            ("2", "videoloss", "stop"),
            ("0", "heartbeat", "pulse"), ("1", "heartbeat", "pulse"), ("2", "heartbeat", "pulse"),
            ("door-1", "breakin", "pulse"), ("1", "videoloss", "start"),
        ]  # fmt: skip
    assert to.refused == 0


async def test_a_host_that_cannot_say_what_lasts_is_listened_to_all_the_same() -> None:
    to, inbox = dahua_host(), Recorder()
    to.answers = dict.fromkeys(to.answers, "<html>" + "x" * 100000)
    async with to.serving() as port:
        link = link_to(port, inbox, ("1",), tongue=DahuaTongue)
        async with listening(link, to):
            to.tell(dahua.HEARTBEAT, dahua.KIND)
            await inbox.until(lambda: bool(inbox.envelopes))
    assert told(inbox) == [("1", "heartbeat", "pulse")]


def certify(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate as cameras have it: of itself, and for no address."""
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=camera"
    subprocess.run(
        ["openssl", *words.split(), "-keyout", folder / "key", "-out", folder / "pem"],
        check=True,
        capture_output=True,
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(folder / "pem", folder / "key")
    return folder / "pem", served


async def test_under_tls_the_host_s_own_certificate_counts_and_no_other(tmp_path: Path) -> None:
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
    own, served = certify(tmp_path / "own")
    other, _ = certify(tmp_path / "other")
    to, inbox = host(), Recorder()
    async with to.serving(tls=served) as port:
        link = link_to(port, inbox, tls=True, ca_file=str(own))
        async with listening(link, to):
            to.tell(isapi.heartbeat(time.time()))
            await inbox.until(lambda: bool(inbox.envelopes))
        for file in ("", str(other)):
            with pytest.raises(LinkError, match=r"(?i)certificate"):
                await link_to(port, inbox, tls=True, ca_file=file).run()
    assert to.refused == 0


async def test_a_host_that_hangs_up_is_called_again_by_the_supervisor() -> None:
    to, inbox = host(), Watched()
    supervisor = Supervisor(watch=inbox, clock=SystemClock(), chance=lambda: 0.05)
    async with to.serving() as port:
        link = link_to(port, inbox, watch=supervisor)
        task = asyncio.create_task(supervisor.run([link]))
        for _ in range(2):
            await asyncio.wait_for(to.opened.wait(), PATIENCE)
            to.tell(isapi.alert("VMD", 1, time.time()))
            seen = len(inbox.envelopes)
            await inbox.until(lambda seen=seen: len(inbox.envelopes) > seen)
            to.hang_up()
        await inbox.until(lambda: len(inbox.lost) >= 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "127.0.0.1" in inbox.lost[0]


class Watched(Recorder):
    """Notes why a link was lost."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: list[str] = []

    def link_down(self, link: str, why: str) -> None:
        self.lost.append(why)
        self._news.set()
