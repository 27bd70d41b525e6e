"""The gatekeeper: finds who asks, signs people in and out, and gives and takes keys."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.access import keys, session
from hub.access.lockout import Lockout
from hub.access.passwords import PasswordDesk
from hub.access.recollection import Recollection
from hub.access.record import KEYS, PEOPLE, SESSIONS, ApiKey, Person, Session
from hub.clock import Clock
from hub.errors import AuthenticationError, StoreError
from hub.model.access import Identity
from hub.ports import Books, Desk, Document

WRONG = (
    "姓名或密码不对。 Name or password is wrong; after five failures the door stays shut a while."
)


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign-in gives: the cookie (shown once) and who it stands for."""

    cookie: str
    who: Identity


class Gatekeeper:
    """Knows people, keys and sessions through the store; keeps only a small, short memory."""

    def __init__(self, books: Books, desk: Desk, clock: Clock) -> None:
        self._books = books
        self._desk = desk
        self._clock = clock
        self._lockout = Lockout(clock)
        self._passwords = PasswordDesk()
        self._recent = Recollection(clock)

    async def by_token(self, token: str) -> Identity | None:
        """Return whom a machine key stands for, or None."""
        digest = keys.digest_of(token)
        if known := self._recent.recall(digest):
            return known
        body = await self._books.document(KEYS, keys.lookup_of(token))
        return self._recent.keep(digest, keys.check_key(body, token, self._clock.now()))

    async def by_cookie(self, cookie: str) -> Identity | None:
        """Return whose session a cookie is, or None when it is unknown or has ended."""
        digest = session.session_key(cookie)
        if known := self._recent.recall(digest):
            return known
        body = await self._books.document(SESSIONS, digest)
        found = msgspec.json.decode(body, type=Session) if body else None
        if found is None or not found.is_live(self._clock.now()):
            return None
        await self._touch(cookie, found)
        person = await self._person(found.name)
        return self._recent.keep(digest, person.identity() if person else None)

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Open a session.

        Raises AuthenticationError when name or password is wrong, and TooManyRequestsError while
        the account or the address (the peer's IP) is locked.
        """
        subjects = (f"account:{name}", f"address:{address}")
        self._lockout.check(*subjects)
        person = await self._person(name)
        fits = await self._passwords.verify(person.password_hash if person else None, password)
        if person is None or not fits:
            await self._tell_locked(self._lockout.fail(*subjects))
            raise AuthenticationError(WRONG)
        self._lockout.forget(subjects[0])
        now, cookie = self._clock.now(), session.new_cookie()
        document = session.session_document(cookie, session.open_session(person, now), now)
        await self._desk.write([document], [("person.signed_in", name, name, {})])
        return SignedIn(cookie=cookie, who=person.identity())

    async def sign_out(self, cookie: str, who: Identity) -> None:
        """End a session at once."""
        self._recent.forget(session.session_key(cookie))
        gone = session.session_document(cookie, None, self._clock.now())
        await self._desk.write([gone], [("person.signed_out", who.name, who.name, {})])

    async def give_key(self, record: ApiKey, giver: Identity) -> None:
        """Keep a new key (`keys.key_record` makes one from a token that is shown once)."""
        entry = ("key.given", record.name, giver.name, {"hint": record.hint, "role": record.role})
        await self._desk.write([keys.key_document(record)], [entry])

    async def take_key(self, lookup: str, taker: Identity) -> None:
        """Make a key worthless at once; `lookup` is its document key."""
        gone = Document(collection=KEYS, key=lookup, body=None, at=self._clock.now())
        await self._desk.write([gone], [("key.taken", lookup, taker.name, {})])
        self._recent.forget()

    async def _person(self, name: str) -> Person | None:
        body = await self._books.document(PEOPLE, name)
        return msgspec.json.decode(body, type=Person) if body else None

    async def _touch(self, cookie: str, found: Session) -> None:
        now = self._clock.now()
        if fresh := session.touched(found, now):
            # A full disk must not sign the guard out; the session only ages.
            with contextlib.suppress(StoreError):
                await self._desk.write([session.session_document(cookie, fresh, now)])

    async def _tell_locked(self, subjects: Sequence[str]) -> None:
        if subjects:
            nothing: dict[str, Any] = {}
            entries = [("person.locked", subject, "hub", nothing) for subject in subjects]
            await self._desk.write([], entries)
