"""Whatever a receiver of pushes answers, or does not: a failure that is told with its reason."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx2
import pytest

from hub.clock import SystemClock
from hub.courier.answer import Answer, Request, Verdict
from hub.feeds.push.setting_up import send
from hub.outbound import GuardedTransport
from simulators.demo_files import free_port

pytestmark = pytest.mark.integration
LOOPBACK = ("127.0.0.0/8",)


@contextlib.asynccontextmanager
async def answering(words: bytes, after: float) -> AsyncIterator[int]:
    """Say these bytes to whoever asks, and hang up; give the port."""

    guests: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guests.append(asyncio.current_task())
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(after)
            writer.write(words)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for guest in filter(None, guests):
            guest.cancel()
        await asyncio.gather(*filter(None, guests), return_exceptions=True)
        await server.wait_closed()


async def push(url: str) -> Answer:
    transport = GuardedTransport(LOOPBACK)
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as client:
        return await send(client, SystemClock(), Request(url=url, body=b"{}"))


def spell(status: str, head: str = "", body: str = "") -> bytes:
    lines = f"HTTP/1.1 {status}\r\n{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return f"{lines}{body}".encode()


@pytest.mark.parametrize(
    ("words", "after", "says", "wait"),
    [
        (spell("500 Internal Server Error", body="oops"), 0.0, "HTTP 500", 0.0),
        (spell("503 Busy", "retry-after: 120\r\n"), 0.0, "HTTP 503", 120.0),
        (spell("410 Gone"), 0.0, "HTTP 410", 0.0),
        (spell("200 OK", body="{}"), 1.0, "no answer within", 0.0),
        (b"\x00\xff\xfe 200 jolly good\r\n\r\n", 0.0, "", 0.0),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nhalf of it", 0.0, "", 0.0),
        (b"", 0.0, "", 0.0),
    ],
    ids=["500", "503", "410", "slow", "garbage", "cut off", "hangs up"],
)
async def test_every_answer_but_2xx_is_a_failure_that_is_told(
    words: bytes, after: float, says: str, wait: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if after:
        monkeypatch.setattr("hub.courier.post.PATIENCE", 0.3)
    async with answering(words, after) as port:
        answer = await push(f"http://127.0.0.1:{port}/in")
    assert answer.verdict is not Verdict.DELIVERED
    assert answer.why, "it says something"
    assert says in answer.why
    assert answer.wait == wait


async def test_a_receiver_that_is_down_is_a_failure_and_one_that_takes_it_is_none() -> None:
    down = await push(f"http://127.0.0.1:{free_port()}/in")
    assert (down.verdict, bool(down.why)) == (Verdict.LATER, True)
    async with answering(spell("204 No Content"), 0.0) as port:
        taken = await push(f"http://127.0.0.1:{port}/in")
    assert taken.verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]:443/in",
        "http://0x0a000001:443/in",
        "http://10.0.0.1:443/in",
        "gopher://127.0.0.1/",
    ],
)
async def test_a_hostile_address_is_not_reached_and_says_why(url: str) -> None:
    answer = await push(url)
    assert answer.verdict is Verdict.REFUSED
    assert answer.why
