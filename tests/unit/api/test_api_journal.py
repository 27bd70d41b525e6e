"""The journal over HTTP, and the event stream that follows it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hub.api import frame, stream
from hub.api.frame import FrameShelf
from hub.api.stream import Listener, news
from hub.model.access import Identity, Role
from tests.unit.access.web_fakes import NOW, TOKENS, World, gate, make_world
from tests.unit.api.app_of_api import asking, make_app

BOSS = Identity(name="boss", role=Role.ADMINISTRATOR)
OF_B = Identity(name="b", role=Role.GUARD, scope="guanshan/b")


@pytest.fixture
def world() -> World:
    return make_world()


def tell(world: World, count: int, place: str = "guanshan/a") -> None:
    for number in range(count):
        world.desk.tell("ticket.opened", f"GS-{number}", place=place)


async def test_entries_are_read_on_from_the_cursor(world: World) -> None:
    tell(world, 5)
    async with asking(world) as client:
        first = (await client.get("/api/v1/journal?limit=3")).json()
        rest = (await client.get(f"/api/v1/journal?after={first['next']}")).json()
        empty = (await client.get(f"/api/v1/journal?after={rest['next']}")).json()
    assert [entry["seq"] for entry in first["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    assert set(first["items"][0]) >= {"seq", "at", "type", "subject", "actor", "data"}
    assert empty == {"items": [], "next": "5"}


async def test_a_type_and_a_scope_filter_and_the_cursor_goes_past_what_is_hidden(
    world: World,
) -> None:
    tell(world, 4, "guanshan/a")
    world.desk.tell("device.silent", "gate-b", place="guanshan/b")
    tell(world, 4, "guanshan/a")
    world.give(Role.GUARD, scope="guanshan/b", token=TOKENS[Role.GUARD])
    async with asking(world) as client:
        page = (await client.get("/api/v1/journal?limit=2")).json()
    async with asking(world, Role.CREW) as client:
        silent = (await client.get("/api/v1/journal?type=device.")).json()
        nothing = (await client.get("/api/v1/journal?type=pump.")).json()
    assert [entry["subject"] for entry in page["items"]] == ["gate-b"]
    assert page["next"] == "9"
    assert [entry["seq"] for entry in silent["items"]] == [5]
    assert nothing == {"items": [], "next": "9"}


async def test_waiting_ends_with_the_next_entry(world: World) -> None:
    async with asking(world) as client:
        waiting = asyncio.create_task(client.get("/api/v1/journal?wait=20"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        tell(world, 1)
        page = (await waiting).json()
    assert [entry["seq"] for entry in page["items"]] == [1]


async def test_a_number_from_before_a_restore_is_410_and_never_silence(world: World) -> None:
    tell(world, 3)
    async with asking(world) as client:
        answer = await client.get("/api/v1/journal?after=4")
        assert (await client.get("/api/v1/journal?after=3")).status_code == 200
        assert (await client.get(f"/api/v1/journal?after={10**30}")).status_code == 410
    assert answer.status_code == 410
    assert answer.json()["oldest"] == "0"


async def test_waiting_longer_than_half_a_minute_is_refused(world: World) -> None:
    async with asking(world) as client:
        assert (await client.get("/api/v1/journal?wait=31")).status_code == 422


def listener_at(world: World, seq: int, who: Identity = BOSS) -> Listener:
    mark = world.pulse.changed_devices(0)[0]
    return Listener(who=who, seq=seq, mark=mark, sent_at=0, asked_at=0)


def read_frames(frames: list[bytes]) -> list[dict[str, str]]:
    """Parse frames as a browser does: fields by name."""
    blocks = b"".join(frames).decode().split("\n\n")
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks if block]


async def test_a_listener_gets_each_entry_once_with_its_number(world: World) -> None:
    tell(world, 3)
    shelf = FrameShelf(world.ports)
    listener = listener_at(world, 1)
    first = read_frames(await news(world.ports, shelf, listener))
    assert [event["id"] for event in first] == ["2", "3"]
    assert await news(world.ports, shelf, listener) == []
    tell(world, 1)
    (event,) = read_frames(await news(world.ports, shelf, listener))
    assert msgspec.json.decode(event["data"])["seq"] == 4
    assert "event" not in event


async def test_many_listeners_cost_one_reading(world: World) -> None:
    shelf = FrameShelf(world.ports)
    listeners = [listener_at(world, 0) for _ in range(50)]
    tell(world, 1)
    before = world.books.reads
    got = [await news(world.ports, shelf, listener) for listener in listeners]
    assert world.books.reads - before == 1
    assert all(frames[0] is got[0][0] for frames in got)


async def test_the_shelf_is_bounded_and_a_late_listener_reads_from_the_store(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "REMEMBERED", 3)
    shelf = FrameShelf(world.ports)
    tell(world, 10)
    late, early = listener_at(world, 0), listener_at(world, 8)
    assert [event["id"] for event in read_frames(await news(world.ports, shelf, early))] == [
        "9",
        "10",
    ]
    numbers = [int(event["id"]) for event in read_frames(await news(world.ports, shelf, late))]
    assert numbers == list(range(1, 11))


async def test_messages_are_filtered_by_scope_one_by_one(world: World) -> None:
    shelf = FrameShelf(world.ports)
    listener = listener_at(world, 0, OF_B)
    tell(world, 1, "guanshan/a")
    tell(world, 1, "guanshan/b")
    world.pulse.beat("gate-a", "gate-b")
    events = read_frames(await news(world.ports, shelf, listener))
    assert [event.get("id") for event in events] == ["2", None]
    assert msgspec.json.decode(events[1]["data"])["id"] == "gate-b"
    assert listener.seq == 2


async def test_a_changed_device_comes_once_with_its_newest_state(world: World) -> None:
    shelf = FrameShelf(world.ports)
    listener = listener_at(world, 0)
    world.pulse.beat("gate-a")
    (event,) = read_frames(await news(world.ports, shelf, listener))
    assert event["event"] == "device"
    assert msgspec.json.decode(event["data"])["points"]["arm.position"]["value"] == "open"
    assert await news(world.ports, shelf, listener) == []
    world.live.views["gate-a"] = msgspec.structs.replace(gate("a"), heard_at=NOW + 9)
    world.pulse.beat("gate-a")
    world.pulse.beat("gone")
    (event,) = read_frames(await news(world.ports, shelf, listener))
    assert msgspec.json.decode(event["data"])["heard_at"].startswith("2025-11-25T00:00:09")


async def chunks(world: World, headers: dict[str, str], count: int) -> tuple[Any, list[bytes]]:
    """Ask for the stream as ASGI does, and return its start and the first chunks with content."""
    got: list[bytes] = []
    started: list[Any] = []
    enough = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if started:
            await enough.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's own
        if message["type"] == "http.response.start":
            started.append(message)
        elif message.get("body"):
            got.append(message["body"])
        if len(got) >= count:
            enough.set()

    headers = {"authorization": f"Bearer {TOKENS[Role.GUARD]}", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "path": "/api/v1/stream",
        "raw_path": b"/api/v1/stream",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("hub", 80),
        "client": ("::1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asked = asyncio.create_task(make_app(world)(scope, receive, send))
    await enough.wait()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    return started[0], got


async def test_the_stream_resumes_behind_the_last_event_id(world: World) -> None:
    tell(world, 4)
    start, got = await chunks(world, {"last-event-id": "2"}, 2)
    headers = dict(start["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"x-accel-buffering"] == b"no"
    assert got[0] == stream.GREETING
    assert [event["id"] for event in read_frames([got[1]])] == ["3", "4"]


@pytest.mark.parametrize("number", ["500", "9" * 5000])
async def test_a_stream_does_not_wait_for_numbers_that_a_restore_has_taken(
    world: World, number: str
) -> None:
    tell(world, 2)
    reading = asyncio.create_task(chunks(world, {"last-event-id": number}, 2))
    for _ in range(20):
        await asyncio.sleep(0)
    tell(world, 1)
    _, got = await reading
    assert [event["id"] for event in read_frames([got[1]])] == ["3"]


async def test_quiet_is_filled_with_a_heartbeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.01)
    monkeypatch.setattr(stream, "PACE", 0.02)
    _, got = await chunks(world, {}, 2)
    assert got[1] == stream.PULSE


async def test_a_listener_whose_key_is_taken_is_sent_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = listener_at(world, 0)
    state = SimpleNamespace(ports=world.ports)
    request: Any = SimpleNamespace(
        state=state, headers={"authorization": "Bearer ld_gone"}, cookies={}, method="GET"
    )
    assert await stream._may_stay(request, listener, 29)
    assert not await stream._may_stay(request, listener, 30)
    request.headers["authorization"] = f"Bearer {TOKENS[Role.GUARD]}"
    assert await stream._may_stay(request, listener, 61)
    assert listener.who.role is Role.GUARD
