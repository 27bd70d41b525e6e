"""Cameras probed by RTSP, over real sockets: three levels, and how a camera can misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

import pytest
from msgspec.structs import replace

from device_drivers.codecs.digest import Login
from device_drivers.codecs.rtsp import UNANSWERED, Finding, Place, read_finding
from device_drivers.links import rtsp
from device_drivers.links.rtsp import Camera, RtspLink, RtspSettings
from hub.clock import SystemClock
from hub.model.device import DeviceUid
from simulators.rtsp import Mishap, RtspCamera
from tests.support.polling import Recorder

pytestmark = pytest.mark.integration

PATH, LOGIN = "/Streaming/Channels/101", ("lingdang", "s3cret")
GOOD = Finding(options=200, describe=200, video=True)


@contextlib.asynccontextmanager
async def probing(
    recorder: Recorder, ports: Sequence[int], *, password: str = LOGIN[1], **more: object
) -> AsyncIterator[list[Camera]]:
    settings = RtspSettings(
        name="cameras", login=Login(LOGIN[0], password), period=0.05, timeout=0.3, **more
    )
    cameras = [
        Camera(DeviceUid(f"u{port}"), str(port), Place("127.0.0.1", port, PATH), settings.timeout)
        for port in ports
    ]
    link = RtspLink(settings, cameras, inbox=recorder, watch=recorder, clock=SystemClock())
    task = asyncio.create_task(link.run())
    try:
        yield cameras
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def found(recorder: Recorder) -> list[Finding]:
    payloads = [each.payload for each in recorder.envelopes]
    return [read_finding(each) for each in payloads if isinstance(each, bytes)]


@pytest.mark.parametrize(
    ("depth", "mishap", "expected"),
    [
        ("options", None, Finding(options=200)),
        ("describe", None, GOOD),
        ("play", None, Finding(options=200, describe=200, video=True, plays=True)),
        ("play", Mishap.FROZEN, Finding(options=200, describe=200, video=True, plays=False)),
        ("play", Mishap.BUSY, GOOD),
        ("describe", Mishap.NO_STREAM, Finding(options=200, describe=404)),
        ("play", Mishap.NO_VIDEO, Finding(options=200, describe=200)),
        ("describe", Mishap.MUTE, Finding(options=200, describe=UNANSWERED)),
        ("describe", Mishap.BASIC, Finding(options=200, describe=401)),
    ],
)
async def test_a_probe_finds_what_the_camera_does(
    depth: str, mishap: Mishap | None, expected: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtsp, "PLAY_SECONDS", 0.1)
    camera, recorder = RtspCamera(PATH, LOGIN), Recorder()
    camera.mishap = mishap
    async with camera.serving() as port, probing(recorder, [port], depth=depth):
        await recorder.until(lambda: len(recorder.envelopes) >= 2)
    assert found(recorder)[:2] == [expected, replace(expected, again=True)]
    assert camera.refused == 0
    assert ("PLAY" in camera.asked) == (depth == "play" and mishap in {None, Mishap.FROZEN})


async def test_pictures_are_asked_for_now_and_then_but_in_each_round_while_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rtsp, "PLAY_SECONDS", 0.05)
    camera, recorder = RtspCamera(PATH, LOGIN), Recorder()
    camera.mishap = Mishap.FROZEN
    async with camera.serving() as port, probing(recorder, [port], depth="play"):
        await recorder.until(lambda: camera.asked.count("PLAY") >= 2)
        camera.mishap = None
        await recorder.until(lambda: bool(found(recorder) and found(recorder)[-1].plays))
        count = camera.asked.count("PLAY")
        seen = len(recorder.envelopes)
        await recorder.until(lambda: len(recorder.envelopes) >= seen + 2)
        assert camera.asked.count("PLAY") == count
    assert camera.asked.count("TEARDOWN") == camera.asked.count("PLAY")


async def test_a_wrong_password_is_tried_once_a_host_and_its_cameras_are_still_heard() -> None:
    camera, recorder = RtspCamera(PATH, LOGIN), Recorder()
    async with camera.serving() as port, probing(recorder, [port] * 8, password="wrong"):
        await recorder.until(lambda: len(recorder.envelopes) >= 24)
    assert camera.refused == 1
    assert set(found(recorder)) == {
        Finding(options=200, describe=401),
        Finding(options=200, describe=401, again=True),
    }


@pytest.mark.parametrize("mishap", [Mishap.SILENCE, Mishap.ENDLESS, Mishap.NONSENSE])
async def test_one_that_does_not_answer_holds_up_nobody(mishap: Mishap) -> None:
    bad, good, recorder = RtspCamera(PATH, LOGIN), RtspCamera(PATH, LOGIN), Recorder()
    bad.mishap = mishap
    async with bad.serving() as first, good.serving() as second, probing(recorder, [first, second]):
        await recorder.until(lambda: len(recorder.envelopes) >= 2 and len(recorder.missed) >= 2)
    assert {each.address for each in recorder.envelopes} == {str(second)}
    assert set(recorder.missed) == {f"u{first}"}


async def test_forty_that_are_gone_cost_one_round_a_few_time_outs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera, recorder = RtspCamera(PATH, LOGIN), Recorder()
    camera.mishap = Mishap.SILENCE
    async with camera.serving() as port:
        began = time.perf_counter()
        async with probing(recorder, [port] * 40):
            await recorder.until(lambda: len(recorder.missed) >= 40)
        assert time.perf_counter() - began < 40 * 0.3


async def test_the_same_is_told_again_once_the_camera_was_silent() -> None:
    camera, recorder = RtspCamera(PATH, LOGIN), Recorder()
    async with camera.serving() as port, probing(recorder, [port]):
        await recorder.until(lambda: len(recorder.envelopes) >= 2)
        camera.mishap = Mishap.SILENCE
        await recorder.until(lambda: bool(recorder.missed))
        seen, camera.mishap = len(recorder.envelopes), None
        await recorder.until(lambda: len(recorder.envelopes) > seen)
    assert [each.again for each in (*found(recorder)[:2], found(recorder)[seen])] == [
        False, True, False,
    ]  # fmt: skip
