"""Browser sessions: a random cookie, its SHA-256 in the store, and the token that forms carry.

A person's session ends after 30 minutes of rest, a guard's wall after 24 hours: it stands lit all
night, and a guard who must type a password at 3 a.m. opens no gate. So it is bound to its screen:
to a second cookie that stays in that browser, and to the address it asks from.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import msgspec

from hub.access.record import SESSIONS, Person, Session
from hub.model.access import Role
from hub.ports import Document

COOKIE = "lingdang_session"
SCREEN_COOKIE = "lingdang_screen"
SCREEN_FOR = 365 * 24 * 3600
"""Seconds that a browser remembers that it is a wall screen."""
RANDOM_BYTES = 32
IDLE = 30 * 60.0
IDLE_OF_WALL = 24 * 3600.0
LIFETIME = 7 * 24 * 3600.0
"""Seconds after which even a busy session signs in again."""
TOUCH_EVERY = 60.0
"""Seconds between two writes of "seen": a page that polls must not write at each request."""


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody sits: the secret of the browser (empty where it has none), and its address."""

    secret: str = ""
    address: str = ""

    @property
    def mark(self) -> str:
        """The SHA-256 of both, as a bound session keeps it; empty without a secret."""
        if not self.secret:
            return ""
        return hashlib.sha256(f"{self.secret}\n{self.address}".encode()).hexdigest()


NOWHERE = Screen()


def new_cookie() -> str:
    """Return a new session cookie of 256 random bits."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def session_key(cookie: str) -> str:
    """Return the document key of a session: the cookie's SHA-256."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def open_session(person: Person, now: float, screen: Screen = NOWHERE) -> Session:
    """Start a session of a person at `now`; a guard's on a wall screen is bound to that."""
    mark = screen.mark if person.role is Role.GUARD else ""
    idle = IDLE_OF_WALL if mark else IDLE
    return Session(
        name=person.name,
        opened_at=now,
        seen_at=now,
        idle=idle,
        ends_at=now + LIFETIME,
        generation=person.generation,
        screen=mark,
    )


def touched(session: Session, now: float) -> Session | None:
    """Return the session seen at `now`, or None when it was written a moment ago."""
    if now - session.seen_at < TOUCH_EVERY:
        return None
    return msgspec.structs.replace(session, seen_at=now)


def session_document(cookie: str, session: Session | None, now: float) -> Document:
    """Return the document that keeps a session; None as session deletes it."""
    body = None if session is None else msgspec.json.encode(session)
    return Document(collection=SESSIONS, key=session_key(cookie), body=body, at=now)


def csrf_token(cookie: str) -> str:
    """Return the token that forms of this session carry; only the cookie's holder can make it."""
    return hmac.new(cookie.encode(), b"lingdang form", hashlib.sha256).hexdigest()


def csrf_fits(cookie: str, token: str) -> bool:
    """Tell whether a form's token belongs to the session."""
    return hmac.compare_digest(csrf_token(cookie).encode(), token.encode())
