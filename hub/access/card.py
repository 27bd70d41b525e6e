"""What is shown of people and keys, by the API and by the command line alike."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.access.keys import id_of
from hub.access.record import ApiKey, Person
from hub.model.access import Role
from hub.model.instant import to_rfc3339


class Standing(StrEnum):
    """How somebody stands: in use, still to choose a password, too late for that, or shut out."""

    ACTIVE = "active"
    INVITED = "invited"
    LAPSED = "lapsed"
    DISABLED = "disabled"


class PersonCard(msgspec.Struct, frozen=True, kw_only=True):
    """A person without secrets; instants are RFC 3339."""

    name: str
    role: Role
    place: str
    phone: str
    state: Standing
    added_at: str | None
    code_ends_at: str | None
    second_factor: bool = False


class CodeCard(PersonCard, frozen=True, kw_only=True):
    """A person with the one-time code: shown once."""

    code: str


class KeyCard(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its token; `prefix` is the token's beginning, instants are RFC 3339."""

    id: str
    name: str
    role: Role
    place: str
    prefix: str
    created_at: str | None
    expires_at: str | None
    last_used_at: str | None
    replaced_by: str


class TokenCard(KeyCard, frozen=True, kw_only=True):
    """A key with its token: shown once."""

    token: str


def person_card(person: Person, now: float) -> PersonCard:
    """Describe a person as of `now`."""
    return PersonCard(
        name=person.name,
        role=person.role,
        place=person.scope,
        phone=person.phone,
        state=_standing(person, now),
        added_at=to_rfc3339(person.added_at or None),
        code_ends_at=to_rfc3339(person.code_ends_at),
        second_factor=bool(person.totp),
    )


def code_card(person: Person, code: str, now: float) -> CodeCard:
    """Describe a person together with the code just given."""
    return CodeCard(code=code, **msgspec.structs.asdict(person_card(person, now)))


def key_card(record: ApiKey, used_at: float | None = None) -> KeyCard:
    """Describe a key that was last used at `used_at`."""
    return KeyCard(
        id=id_of(record),
        name=record.name,
        role=record.role,
        place=record.scope,
        prefix=record.hint,
        created_at=to_rfc3339(record.created_at),
        expires_at=to_rfc3339(record.expires_at),
        last_used_at=to_rfc3339(used_at),
        replaced_by=record.replaced_by,
    )


def token_card(record: ApiKey, token: str) -> TokenCard:
    """Describe a key together with the token just given."""
    return TokenCard(token=token, **msgspec.structs.asdict(key_card(record)))


def _standing(person: Person, now: float) -> Standing:
    if person.disabled:
        return Standing.DISABLED
    if person.code_ends_at is None:
        return Standing.ACTIVE
    return Standing.INVITED if now < person.code_ends_at else Standing.LAPSED
