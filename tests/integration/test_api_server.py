"""The API over a real socket: streams flow, resume and end with the hub."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import msgspec
import pytest

from hub.api import server
from hub.api.server import listen, serving
from hub.model.access import Role
from tests.support.patience import PATIENCE
from tests.unit.access.web_fakes import TOKENS, World, make_world
from tests.unit.api.app_of_api import make_app

pytestmark = pytest.mark.integration


@asynccontextmanager
async def hub(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    listener = listen("127.0.0.1", 0, file="lingdang.toml")
    headers = {"authorization": f"Bearer {TOKENS[Role.GUARD]}"}
    async with (
        serving(make_app(world), listener) as url,
        httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as client,
    ):
        yield client


@asynccontextmanager
async def reading(client: httpx2.AsyncClient, **headers: str) -> AsyncIterator[AsyncIterator[str]]:
    """Open the stream and yield its lines."""
    async with client.stream("GET", "/api/v1/stream", headers=headers) as answer:
        lines = answer.aiter_lines()
        try:
            yield lines
        finally:
            await close(lines)


async def close(lines: AsyncIterator[str]) -> None:
    """End the client's generator here, and not whenever the collector comes by."""
    assert isinstance(lines, AsyncGenerator)
    await lines.aclose()


async def next_message(lines: AsyncIterator[str]) -> dict[str, str]:
    """Read one event, as a browser does; comments and empty events are skipped."""
    fields: dict[str, str] = {}
    async for line in lines:
        if not line and "data" in fields:
            return fields
        name, _, value = line.partition(": ")
        if name and value:
            fields[name] = value
    pytest.fail("the stream ended")


async def test_a_change_reaches_the_listener_and_the_stream_resumes() -> None:
    world = make_world()
    async with hub(world) as client, asyncio.timeout(PATIENCE):
        async with reading(client) as lines:
            await anext(lines)
            world.desk.tell("ticket.opened", "GS-1", place="guanshan/a")
            first = await next_message(lines)
            world.pulse.beat("gate-a")
            device = await next_message(lines)
        world.desk.tell("ticket.taken", "GS-1", place="guanshan/a")
        resume = {"last-event-id": first["id"]}
        async with reading(client, **resume) as lines:
            second = await next_message(lines)
    assert msgspec.json.decode(first["data"])["type"] == "ticket.opened"
    assert device["event"] == "device"
    assert "id" not in device
    assert (first["id"], second["id"]) == ("1", "2")


async def test_the_hub_stops_while_somebody_listens() -> None:
    world = make_world()
    async with asyncio.timeout(PATIENCE):
        async with hub(world) as client:
            request = client.build_request("GET", "/api/v1/stream")
            answer = await client.send(request, stream=True)
            assert answer.status_code == 200
            await client.aclose()
        await answer.aclose()


async def test_fifty_listeners_hear_the_same() -> None:
    world = make_world()
    async with hub(world) as client, asyncio.timeout(PATIENCE):

        async def hear() -> str:
            async with reading(client, **{"last-event-id": "0"}) as lines:
                return (await next_message(lines))["id"]

        listening = [asyncio.create_task(hear()) for _ in range(50)]
        await asyncio.sleep(0.1)
        world.desk.tell("ticket.opened", "GS-1", place="guanshan/a")
        assert set(await asyncio.gather(*listening)) == {"1"}


async def test_a_body_over_the_limit_is_refused_over_the_wire() -> None:
    async with hub(make_world()) as client:
        answer = await client.post("/api/v1/commands", content=b"x" * (2 * 1024 * 1024))
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.get("/healthz")).status_code == 200


async def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send the parts of a request one after another; return all that comes until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    try:
        with contextlib.suppress(ConnectionError):
            return await reader.read()
        return b""
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


SLOW = [b"GET /healthz HTTP/1.1\r\n", *[b"X-More: and more\r\n"] * 10_000]
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [[b""], SLOW, [WHOLE, *SLOW], [WHOLE + SLOW[0], *SLOW[1:]]],
    ids=["nothing", "a line now and then", "after a good one", "glued to a good one"],
)
async def test_who_does_not_get_the_headers_together_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, parts: list[bytes]
) -> None:
    monkeypatch.setattr(server, "HEADERS_WITHIN", 0.4)
    async with hub(make_world()) as client, asyncio.timeout(PATIENCE):
        said = await talk(client.base_url.port or 0, *parts, pause=0.05)
    assert said.count(b"200 OK") == any(WHOLE in part for part in parts)


async def test_a_slow_answer_and_a_pause_between_requests_are_no_fault_of_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEADERS_WITHIN", 0.2)
    world = make_world()
    async with hub(world) as client, asyncio.timeout(PATIENCE):
        async with reading(client) as lines:
            await anext(lines)
            await asyncio.sleep(0.6)
            world.desk.tell("ticket.opened", "GS-1", place="guanshan/a")
            assert (await next_message(lines))["id"] == "1"
        two = WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        said = await talk(client.base_url.port or 0, WHOLE, two, pause=0.5)
    assert said.count(b"200 OK") == 2
