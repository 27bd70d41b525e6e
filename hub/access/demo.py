"""Takes in the demo's logins and keys; whatever is the same already is left alone."""

from __future__ import annotations

import asyncio

import msgspec

from hub.access.keys import key_document, key_record, lookup_of
from hub.access.passwords import PasswordDesk
from hub.access.record import KEYS, PEOPLE, ApiKey, Person
from hub.errors import ConfigError, Problem
from hub.model.access import Role
from hub.ports import Books, Document


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A name and the password in plain: only a demo keeps such a file."""

    name: str
    password: str


class DemoAccess(msgspec.Struct, frozen=True, kw_only=True):
    """The file `demo-access.json`: role → login, role → token."""

    logins: dict[Role, Login] = {}
    keys: dict[Role, str] = {}


async def import_access(
    text: str | bytes, books: Books, *, now: float, file: str = "demo-access.json"
) -> list[Document]:
    """Return the documents that are missing or different; an empty list when nothing is.

    Raises ConfigError when the text is not such a file; `file` names it there.
    """
    access = parse_access(text, file)
    desk = PasswordDesk()
    people = await asyncio.gather(
        *(_person(role, login, books, desk) for role, login in access.logins.items())
    )
    keys = await asyncio.gather(
        *(
            _key(_record(access, role, token, now), token, books)
            for role, token in access.keys.items()
        )
    )
    return [document for document in (*people, *keys) if document is not None]


def parse_access(text: str | bytes, file: str) -> DemoAccess:
    """Read the file's text; raises ConfigError, naming `file`, when it is not such a one."""
    try:
        return msgspec.json.decode(text, type=DemoAccess)
    except msgspec.DecodeError as error:
        problem = Problem(
            file=file,
            message=str(error),
            hint='write {"logins": {role: {"name", "password"}}, "keys": {role: token}}',
        )
        raise ConfigError(problem) from error


async def _person(role: Role, login: Login, books: Books, desk: PasswordDesk) -> Document | None:
    body = await books.document(PEOPLE, login.name)
    known = msgspec.json.decode(body, type=Person) if body else None
    if known and (known.disabled or await _is_same(known, role, login, desk)):
        return None
    password_hash = await desk.hash(login.password)
    generation = known.generation + 1 if known else 0
    person = Person(name=login.name, role=role, password_hash=password_hash, generation=generation)
    return Document(collection=PEOPLE, key=login.name, body=msgspec.json.encode(person))


async def _is_same(known: Person, role: Role, login: Login, desk: PasswordDesk) -> bool:
    return known.role is role and await desk.verify(known.password_hash, login.password)


def _record(access: DemoAccess, role: Role, token: str, now: float) -> ApiKey:
    login = access.logins.get(role)
    return key_record(token, name=login.name if login else role, role=role, now=now)


async def _key(record: ApiKey, token: str, books: Books) -> Document | None:
    body = await books.document(KEYS, lookup_of(token))
    known = msgspec.json.decode(body, type=ApiKey) if body else None
    if known and (known.role, known.name) == (record.role, record.name):
        return None
    return key_document(record)
