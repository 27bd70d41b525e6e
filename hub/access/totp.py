"""Codes that change every half minute (TOTP, RFC 6238 over HMAC-SHA1), as phones show them."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from urllib.parse import quote

STEP = 30
"""Seconds that a code is shown."""
DIGITS = 6
SECRET_BYTES = 20
DRIFT = 1
"""Steps before and after the present one whose code is taken: the clock of a phone is not ours."""


def new_secret() -> str:
    """Return a secret of 160 random bits in base32, as apps and people type it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """Return the code of the step that began `step * STEP` seconds after 1970 (RFC 4226, 5.3)."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def find_step(secret: str, given: str, now: float, after: int = -1) -> int | None:
    """Return the step after `after` whose code was given at about `now`, or None.

    Every candidate is compared in constant time.
    """
    typed, present = "".join(given.split()), int(now // STEP)
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        fits = hmac.compare_digest(code_at(secret, step).encode(), typed.encode())
        if fits and step > after:
            found = step
    return found


def enrolment(secret: str, name: str, community: str) -> str:
    """Return the address that an app reads from a QR code (Google's key URI format)."""
    label = quote(f"{community}:{name}", safe=":")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(community, safe='')}"
