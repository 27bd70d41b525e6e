"""HTTP digest for HTTP, RTSP and SIP: challenges read, answered, made and proven.

A challenge: `Digest realm="3402000000", nonce="c98f6d56cb2ab8e6", qop="auth", algorithm=MD5`.
Without `qop` the answer is the old one of RFC 2069, which GB/T 28181 devices and many cameras
speak. Source: RFC 2617, RFC 7616; the vector in the tests is of a published GB/T 28181 capture.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from hub.errors import ProtocolError

LONGEST = 4096
"""Characters of a header that are looked at."""
_PAIR = re.compile(r'([A-Za-z]{1,20})\s*=\s*(?:"([^"]{0,512})"|([^\s,"]{1,512}))')
_HASHES: Mapping[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}


class Login(NamedTuple):
    """A name and a password."""

    name: str
    password: str


class Challenge(NamedTuple):
    """What a server asks for; `qop` is empty for the old form, `opaque` is given back as it is."""

    realm: str
    nonce: str
    qop: str = ""
    algorithm: str = "MD5"
    opaque: str = ""


class Request(NamedTuple):
    """What is asked, as it stands in the first line."""

    method: str
    uri: str


def read_challenge(headers: Sequence[str]) -> Challenge:
    """Return the best challenge among the `WWW-Authenticate` headers.

    Raises ProtocolError where none is a digest that is known here.
    """
    found = [challenge for header in headers if (challenge := _read(header)) is not None]
    if not found:
        raise ProtocolError("it offers no sign-in by Digest; choose digest in its settings")
    return max(found, key=lambda each: (each.algorithm != "MD5", bool(each.qop)))


def answer(challenge: Challenge, request: Request, login: Login, cnonce: str) -> str:
    """Return the `Authorization` header of a first use of the nonce."""
    count = "00000001"
    fields = {
        "username": login.name,
        "realm": challenge.realm,
        "nonce": challenge.nonce,
        "uri": request.uri,
        "response": _response(challenge, request, login, (count, cnonce)),
    }
    if challenge.opaque:
        fields["opaque"] = challenge.opaque
    said = [f'{name}="{value}"' for name, value in fields.items()]
    said.append(f"algorithm={challenge.algorithm}")
    if challenge.qop:
        said += ["qop=auth", f"nc={count}", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(said)


def write_challenge(challenge: Challenge) -> str:
    """Return the `WWW-Authenticate` header."""
    qop = ',qop="auth"' if challenge.qop else ""
    return (
        f'Digest realm="{challenge.realm}",nonce="{challenge.nonce}"'
        f"{qop},algorithm={challenge.algorithm}"
    )


def read_answer(header: str) -> dict[str, str]:
    """Return the fields of an `Authorization` header; none where it is no digest."""
    if header[:7].lower() != "digest ":
        return {}
    return {name.lower(): quoted or plain for name, quoted, plain in _pairs(header)}


def is_proven(fields: Mapping[str, str], challenge: Challenge, method: str, password: str) -> bool:
    """Tell whether an answer to this very challenge shows that its sender knows the password."""
    if fields.get("nonce") != challenge.nonce or fields.get("realm") != challenge.realm:
        return False
    asked = challenge._replace(
        qop=fields.get("qop", ""), algorithm=fields.get("algorithm", "MD5").upper()
    )
    if asked.algorithm not in _HASHES or asked.qop not in {"", "auth"}:
        return False
    login = Login(fields.get("username", ""), password)
    use = fields.get("nc", ""), fields.get("cnonce", "")
    wanted = _response(asked, Request(method, fields.get("uri", "")), login, use)
    return hmac.compare_digest(wanted.encode(), fields.get("response", "").lower().encode())


def _read(header: str) -> Challenge | None:
    if header[:7].lower() != "digest ":
        return None
    fields = {name.lower(): quoted or plain for name, quoted, plain in _pairs(header)}
    algorithm = fields.get("algorithm", "MD5").upper()
    offered = [word.strip() for word in fields.get("qop", "").split(",") if word.strip()]
    if algorithm not in _HASHES or "nonce" not in fields or (offered and "auth" not in offered):
        return None
    qop = "auth" if offered else ""
    realm, nonce = fields.get("realm", ""), fields["nonce"]
    return Challenge(realm, nonce, qop, algorithm, fields.get("opaque", ""))


def _pairs(header: str) -> list[tuple[str, str, str]]:
    return _PAIR.findall(header[7:LONGEST])


def _response(challenge: Challenge, request: Request, login: Login, use: tuple[str, str]) -> str:
    digest = _HASHES[challenge.algorithm]
    secret = digest(f"{login.name}:{challenge.realm}:{login.password}".encode())
    asked = digest(f"{request.method}:{request.uri}".encode())
    if not challenge.qop:
        return digest(f"{secret}:{challenge.nonce}:{asked}".encode())
    count, cnonce = use
    return digest(f"{secret}:{challenge.nonce}:{count}:{cnonce}:auth:{asked}".encode())
