"""How a host is asked for its event stream: where it is, and who asks, by HTTP digest.

The name is never sent before the host asks for it, and a refusal is never tried again at once:
cameras lock an account after five.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator

import httpx2
import msgspec

from device_drivers.codecs.digest import Login, Request, answer, read_challenge
from hub.errors import CredentialsError, ProtocolError

OPEN_SECONDS = 10.0
LONGEST_ANSWER = 16_384


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One host; `silence` is how many seconds it may bring nothing whole."""

    name: str
    host: str
    port: int
    tls: bool = False
    ca_file: str = ""
    login: Login
    silence: float = 60.0

    @property
    def url(self) -> str:
        """Where it is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"


@contextlib.asynccontextmanager
async def open_stream(settings: StreamSettings, path: str) -> AsyncIterator[httpx2.Response]:
    """Ask for the stream, once without a name and once with it.

    Raises CredentialsError for a refusal, ProtocolError for another answer, TimeoutError, and
    httpx2.HTTPError where there is none.
    """
    async with _client(settings) as client, contextlib.AsyncExitStack() as stack:
        async with asyncio.timeout(OPEN_SECONDS):
            stream = await stack.enter_async_context(await _ask(client, settings.login, path))
        _check(settings, path, stream.status_code)
        yield stream


async def fetch(settings: StreamSettings, path: str) -> str:
    """Return the beginning of a short answer, whatever its status is; failures as of a stream."""
    text = b""
    async with (
        _client(settings) as client,
        asyncio.timeout(OPEN_SECONDS),
        await _ask(client, settings.login, path) as answered,
    ):
        async for chunk in answered.aiter_raw():
            text += chunk
            if len(text) > LONGEST_ANSWER:
                break
    return text[:LONGEST_ANSWER].decode("utf-8", "replace")


async def _ask(
    client: httpx2.AsyncClient, login: Login, path: str
) -> contextlib.AbstractAsyncContextManager[httpx2.Response]:
    headers = {}
    async with client.stream("GET", path) as first:
        if first.status_code == httpx2.codes.UNAUTHORIZED:
            challenge = read_challenge(first.headers.get_list("www-authenticate"))
            # The digest is over the path as it goes over the wire.
            request = Request("GET", first.request.url.raw_path.decode())
            said = answer(challenge, request, login, secrets.token_hex(8))
            headers["authorization"] = said
    return client.stream("GET", path, headers=headers)


def _client(settings: StreamSettings) -> httpx2.AsyncClient:
    trust: ssl.SSLContext | bool = settings.tls
    if settings.tls and settings.ca_file:
        trust = ssl.create_default_context(cafile=settings.ca_file)
        # A camera's own certificate names no address; that it is this one is what counts.
        trust.check_hostname = False
    return httpx2.AsyncClient(
        base_url=settings.url,
        headers={"accept-encoding": "identity"},
        timeout=httpx2.Timeout(OPEN_SECONDS, read=None),
        trust_env=False,
        verify=trust,
    )


def _check(settings: StreamSettings, path: str, status: int) -> None:
    if status in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
        who = f"{settings.name}: {settings.host} refuses the user {settings.login.name!r}"
        raise CredentialsError(
            f"{who} ({status}); correct the password or the user's rights, then restart the hub"
        )
    if status != httpx2.codes.OK:
        raise ProtocolError(f"it answers {status} to {path}")
