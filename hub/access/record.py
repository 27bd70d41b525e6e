"""What the store keeps about people, keys and sessions; secrets only as hashes."""

from __future__ import annotations

import msgspec

from hub.model.access import Identity, Role

PEOPLE = "person"
KEYS = "api_key"
SESSIONS = "session"
"""Collections of documents; a person's key is the login name, the others' is a digest."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can sign in; `password_hash` is argon2's encoded form, `scope` a place path."""

    name: str
    role: Role
    scope: str = ""
    password_hash: str

    def identity(self) -> Identity:
        """Return who this person is to the rest of the hub."""
        return Identity(name=self.name, role=self.role, scope=self.scope)


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's key; `sha256` is the digest of the whole token, `hint` its first letters.

    `name` is the machine's, or the login of the person whose programs use it: who may not check
    the own work with a password may not do it with a key either.
    """

    name: str
    role: Role
    scope: str = ""
    sha256: str
    hint: str = ""
    created_at: float = 0.0
    expires_at: float | None = None

    def identity(self) -> Identity:
        """Return who this key stands for."""
        name = f"key:{self.name}"
        return Identity(name=name, role=self.role, scope=self.scope, machine=True)

    def is_live(self, now: float) -> bool:
        """Tell whether the key still counts at `now`."""
        return self.expires_at is None or now < self.expires_at


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser; it may rest for `idle` seconds, and ends at `ends_at` anyway."""

    name: str
    opened_at: float
    seen_at: float
    idle: float
    ends_at: float

    def is_live(self, now: float) -> bool:
        """Tell whether the session still counts at `now`."""
        return now < min(self.seen_at + self.idle, self.ends_at)
