"""Damaged requests, byte by byte: an answer below 500, or a wait for the rest, and no traceback."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulators.demo_files import free_port
from tests.fuzz.mutation import SEED, damage, is_enough
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import KEYS, Plot, names, write_site

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(3600)]

REQUESTS = 400
LANES = 20
PATIENCE = 1.0
"""Seconds after which a hub without an answer is taken to wait for the rest of the request."""
FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"
PARTS = (
    b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\nguard\r\n'
    b'--B\r\nContent-Disposition: form-data; name="password"; filename="x"\r\n\r\nno\r\n--B--\r\n'
)
PAGE = b"Accept: text/html\r\n"


def get(path: bytes, head: bytes = b"") -> bytes:
    key = f"Authorization: Bearer {KEYS['administrator']}\r\n".encode()
    return b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s\r\n" % (path, key, head)


def post(path: bytes, kind: bytes, body: bytes, head: bytes = b"") -> bytes:
    about = b"Content-Type: %s\r\nContent-Length: %d\r\n" % (kind, len(body))
    return get(path, about + head).replace(b"GET", b"POST", 1) + body


GOOD = (
    get(b"/api/v1/devices?limit=1&kind=barrier_gate&after="),
    get(b"/api/v1/devices/gate-001/history?point=arm.position&from=2026-11-24T08:00:00%2B08:00"),
    get(b"/api/v1/journal?after=1&type=ticket.&wait=0"),
    get(b"/grid/v1/incidents?updated_since=2026-11-24T08:00:00&state=new"),
    get(b"/wall", PAGE),
    get(b"/tickets?state=open&after=", PAGE),
    get(b"/devices/gate-001", PAGE),
    get(
        b"/more", PAGE + b"Cookie: lingdang_language=en; lingdang_big=on; lingdang_session=abc\r\n"
    ),
    get(b"/static/vendor/htmx.min.js", b'If-None-Match: "x"\r\nRange: bytes=0-1\r\n'),
    post(
        b"/api/v1/commands",
        JSON,
        b'{"device":"gate-001","do":"open","reason":"x"}',
        b"Idempotency-Key: k1\r\n",
    ),
    post(b"/api/v1/people", JSON, b'{"name":"li","role":"crew","phone":"13900000000"}'),
    post(b"/sign-in", FORM, b"name=guard&password=guard-password&next=%2Ftickets", PAGE),
    post(b"/sign-in", b"multipart/form-data; boundary=B", PARTS, PAGE),
    post(b"/sign-in/password", FORM, b"name=guard&code=K7QM-2XFD-9TRA&password=a&again=a", PAGE),
    post(b"/preferences", FORM, b"language=en&big=on&next=/more", PAGE),
    post(b"/devices/gate-001/open", FORM, b"do=open&reason=x", PAGE),
)
WORDS = (
    b"%00", b"%0d%0a", b"%ff", b"%ED%A0%80", b"\r\n", b"\r\n\r\n", b"\x00", b"\xff", b"../",
    b"%2e%2e%2f", b"%2F", b"?", b"&", b"=", b"9" * 25, b"-1", b"1e999", b"//evil", b"\\",
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 99999999999999999999999\r\n",
    b"Expect: 100-continue\r\n", b"Range: bytes=0-1,5-2\r\n", b"If-Modified-Since: x\r\n",
    b"Accept-Language: zh;q=x,,;q=\r\n", b"Origin: null\r\n", b"Sec-Fetch-Site: \r\n",
    b"Cookie: lingdang_session=\xff; =;\r\n", b"charset=utf-7", b"; boundary=", b'filename="\x00"',
    b"HEAD ", b"OPTIONS ", b"%u0041", b"\xe4\xb8\xad", b'{"a":' * 3000, b"next=//evil%0d%0aX:1",
)  # fmt: skip


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """A hub whose broker is not there: people are answered all the same."""
    site = Plot(devices=names("barrier_gate", 2))
    async with running_hub(write_site(tmp_path, site, mqtt_port=free_port())) as hub:
        yield hub


async def ask(url: str, request: bytes) -> str:
    """Return the status of the answer, or that there is none."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
    except TimeoutError:
        return "waits"
    except ConnectionError:
        return "closed"
    finally:
        writer.close()
    return line.split()[1].decode() if line.startswith(b"HTTP/1.1 ") else "closed"


async def ask_all(url: str, requests: Iterator[bytes]) -> Sequence[str]:
    answers: list[str] = []

    async def lane() -> None:
        for request in requests:
            answers.append(await ask(url, request))  # noqa: PERF401 - lanes share one list

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return answers


async def test_no_damaged_request_is_a_failure_of_the_hub(hub: HubProcess) -> None:
    for request in GOOD:
        assert (await ask(hub.url, request)).startswith(("2", "3", "4")), request
    counts = Counter(await ask_all(hub.url, damage(GOOD, WORDS, REQUESTS)))
    print(f"\nseed {SEED}: {counts.total():,} damaged requests: {dict(counts)}")
    assert not [status for status in counts if status.startswith("5")]
    assert "Traceback" not in hub.log
    assert is_enough(counts.total() - counts["waits"] - counts["closed"], REQUESTS // 2)
    assert (await hub.status("/healthz"))[0] == 200
