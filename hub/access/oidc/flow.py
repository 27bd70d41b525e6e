"""The way to the provider and back: what was asked, from which browser, and what came of it.

RFC 6749 with PKCE (RFC 7636, S256), a state and a nonce for each way, and the `iss` of RFC 9207.
In memory and bounded: whoever is on the way at a restart begins again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from hub.access.oidc.provider import Provider
from hub.clock import Clock
from hub.config.oidc import OidcSettings
from hub.errors import ProviderError

GOOD_FOR = 600.0
"""Seconds that somebody may take at the provider."""
REMEMBERED = 4096
RETURN = "/sign-in/provider/return"
"""The path to which the provider sends browsers back."""
RANDOM_BYTES = 32
DENIED = frozenset(
    {"access_denied", "login_required", "interaction_required", "consent_required"}
    | {"account_selection_required"}
)
ERROR = re.compile(r"[a-z_]{1,60}")

Answer = list[tuple[str, str]]
"""The parameters with which a browser comes back, as they stand in the address."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on the way: the browser's mark, what has to come back, and where to go then."""

    browser: str
    nonce: str
    verifier: str
    target: str
    ends_at: float


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider has named: the login name here, and where that person wanted to go."""

    name: str
    target: str


class Flow:
    """Sends browsers to the provider, and reads what they bring back."""

    def __init__(self, settings: OidcSettings, provider: Provider, clock: Clock) -> None:
        self._settings = settings
        self._provider = provider
        self._clock = clock
        self._ways: OrderedDict[str, Way] = OrderedDict()
        self._redirect = settings.hub_url + RETURN

    @property
    def start(self) -> str:
        """Return the address at which people begin."""
        return f"{self._settings.hub_url}/sign-in/provider"

    async def begin(self, target: str) -> tuple[str, str]:
        """Return where to send a browser that wants to `target`, and its cookie.

        Raises ProviderError where the provider does not answer.
        """
        description = await self._provider.describe()
        state, nonce, verifier, cookie = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(4))
        self._ways[state] = Way(
            browser=_digest(cookie),
            nonce=nonce,
            verifier=verifier,
            target=target,
            ends_at=self._clock.now() + GOOD_FOR,
        )
        while len(self._ways) > REMEMBERED:
            self._ways.popitem(last=False)
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        if self._settings.prompt:
            asked["prompt"] = self._settings.prompt
        where = description.authorization_endpoint
        return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(asked)}", cookie

    def take(self, answer: Answer, cookie: str) -> Way:
        """Return the way that ends here, once; ProviderError `lost` where this browser is on none.

        Nothing that a stranger can send ends another's way: it takes the state and the cookie.
        """
        told = dict(answer)
        state = told.get("state", "")
        way = self._ways.get(state)
        mine = way is not None and hmac.compare_digest(way.browser, _digest(cookie))
        if way is None or not mine or len(told) != len(answer):
            raise ProviderError("this browser is not on the way that it tells of", reason="lost")
        del self._ways[state]
        if self._clock.now() >= way.ends_at:
            raise ProviderError("that took too long; begin again", reason="lost")
        return way

    async def finish(self, way: Way, answer: Answer) -> Named:
        """Return whom the provider has named; ProviderError with the reason where it has nobody."""
        told = dict(answer)
        description = await self._provider.describe()
        issuer = told.get("iss")
        needed = description.authorization_response_iss_parameter_supported
        if issuer != self._settings.issuer and (needed or issuer is not None):
            raise ProviderError("another provider has answered (iss)", reason="distrust")
        if error := told.get("error"):
            shown = error if ERROR.fullmatch(error) else "unreadable"
            reason = "denied" if error in DENIED else "down"
            raise ProviderError(f"the provider says: {shown}", reason=reason)
        code = told.get("code", "")
        if not code:
            raise ProviderError("the provider sent no code", reason="distrust")
        token = await self._provider.exchange(code, way.verifier, self._redirect)
        claims = await self._provider.read(token, way.nonce)
        return Named(name=self._name_of(claims), target=way.target)

    def _name_of(self, claims: dict[str, Any]) -> str:
        claim, people = self._settings.claim, self._settings.people
        said = claims.get(claim)
        if not isinstance(said, str) or not said:
            raise ProviderError(f"the id token has no {claim!a}", reason="distrust")
        if claim == "email" and claims.get("email_verified") is not True:
            raise ProviderError("the provider has not verified that e-mail", reason="distrust")
        return people.get(said, "") if people else said


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
