"""Channels and streams: painted once for all who look, each gets what it lacks, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import Request

from hub.access.people import PersonChange
from hub.access.session import COOKIE
from hub.console.frame.language import Language
from hub.console.live.channel import RELOAD, Channel, Channels, Pace, Paced, Parts
from hub.console.live.lookout import Outlook
from hub.console.live.stream import Viewer, follow, version_of
from hub.console.live.studio import Studio
from hub.model.access import Identity, Role
from hub.model.device import Kind, LinkState
from tests.unit.console.fakes.community import Console, make_console

GUARD = Identity(name="wang", role=Role.GUARD)


class Board:
    """A scene whose parts a test sets; counts how often it is painted."""

    def __init__(self, **parts: str) -> None:
        self.parts: Parts = parts
        self.painted = 0

    async def paint(self, *, fresh: bool) -> Parts:
        self.painted += 1
        return self.parts


async def test_a_viewer_gets_exactly_the_parts_that_it_lacks() -> None:
    board = Board(a="1", b="2")
    channel = Channel(board)
    await channel.refresh()
    first = channel.version
    board.parts = {"a": "1", "b": "3"}
    await channel.refresh()
    frame = channel.since(first)
    assert frame == (b'data: <hx-partial hx-target="#b" hx-swap="innerMorph">3</hx-partial>\n\n')
    assert channel.since(channel.version) == b""
    assert channel.since(first) is not None
    assert channel.since(0).count(b"<hx-partial") == 2
    assert channel.since(999).count(b"<hx-partial") == 2


async def test_the_same_parts_make_no_new_version() -> None:
    board = Board(a="1")
    channel = Channel(board)
    await channel.refresh()
    version = channel.version
    board.parts = {"a": "1"}
    await channel.refresh()
    assert channel.version == version


async def test_a_page_whose_skeleton_has_changed_is_told_to_reload() -> None:
    board = Board(a="1")
    channel = Channel(board)
    await channel.refresh()
    version = channel.version
    board.parts = {"a": "1", "c": "new"}
    await channel.refresh()
    assert channel.since(version) == RELOAD


async def test_lines_of_a_part_stay_within_one_event() -> None:
    channel = Channel(Board(a="one\ntwo\n\nthree"))
    await channel.refresh()
    frame = channel.since(0).decode()
    assert frame.endswith("\n\n")
    assert all(line.startswith("data: ") for line in frame.strip().splitlines())


async def test_a_scene_is_painted_at_most_so_often_and_sooner_for_news() -> None:
    seq, painted = [1], [0]

    async def paint() -> Parts:
        painted[0] += 1
        return {"a": str(painted[0])}

    scene = Paced(paint, Pace(lambda: seq[0]))
    for _ in range(5):
        await scene.paint(fresh=False)
    assert painted == [1]
    seq[0] += 1
    await scene.paint(fresh=False)
    assert painted == [1], "not even news paints twice within a moment"
    await scene.paint(fresh=True)
    assert painted == [2], "but whoever has just acted sees what is so"


def test_channels_are_bounded_and_the_unused_goes_first() -> None:
    channels = Channels()
    kept = channels.find("kept", Board)
    for number in range(127):
        channels.find(number, Board)
    assert channels.find("kept", Board) is kept
    channels.find("one more", Board)
    assert channels.find("kept", Board) is kept


@pytest.mark.parametrize(
    ("mark", "version"),
    [
        ("abc.7", 7),
        ("xyz.7", 0),
        ("abc.", 0),
        ("", 0),
        ("abc.-1", 0),
        ("abc.7x", 0),
        (f"abc.{'9' * 5000}", 0),
    ],
)
def test_a_version_counts_only_in_the_run_that_made_it(mark: str, version: int) -> None:
    assert version_of(mark, "abc") == version


@pytest.mark.looptime
async def test_fifty_screens_cost_one_painting() -> None:
    console = make_console(devices=60)
    studio = Studio(console.ports)
    looks = 0
    refresh = studio._lookout.refresh

    async def counted() -> Outlook:
        nonlocal looks
        looks += 1
        return await refresh()

    studio._lookout.refresh = counted  # type: ignore[method-assign]
    people = [Identity(name=f"guard-{i}", role=Role.GUARD) for i in range(50)]
    channels = {id(studio.wall(who, Language.ZH)) for who in people}
    assert len(channels) == 1
    channel = studio.wall(GUARD, Language.ZH)
    await asyncio.gather(*(channel.refresh() for _ in range(50)))
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    version = channel.version
    console.community.set_link(gate, LinkState.SILENT)
    await asyncio.sleep(0.25)
    await asyncio.gather(*(channel.refresh() for _ in range(50)))
    assert looks == 2
    frames = {id(channel._frames[-1])} | {id(channel._frames[-1]) for _ in range(50)}
    assert len(frames) == 1
    assert b"silent" in channel.since(version)


@pytest.mark.looptime
async def test_a_stream_sends_what_is_new_with_its_version_and_ticks() -> None:
    console, viewer = _viewer()
    stream = follow(_request(console), viewer)
    hello = await anext(stream)
    assert hello.startswith(b"id: seal.1\ndata: ")
    assert b"event: tick\ndata: 00:00:00\n\n" in hello
    gate = console.community.of_kind(Kind.BARRIER_GATE)[0]
    await asyncio.sleep(0.25)
    console.community.open_ticket(gate, "落杆失败", "Does not close")
    news = await _next_with(stream, "落杆失败")
    assert news.startswith(b"id: seal.2\n")
    await stream.aclose()


@pytest.mark.looptime
async def test_a_stream_ends_with_the_session() -> None:
    console, viewer = _viewer()
    request = _request(console)
    cookie = request.cookies[COOKIE]
    stream = follow(request, viewer)
    await anext(stream)
    await console.ports.gatekeeper.sign_out(cookie, GUARD)
    viewer.asked_at = float("-inf")
    last = b""
    async for frame in stream:
        last = frame
    assert last == RELOAD


@pytest.mark.looptime
@pytest.mark.parametrize("what", ["signed out", "another role", "shut out"])
async def test_a_stream_closes_within_a_minute_of_what_ends_its_right(what: str) -> None:
    console, viewer = _viewer()
    request, keeper = _request(console), console.ports.gatekeeper
    loop, last = asyncio.get_running_loop(), b""
    stream = follow(request, viewer)
    await anext(stream)
    begun = loop.time()
    if what == "signed out":
        await keeper.sign_out(request.cookies[COOKIE], GUARD)
    elif what == "another role":
        await keeper.people.change("wang", PersonChange(role=Role.CREW), GUARD)
    else:
        await keeper.people.disable("wang", GUARD)
    async for frame in stream:
        last = frame
    assert last == RELOAD
    assert loop.time() - begun <= 60.0


def _viewer() -> tuple[Console, Viewer]:
    console = make_console(devices=60)
    channel = Studio(console.ports).wall(GUARD, Language.ZH)
    return console, Viewer(channel=channel, seal="seal", role=Role.GUARD, version=0)


def _request(console: Console) -> Request:
    cookie = console.sign_in("wang", Role.GUARD)
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/console/stream", "headers": headers}
    request = Request(scope)
    request.state.ports = console.ports
    return request


async def _next_with(stream: AsyncIterator[bytes], text: str) -> bytes:
    async with asyncio.timeout(3):
        async for frame in stream:
            if text.encode() in frame:
                return frame
    raise AssertionError("the stream ended")
