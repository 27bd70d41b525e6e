"""Machine keys: `Authorization: Bearer ld_…`, random, shown once, stored as SHA-256.

The document's key is the digest's first 16 hex digits, so that a look-up reveals nothing about
the token; the whole digest is then compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import msgspec

from hub.access.record import KEYS, ApiKey
from hub.model.access import Identity, Role
from hub.ports import Document

MARK = "ld_"
RANDOM_BYTES = 32
HINT_LENGTH = 7
LOOKUP_LENGTH = 16

KeyEntry = tuple[str, str, str, dict[str, Any]]
"""A journal entry about a key: type, the key's id, actor, data."""


def new_token() -> str:
    """Return a new token of 256 random bits."""
    return MARK + secrets.token_urlsafe(RANDOM_BYTES)


def digest_of(token: str) -> str:
    """Return the token's SHA-256 as 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def lookup_of(token: str) -> str:
    """Return the document key under which a token's record lies."""
    return digest_of(token)[:LOOKUP_LENGTH]


def id_of(record: ApiKey) -> str:
    """Return a key's id, under which it is listed and kept."""
    return record.sha256[:LOOKUP_LENGTH]


def key_record(
    token: str, *, name: str, role: Role, now: float, scope: str = "", lasts: float | None = None
) -> ApiKey:
    """Make a key's record; `lasts` is its life in seconds, None for ever."""
    return ApiKey(
        name=name,
        role=role,
        scope=scope,
        sha256=digest_of(token),
        hint=token[:HINT_LENGTH],
        created_at=now,
        expires_at=None if lasts is None else now + lasts,
    )


def key_document(record: ApiKey) -> Document:
    """Return the document that keeps a key."""
    return Document(
        collection=KEYS,
        key=id_of(record),
        body=msgspec.json.encode(record),
        at=record.created_at,
    )


def check_key(body: bytes | None, token: str, now: float) -> Identity | None:
    """Return whom the stored key stands for, or None when it is unknown, wrong or expired."""
    if body is None:
        return None
    record = msgspec.json.decode(body, type=ApiKey)
    if not hmac.compare_digest(record.sha256, digest_of(token)) or not record.is_live(now):
        return None
    return record.identity()
