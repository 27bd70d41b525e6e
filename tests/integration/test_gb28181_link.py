"""The platform that GB/T 28181 devices register with, over real sockets, UDP and TCP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from device_drivers.codecs.manscdp import Notice, read_notices
from device_drivers.links import gb28181
from device_drivers.links.gb28181 import Gb28181Link, Gb28181Settings
from device_drivers.links.registrar import RegistrarSettings
from hub.clock import SystemClock
from hub.errors import LinkError
from simulators.gb28181 import GbDevice, Platform
from tests.support.patience import PATIENCE
from tests.support.polling import Recorder

pytestmark = pytest.mark.integration

OWN = RegistrarSettings(id="34020000002000000001", domain="3402000000", password="123456")
NVR, STRANGER = "34020000001180000001", "34020000001180000099"
SCENARIO = Path(__file__).parents[1] / "fixtures" / "sipp" / "recorder.xml"
CHANNELS = [f"3402000000131000000{n}" for n in range(1, 6)]


class Watcher(Recorder):
    """Knows when the link listens."""

    def __init__(self) -> None:
        super().__init__()
        self.up = asyncio.Event()

    def link_caught_up(self, link: str) -> None:
        self.up.set()


@contextlib.asynccontextmanager
async def platform(watcher: Watcher, period: float = 300.0) -> AsyncIterator[Platform]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    settings = Gb28181Settings(name="gb", host="127.0.0.1", port=port, registrar=OWN, period=period)
    link = Gb28181Link(
        settings, [NVR, *CHANNELS], inbox=watcher, watch=watcher, clock=SystemClock()
    )
    task = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await watcher.up.wait()
        yield Platform("127.0.0.1", port, OWN.id, OWN.domain)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def told(watcher: Watcher, kind: str) -> list[Notice]:
    payloads = [each.payload for each in watcher.envelopes if each.address]
    notices = [read_notices(each)[0] for each in payloads if isinstance(each, bytes)]
    return [notice for notice in notices if notice.kind == kind]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_a_recorder_registers_keeps_alive_and_tells_of_its_channels(transport: str) -> None:
    watcher = Watcher()
    async with platform(watcher) as at:
        device = GbDevice(NVR, at, "123456", transport=transport)
        device.channels = {**dict.fromkeys(CHANNELS, "ON"), CHANNELS[2]: "OFF", STRANGER: "ON"}
        async with device.connected():
            assert await device.keep_alive() == 403
            status, answer = await device.register()
            assert (status, "Date: 20" in answer) == (200, True)
            await watcher.until(lambda: len(told(watcher, "Catalog")) >= 5)
            await watcher.until(lambda: bool(told(watcher, "DeviceStatus")))
            assert await device.keep_alive() == 200
            assert await device.alarm(2, 1, CHANNELS[0]) == 200
            assert (await device.register(expires=0))[0] == 200
            assert await device.keep_alive() == 403
    assert {each.device: each.status for each in told(watcher, "Catalog")} == {
        **dict.fromkeys(CHANNELS, "ON"),
        CHANNELS[2]: "OFF",
    }
    assert told(watcher, "DeviceStatus")[0].record == "ON"
    assert device.asked == ["Catalog", "DeviceStatus"]
    assert [each.device for each in told(watcher, "Alarm")] == [CHANNELS[0]]
    assert [each.device for each in told(watcher, "Goodbye")] == [NVR]


async def test_a_device_is_asked_again_and_repetitions_and_strangers_change_nothing() -> None:
    watcher = Watcher()
    async with platform(watcher, period=0.05) as at:
        device, stranger = GbDevice(NVR, at, "123456"), GbDevice(STRANGER, at, "123456")
        async with device.connected(), stranger.connected():
            assert (await stranger.register())[0] == 403
            assert (await device.register(password="guess"))[0] == 401
            assert (await device.register())[0] == 200
            await watcher.until(lambda: device.asked.count("Catalog") >= 2)
            seen = len(told(watcher, "Keepalive"))
            device._number = 500
            assert (await device.request("OPTIONS", {}, branch="same"))[0] == 200
    assert seen == 0
    assert [each.device for each in told(watcher, "Register")] == [STRANGER, NVR]


@pytest.mark.parametrize(("transport", "calls"), [("u1", 20), ("t1", 1)])
async def test_a_recorder_that_we_did_not_write_registers_and_tells(
    transport: str, calls: int, tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    """sipp of Debian, with its own SIP and digest; it does not answer our questions.

    One call at a time: all are of one recorder, and its newest challenge alone is good.
    """
    watcher = Watcher()
    async with platform(watcher) as at:
        words = ("-sf", str(SCENARIO), "-t", transport, "-m", str(calls), "-l", "1", "-nostdin")
        sipp = await asyncio.create_subprocess_exec(
            str(require_server("sipp")), *words, "-i", at.host, f"{at.host}:{at.port}",
            cwd=tmp_path, env={**os.environ, "TERM": "dumb"},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(sipp.communicate(), PATIENCE)
        finally:
            if sipp.returncode is None:
                sipp.kill()
        assert sipp.returncode == 0, said.decode(errors="replace")[-2000:]
        for kind in ("Register", "Keepalive", "Catalog"):
            assert len(told(watcher, kind)) == calls, kind
    assert {(each.device, each.status) for each in told(watcher, "Catalog")} == {
        (CHANNELS[0], "OFF")
    }


async def test_hostile_callers_end_their_own_connection_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gb28181, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(gb28181, "MOST_CALLERS", 4)
    watcher = Watcher()
    async with platform(watcher) as at:
        for nonsense in (b"x" * 20_000, b"INVITE sip:a@b SIP/2.0\r\nl: 999999\r\n\r\n", b"half"):
            reader, writer = await asyncio.open_connection(at.host, at.port)
            with contextlib.closing(writer), contextlib.suppress(ConnectionError):
                writer.write(nonsense)
                assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for datagram in (b"", b"\x00" * 60_000, b"REGISTER sip:x SIP/2.0\r\n\r\n"):
                udp.sendto(datagram, (at.host, at.port))
        device = GbDevice(NVR, at, "123456", transport="TCP")
        async with device.connected():
            assert (await device.register())[0] == 200


async def test_a_port_that_is_taken_is_a_lost_link_with_the_next_step() -> None:
    watcher = Watcher()
    async with platform(watcher) as at:
        settings = Gb28181Settings(name="b", host=at.host, port=at.port, registrar=OWN)
        other = Watcher()
        link = Gb28181Link(settings, [], inbox=other, watch=other, clock=SystemClock())
        with pytest.raises(LinkError, match=r"b: cannot listen on .*choose another"):
            await link.run()
