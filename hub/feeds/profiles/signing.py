"""Signs: from parameters and a secret to the text that is signed, and to the sign.

SM3 (GB/T 32905) comes from OpenSSL; where that was built without it, a profile that wants it is
refused with that reason when it is loaded.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from hub.model.profile import Auth

MASK = "******"
KEYED = "hmac-"


def has_algorithm(name: str) -> bool:
    """Tell whether this Python can make such a sign."""
    try:
        hashlib.new(name.removeprefix(KEYED))
    except ValueError:
        return False
    return True


def canonical_text(auth: Auth, params: Mapping[str, str], secret: str, body: bytes = b"") -> str:
    """Return the text that is signed: the pairs in their order, put into the profile's form.

    The sign itself is no part of it. Sorted is by code points, as "by ASCII" is meant.
    """
    names = auth.order or sorted(params)
    pairs = [
        auth.pair.replace("{name}", name).replace("{value}", params.get(name, ""))
        for name in names
        if name != auth.sign and (params.get(name) or auth.empty == "keep")
    ]
    parts = {
        "{params}": auth.join.join(pairs),
        "{secret}": secret,
        "{body}": body.decode("utf-8", "replace"),
        "{app_key}": params.get(auth.app_key, ""),
        "{timestamp}": params.get(auth.timestamp, ""),
        "{nonce}": params.get(auth.nonce, ""),
    }
    return _fill(auth.canonical, parts)


def make_sign(auth: Auth, text: str, secret: str) -> str:
    """Return the sign of a text."""
    name, data = auth.algorithm, text.encode()
    if name.startswith(KEYED):
        digest = hmac.digest(secret.encode(), data, name.removeprefix(KEYED))
    else:
        digest = hashlib.new(name, data, usedforsecurity=False).digest()
    if auth.encoding == "base64":
        return base64.b64encode(digest).decode()
    return digest.hex().upper() if auth.letters == "upper" else digest.hex()


def is_same_sign(auth: Auth, due: str, given: str) -> bool:
    """Compare in constant time; hex letters count in either case."""
    if auth.encoding == "hex":
        due, given = due.lower(), given.lower()
    return hmac.compare_digest(due.encode(), given.encode())


def mask(text: str, secret: str) -> str:
    """Return a text without its secret."""
    return text.replace(secret, MASK) if secret else text


def _fill(form: str, parts: Mapping[str, str]) -> str:
    """Put the parts into a form once: what a value holds is not looked at again."""
    filled, rest = "", form
    while rest:
        found = [(at, part) for part in parts if (at := rest.find(part)) >= 0]
        if not found:
            return filled + rest
        at, part = min(found)
        filled += rest[:at] + parts[part]
        rest = rest[at + len(part) :]
    return filled
