"""What the store keeps about people, keys and sessions; secrets only as hashes."""

from __future__ import annotations

import msgspec

from hub.model.access import Identity, Role

PEOPLE = "person"
KEYS = "api_key"
USES = "key_use"
SESSIONS = "session"
"""Collections of documents; a person's key is the login name, the others' is a digest."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can sign in; `scope` is a place path, empty for the whole community.

    `password_hash` is argon2's encoded form of the password; while `code_ends_at` is not None it is
    that of a one-time code, good until that instant. `generation` counts changes: sessions of an
    earlier one have ended, whatever a clock says. `totp` is the secret of a second factor
    in base32: with it nobody is let in by the password alone.
    """

    name: str
    role: Role
    scope: str = ""
    password_hash: str = ""
    phone: str = ""
    code_ends_at: float | None = None
    disabled: bool = False
    generation: int = 0
    added_at: float = 0.0
    totp: str = ""

    def identity(self) -> Identity:
        """Return who this person is to the rest of the hub."""
        proven = bool(self.totp)
        return Identity(name=self.name, role=self.role, scope=self.scope, proven=proven)


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's key; `sha256` is the digest of the whole token, `hint` its first letters.

    `name` is the machine's, or the login of the person whose programs use it: who may not check
    the own work with a password may not do it with a key either. `replaced_by` is the id of the
    key that was given instead.
    """

    name: str
    role: Role
    scope: str = ""
    sha256: str
    hint: str = ""
    created_at: float = 0.0
    expires_at: float | None = None
    replaced_by: str = ""

    def identity(self) -> Identity:
        """Return who this key stands for."""
        name = f"key:{self.name}"
        return Identity(name=name, role=self.role, scope=self.scope, machine=True)

    def is_live(self, now: float) -> bool:
        """Tell whether the key still counts at `now`."""
        return self.expires_at is None or now < self.expires_at


class KeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """When a key was last used; apart from the key, so that noting a use never revives one."""

    at: float


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser; it may rest for `idle` seconds, and ends at `ends_at` anyway.

    `generation` is that of its person: it has to be the same still. `screen` is the mark of the one
    that it is bound to, empty where it is bound to none.
    """

    name: str
    opened_at: float
    seen_at: float
    idle: float
    ends_at: float
    generation: int = 0
    screen: str = ""

    def is_live(self, now: float) -> bool:
        """Tell whether the session still counts at `now`."""
        return now < min(self.seen_at + self.idle, self.ends_at)
