"""Standard Webhooks: HMAC-SHA256 of "id.timestamp.body" under the secret behind `whsec_`.

Source: github.com/standard-webhooks/standard-webhooks, spec 1.0.0.
"""

from __future__ import annotations

import base64
import hmac

WEBHOOK_SECRET = "whsec_"  # noqa: S105 - how it begins


def signed_headers(secret: str, number: str, now: float, body: bytes) -> dict[str, str]:
    """Return the three headers of a message; its `number` is the same whenever it is sent."""
    stamp = str(int(now))
    return {
        "webhook-id": number,
        "webhook-timestamp": stamp,
        "webhook-signature": sign(secret, number, stamp, body),
    }


def sign(secret: str, number: str, stamp: str, body: bytes) -> str:
    """Return the signature's header."""
    key = base64.b64decode(secret.removeprefix(WEBHOOK_SECRET))
    digest = hmac.digest(key, f"{number}.{stamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()
