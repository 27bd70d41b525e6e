"""The id token: who signed in at the provider, believed only as far as it proves itself.

OpenID Connect Core 1.0, section 3.1.3.7. The algorithms are a list of ours: what a token says of
itself chooses among them, and neither `none` nor a shared secret stands there.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Iterable
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol, RSAKey

from hub.errors import ProviderError

ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
LEEWAY = 60
"""Seconds by which the provider's clock and ours may differ."""
PARTS = 3

Key = RSAKey | ECKey


class UnknownKeyError(ProviderError):
    """The token names a key that the provider has not shown yet: ask it once more."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a token has to say: who made it, for whom, and in answer to which question."""

    issuer: str
    client_id: str
    nonce: str
    now: float


def read_keys(document: dict[str, Any]) -> list[Key]:
    """Read the public keys of a JWK set that sign; what is of another kind is left out."""
    listed = document.get("keys")
    found: list[Key] = []
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        with contextlib.suppress(JoseError, ValueError, TypeError, KeyError):
            if each.get("kty") == "RSA":
                found.append(RSAKey.import_key(each))
            elif each.get("kty") == "EC":
                found.append(ECKey.import_key(each))
    return found


def read_id_token(text: str, keys: Iterable[Key], expected: Expected) -> dict[str, Any]:
    """Return the claims of a token that is good in every respect.

    Raises UnknownKeyError where its key is none of `keys`, else ProviderError with the reason.
    """
    if text.count(".") != PARTS - 1:
        raise _distrust("it is no signed token")
    known = list(keys)
    try:
        token = jwt.decode(text, lambda guest: _find(guest, known), algorithms=list(ALGORITHMS))
        _check(token.claims, expected)
    except JoseError as error:
        raise _distrust(str(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _distrust(f"it cannot be read: {type(error).__name__}") from error
    return token.claims


def _find(guest: GuestProtocol, keys: list[Key]) -> Key:
    header = guest.headers()
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise _distrust(f"algorithm {str(algorithm)[:20]!r} is none that counts")
    kind = ECKey if str(algorithm).startswith("ES") else RSAKey
    fitting = [key for key in keys if isinstance(key, kind) and key.get("alg") in {None, algorithm}]
    if kid is not None:
        fitting = [key for key in fitting if key.kid == kid]
    if len(fitting) != 1:
        raise UnknownKeyError("the token's key is none of the provider's", reason="distrust")
    return fitting[0]


def _check(claims: dict[str, Any], expected: Expected) -> None:
    registry = jwt.JWTClaimsRegistry(
        now=int(expected.now),
        leeway=LEEWAY,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    registry.validate(claims)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), expected.nonce.encode()):
        raise _distrust("it answers another question (nonce)")
    audience, party = claims["aud"], claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or party is not None) and party != expected.client_id:
        raise _distrust("it was made for somebody else (azp)")


def _distrust(why: str) -> ProviderError:
    return ProviderError(f"the provider's id token does not count: {why}", reason="distrust")
