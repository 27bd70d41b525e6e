"""The one place that speaks HTTP for what is sent: guarded, bounded in time and size.

No redirect is followed: it would be a way around what was looked at.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import msgspec

from hub.clock import Clock
from hub.courier.answer import Answer, Reply, Request, later, refused
from hub.errors import OutboundRefusedError
from hub.outbound import GuardedTransport

PATIENCE = 15.0
"""Real seconds that a request may take in all, however slowly somebody answers."""
_CERTIFICATES = {
    10: "it has expired; whoever runs that server has to renew it",
    18: "it is signed by itself; have this machine trust it, or that server take another",
    20: "nobody that this machine trusts has signed it",
    62: "it is another host's",
}
"""What OpenSSL finds (X509_V_ERR_…) → what it means."""
BIGGEST = 65_536
"""Bytes of an answer that are read."""


def make_client(allow: Sequence[str]) -> httpx2.AsyncClient:
    """Make a client that reaches public addresses and the networks `allow` (CIDR)."""
    # A proxy of the environment, or a redirect, would be a way around what was looked at.
    return httpx2.AsyncClient(
        transport=GuardedTransport(allow),
        trust_env=False,
        follow_redirects=False,
        timeout=PATIENCE,
    )


async def attempt(converse: Callable[[], Awaitable[Answer]]) -> Answer:
    """Hold a conversation in its time; every failure is an answer."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await converse()
    except OutboundRefusedError as error:
        return refused(str(error))
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        return refused(f"it is no address: {error}")
    except TimeoutError:
        return later(f"no answer within {PATIENCE:.0f} s")
    except (httpx2.HTTPError, OSError) as error:
        return later(_distrust(error) or str(error) or type(error).__name__)


async def ask(
    client: httpx2.AsyncClient, clock: Clock, request: Request, *, most: int = BIGGEST
) -> Reply:
    """Send one request and read its reply, up to `most` bytes of it."""
    made = client.build_request(
        request.method, request.url, content=request.body, headers=dict(request.headers)
    )
    answer = await client.send(made, stream=True)
    try:
        body = await _read(answer, most)
    finally:
        await answer.aclose()
    return Reply(
        status=answer.status_code,
        data=_object(body),
        body=body,
        retry_after=_wait(answer.headers.get("retry-after", ""), clock.now()),
        location=answer.headers.get("location", "").partition("?")[0][:200],
    )


def _distrust(error: BaseException) -> str:
    """Say in words what is wrong with a certificate; empty where that is not the matter."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, ssl.SSLCertVerificationError):
        seen = seen.__cause__ or seen.__context__
    if seen is None:
        return ""
    words = _CERTIFICATES.get(seen.verify_code, seen.verify_message)
    return f"its certificate is not trusted: {words}"


async def _read(answer: httpx2.Response, most: int) -> bytes:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > most:
            break
    return bytes(body[:most])


def _object(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found


def _wait(text: str, now: float) -> float:
    """Read Retry-After: seconds, or a date."""
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0
