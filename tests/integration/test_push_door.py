"""The door that plate cameras post to, over real sockets: answers, replays, and hostile callers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

import pytest

from device_drivers.codecs.vzenith import read_record
from device_drivers.links import http_door, push
from device_drivers.links.push import PushLink, PushSettings
from hub.clock import SystemClock
from hub.errors import LinkError
from hub.ports import Envelope
from simulators.plate_camera import PlateCamera
from tests.support.patience import PATIENCE
from tests.support.polling import Recorder

pytestmark = pytest.mark.integration

PATH, SERIAL = "/plates-x7f3", "1a2b3c4d-5e6f7a8b"


class Store(Recorder):
    """An inbox whose envelopes are in the store at once, unless it is `shut`."""

    def __init__(self) -> None:
        super().__init__()
        self.link: PushLink | None = None
        self.shut = False
        self.up = asyncio.Event()

    def offer(self, envelope: Envelope) -> None:
        super().offer(envelope)
        if self.link and not self.shut:
            self.link.acknowledge([envelope])

    def link_caught_up(self, link: str) -> None:
        self.up.set()


@contextlib.asynccontextmanager
async def door(store: Store, **settings: object) -> AsyncIterator[PlateCamera]:
    where = PushSettings(name="plates", host="127.0.0.1", port=0, path=PATH, **settings)
    link = store.link = PushLink(where, inbox=store, watch=store, clock=SystemClock())
    task = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await store.up.wait()
        yield PlateCamera(SERIAL, "127.0.0.1", link.port, PATH)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def payloads(store: Store) -> list[bytes]:
    return [each.payload for each in store.envelopes if isinstance(each.payload, bytes)]


async def test_a_plate_is_answered_once_it_is_stored_and_never_lifts_by_itself() -> None:
    store = Store()
    async with door(store) as camera:
        answer = await camera.see("京A12345", time.time())
        assert (answer["info"], answer["content"]) == ("no", "retransfer_stop")
        await camera.beat()
    assert camera.lifted == 0
    (first, beat) = store.envelopes
    assert (first.address, beat.address) == (SERIAL, SERIAL)
    kept = b"".join(payloads(store))
    assert len(kept) < 400
    for secret in ("京A12345", "admin", "cGljdHVyZX"):
        assert secret.encode() not in kept


async def test_where_the_site_asks_for_it_a_fresh_plate_lifts_the_barrier_and_a_replay_never() -> (
    None
):
    store = Store()
    async with door(store, opens=True) as camera:
        await camera.see("京A12345", time.time())
        assert camera.lifted == 1
        await camera.see("京A12345", time.time(), isoffline=1)
        await camera.see("京A12345", time.time(), is_fake_plate=1)
        await camera.see("_无_", time.time())
        await camera.see("京A12345", time.time() - 60)
        assert camera.lifted == 1
    assert [read_record(each).lifts for each in payloads(store)] == [
        True,
        False,
        False,
        False,
        False,
    ]


async def test_what_was_not_stored_is_kept_by_the_camera_and_told_when_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "STORE_SECONDS", 0.05)
    store = Store()
    async with door(store) as camera:
        store.shut = True
        await asyncio.gather(*(camera.see(f"京A1234{n}", time.time()) for n in range(3)))
        assert len(camera.kept) == 3
        store.shut = False
        store.envelopes.clear()
        assert await camera.tell_kept() == 3
        assert [read_record(each).is_offline for each in payloads(store)] == [True] * 3


async def test_what_nobody_can_read_is_kept_without_its_pictures_and_not_wanted_again() -> None:
    store = Store()
    async with door(store) as camera:
        status, raw = await camera.post(b'{"imageFile":"' + b"QUJD" * 30_000 + b'"')
        assert status == 200
        assert json.loads(raw)["Response_AlarmInfoPlate"]["content"] == "retransfer_stop"
    (envelope,) = store.envelopes
    assert (envelope.address, len(payloads(store)[0]) < 100) == ("", True)


async def raw_call(camera: PlateCamera, *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*camera._where[:2])
    with contextlib.closing(writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await reader.read()


async def test_strangers_and_nonsense_are_answered_by_a_status_and_nothing_more() -> None:
    store = Store()
    head = f"POST {PATH} HTTP/1.1\r\n".encode()
    async with door(store) as camera:
        for pieces, status in (
            ((b"GET " + PATH.encode() + b" HTTP/1.1\r\nConnection: close\r\n\r\n",), 405),
            ((b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",), 404),
            ((b"\x16\x03\x01 nonsense\r\n\r\n",), 400),
            ((head + b"Content-Length: -5\r\n\r\n",), 411),
            ((head + b"Content-Length: 99999999999\r\n\r\n",), 413),
            ((head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",), 400),
            ((head + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n",), 413),
        ):
            assert (await raw_call(camera, *pieces)).startswith(f"HTTP/1.1 {status} ".encode())
        endless = (head + b"x" * 5000, b"y" * 5000)
        with contextlib.suppress(ConnectionError):
            assert await raw_call(camera, *endless) == b""
        chunked = b'2\r\n{"\r\n12\r\nserialno":"a-1-b"}\r\n0\r\n\r\n'
        closing = b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        assert b" 200 OK" in await raw_call(camera, head + closing + chunked)
    assert [each.address for each in store.envelopes] == ["a-1-b"]


async def test_slow_callers_and_too_many_of_them_keep_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_door, "MOST_CALLERS", 2)
    monkeypatch.setattr(http_door, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(http_door, "BODY_SECONDS", 0.1)
    store = Store()
    async with door(store) as camera:
        began = time.perf_counter()
        slow = asyncio.gather(
            raw_call(camera, b"POST"),
            raw_call(camera, f"POST {PATH} HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf".encode()),
        )
        await asyncio.sleep(0.02)
        assert await raw_call(camera) == b""
        await slow
        assert await camera.beat()
        assert time.perf_counter() - began < PATIENCE


async def test_only_the_networks_that_are_named_may_call() -> None:
    store = Store()
    async with door(store, addresses=("10.1.0.0/16",)) as camera:
        assert (await camera.post(b"{}"))[0] == 403
    store = Store()
    async with door(store, addresses=("127.0.0.0/8", "10.1.0.0/16")) as camera:
        assert await camera.beat()


async def test_a_camera_that_polls_is_slowed_down_and_its_contacts_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contact = f'{{"AlarmGioIn":{{"serialno":"{SERIAL}"}}}}'.encode()
    async with door(Store()) as camera:
        began = time.perf_counter()
        assert await camera.beat()
        assert (await camera.post(contact))[0] == 200
        assert time.perf_counter() - began < push.COMET_SECONDS
        monkeypatch.setattr(push, "COMET_SECONDS", 0.2)
        began = time.perf_counter()
        for _ in range(3):
            assert await camera.beat()
        assert time.perf_counter() - began >= 0.2


async def test_a_port_that_is_taken_is_a_lost_link_with_the_next_step() -> None:
    store = Store()
    async with door(store) as camera:
        settings = PushSettings(name="b", host="127.0.0.1", port=camera._where[1], path=PATH)
        link = PushLink(settings, inbox=Store(), watch=Store(), clock=SystemClock())
        with pytest.raises(LinkError, match=r"b: cannot listen on .*choose another"):
            await link.run()
