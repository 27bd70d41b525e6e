"""A provider of accounts on loopback that checks what the standards say a provider checks.

OpenID Connect Core 1.0 (3.1.2, 3.1.3), RFC 6749, RFC 7636 and RFC 9207, written from their text: it
signs with `cryptography` alone, so that what the hub reads with joserfc another hand has written.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.api.server import listen, serving

CLIENT, SECRET = "lingdang", "s3cret: of the test/+%"
Claims = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class RsaKey:
    """A key that signs RS256."""

    alg = "RS256"

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self) -> Claims:
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "kid": self.kid, "n": number(numbers.n), "e": "AQAB"}

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class EcKey:
    """A key that signs ES256."""

    alg = "ES256"

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> Claims:
        numbers = self.private.public_key().public_numbers()
        point = {"x": number(numbers.x, 32), "y": number(numbers.y, 32)}
        return {"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid, **point}

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


FIRST = RsaKey("first")
"""Made once: it takes longer than a sign-in does."""
Signer = Callable[[Claims], str]


class Provider:
    """One provider; a test sets what it lies about before somebody signs in."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.url = ""
        self.redirect = ""
        self.user: Claims = {"sub": "00417", "employee_number": "zhang"}
        self.keys: list[RsaKey | EcKey] = [FIRST]
        self.signer: Signer = self.sign
        self.change: Callable[[Claims], Claims] = dict
        self.extra: dict[str, str | None] = {}
        """Parameters of the way back that are other than they should be; None leaves one out."""
        self.document: Claims = {}
        self.down: set[str] = set()
        self.hits: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}

    def sign(self, claims: Claims) -> str:
        """Return a token by the newest key."""
        key = self.keys[-1]
        return self.token({"alg": key.alg, "kid": key.kid, "typ": "JWT"}, claims, key.sign)

    @staticmethod
    def token(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
        told = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
        return f"{told}.{b64(sign(told.encode()))}"

    def without_signature(self, claims: Claims) -> str:
        return self.token({"alg": "none", "typ": "JWT"}, claims, lambda _: b"")

    def with_public_key_as_secret(self, claims: Claims) -> str:
        key = self.keys[-1]
        assert isinstance(key, RsaKey)
        header = {"alg": "HS256", "kid": key.kid}
        return self.token(header, claims, lambda data: hmac.digest(key.pem(), data, hashlib.sha256))

    def by_a_strangers_key(self, claims: Claims) -> str:
        stranger = RsaKey(self.keys[-1].kid)
        return self.token({"alg": "RS256", "kid": stranger.kid}, claims, stranger.sign)

    async def discovery(self, request: Request) -> Response:
        self._count("discovery")
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return self._answer("discovery", told | self.document)

    async def show_keys(self, request: Request) -> Response:
        self._count("keys")
        listed: list[Claims] = [{"kty": "OKP", "crv": "none of ours"}, {"kty": "RSA", "n": 7}]
        return self._answer("keys", {"keys": [*listed, *(key.jwk() for key in self.keys)]})

    async def authorize(self, request: Request) -> Response:
        """Ask nobody for a password, but look at every parameter."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"] == self.redirect
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert min(len(asked["state"]), len(asked["nonce"])) >= 43
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back: dict[str, str | None] = {"code": code, "state": asked["state"], "iss": self.url}
        told = {name: text for name, text in (back | self.extra).items() if text is not None}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(told)}", 302)

    async def give_token(self, request: Request) -> Response:
        self._count("token")
        if "token" in self.down:
            return Response("down", 503)
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(form["code"], None)  # each is good once
        if not self._knows(request) or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        proof = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        same = form["redirect_uri"] == asked["redirect_uri"]
        if not same or proof != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": int(self.now()),
            "exp": int(self.now()) + 300,
            "nonce": asked["nonce"],
            **self.user,
        }
        token = self.signer(self.change(claims))
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _knows(self, request: Request) -> bool:
        kind, _, pair = request.headers.get("authorization", "").partition(" ")
        name, _, secret = base64.b64decode(pair).decode().partition(":")
        return (kind, unquote_plus(name), unquote_plus(secret)) == ("Basic", CLIENT, SECRET)

    def _count(self, name: str) -> None:
        self.hits.append(name)

    def _answer(self, name: str, document: Claims) -> Response:
        return Response("down", 503) if name in self.down else JSONResponse(document)


@contextlib.asynccontextmanager
async def providing(now: Callable[[], float]) -> AsyncIterator[Provider]:
    """Serve a provider on a free port while the block runs."""
    provider = Provider(now)
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", provider.discovery),
            Route("/keys", provider.show_keys),
            Route("/authorize", provider.authorize),
            Route("/token", provider.give_token, methods=["POST"]),
        ]
    )
    async with serving(app, listen("127.0.0.1", 0, file="test")) as url:
        provider.url = url
        yield provider
