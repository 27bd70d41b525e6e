"""The provider: its own description, its keys, and the exchange of a code for an id token.

Every request goes through the guard of what the hub sends out, follows no redirect, and is bounded
in time and size. What the provider says of itself is believed for an hour.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx2
import msgspec

from hub.access.oidc.id_token import Expected, Key, UnknownKeyError, read_id_token, read_keys
from hub.clock import Clock
from hub.config.oidc import OidcSettings
from hub.courier.answer import DELIVERED, Answer, Reply, Request, Verdict
from hub.courier.post import ask, attempt
from hub.errors import ProviderError

WELL_KNOWN = "/.well-known/openid-configuration"
BELIEVED_FOR = 3600.0
ASKED_ANEW = 60.0
"""Seconds that lie between two looks at the provider's keys, however many tokens name new ones."""
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
BIGGEST = 262_144
"""Bytes of an answer that are read."""
LEFT_ALONE = 10.0
"""Seconds in which a provider that did not answer is not asked for its documents again."""
OK = 200
REFUSED = frozenset({400, 401, 403})


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of a provider's discovery document (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Provider:
    """Asks one provider, seldom: documents are remembered, and fetched by one at a time."""

    def __init__(self, settings: OidcSettings, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._description: tuple[float, Description] | None = None
        self._keys: tuple[float, list[Key]] | None = None
        self._failure: tuple[float, ProviderError] | None = None
        self._turn = asyncio.Lock()

    async def describe(self) -> Description:
        """Return what the provider says of itself; ProviderError where it does not, or lies."""
        async with self._turn:
            if self._description and self._is_young(self._description[0], BELIEVED_FOR):
                return self._description[1]
            issuer = self._settings.issuer
            data = await self._fetch(issuer.removesuffix("/") + WELL_KNOWN)
            found = _read_description(data, issuer)
            self._description = (self._clock.now(), found)
            return found

    async def exchange(self, code: str, verifier: str, redirect: str) -> str:
        """Return the id token that a code is good for; ProviderError where it is good for none."""
        description = await self.describe()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        headers = dict(FORM)
        name, secret = self._settings.client_id, self._settings.client_secret
        if secret and "client_secret_basic" in description.token_endpoint_auth_methods_supported:
            # RFC 6749, 2.3.1: both are form-encoded before they are joined.
            pair = f"{quote_plus(name)}:{quote_plus(secret)}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form |= {"client_id": name} | ({"client_secret": secret} if secret else {})
        request = Request(
            url=description.token_endpoint, body=urlencode(form).encode(), headers=headers
        )
        data = await self._ask(request)
        token = data.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("the provider gave no id token for the code", reason="distrust")
        return token

    async def read(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an id token; a key not seen yet is looked for once more."""
        settings = self._settings
        expected = Expected(
            issuer=settings.issuer,
            client_id=settings.client_id,
            nonce=nonce,
            now=self._clock.now(),
        )
        try:
            return read_id_token(token, await self._known_keys(BELIEVED_FOR), expected)
        except UnknownKeyError:
            return read_id_token(token, await self._known_keys(ASKED_ANEW), expected)

    async def _known_keys(self, oldest: float) -> list[Key]:
        """Return the provider's keys, as seen not longer than `oldest` seconds ago."""
        where = (await self.describe()).jwks_uri
        async with self._turn:
            if self._keys and self._is_young(self._keys[0], oldest):
                return self._keys[1]
            keys = read_keys(await self._fetch(where))
            self._keys = (self._clock.now(), keys)
            return keys

    def _is_young(self, at: float, oldest: float) -> bool:
        return 0 <= self._clock.now() - at < oldest

    async def _fetch(self, url: str) -> dict[str, Any]:
        """Get a document; of a crowd that waits for a dead provider one alone waits for it."""
        if self._failure and self._is_young(self._failure[0], LEFT_ALONE):
            raise ProviderError(str(self._failure[1]), reason=self._failure[1].reason)
        request = Request(url=url, method="GET", headers={"accept": "application/json"})
        try:
            return await self._ask(request)
        except ProviderError as error:
            self._failure = (self._clock.now(), error)
            raise

    async def _ask(self, request: Request) -> dict[str, Any]:
        replies: list[Reply] = []

        async def converse() -> Answer:
            replies.append(await ask(self._client, self._clock, request, most=BIGGEST))
            return DELIVERED

        answer = await attempt(converse)
        where = request.url.partition("?")[0]
        if answer.verdict is not Verdict.DELIVERED:
            raise ProviderError(f"{where} does not answer: {answer.why}", reason="down")
        reply = replies[0]
        if reply.status in REFUSED:
            why = str(reply.data.get("error", ""))[:60]
            raise ProviderError(f"{where} refuses: {reply.status} {why!a}", reason="distrust")
        if reply.status != OK or not reply.data:
            raise ProviderError(f"{where} answers HTTP {reply.status}, no document", reason="down")
        return reply.data


def _read_description(data: dict[str, Any], issuer: str) -> Description:
    try:
        found = msgspec.convert(data, Description)
    except msgspec.ValidationError as error:
        raise ProviderError(f"the provider's document is wrong: {error}", reason="down") from error
    if found.issuer != issuer:
        raise ProviderError(
            f"the provider calls itself {found.issuer[:200]!a}, the settings {issuer!a};"
            " write [oidc] issuer as the provider does",
            reason="distrust",
        )
    ways = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
    if {way.partition("://")[0] for way in ways} != {issuer.partition("://")[0]}:
        raise ProviderError("the provider names an address without TLS", reason="distrust")
    return found
