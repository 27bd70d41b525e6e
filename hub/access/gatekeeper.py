"""The gatekeeper: finds who asks, and signs people in and out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from hub.access import code, keys, session
from hub.access.enrolment import Enrolment
from hub.access.key_cabinet import KeyCabinet
from hub.access.local import LocalDoor
from hub.access.lockout import Lockout
from hub.access.passwords import PasswordDesk
from hub.access.people import WRONG, People
from hub.access.recollection import Recollection
from hub.access.record import SESSIONS, Person, Session
from hub.access.second_factor import SecondFactor
from hub.access.session import NOWHERE, Screen
from hub.clock import Clock
from hub.errors import (
    AuthenticationError,
    PasswordUnsetError,
    ProviderError,
    SecondFactorError,
    StoreError,
)
from hub.model.access import Identity
from hub.ports import Books, Desk

TOLD_EVERY = 600.0
"""Seconds in which it is told once that a wall's cookie comes from elsewhere."""
STRANGE = 256
"""Sessions of which that is remembered."""
PROVIDER = "provider"
"""How the journal calls the organisation's sign-in."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign-in gives: the cookie (shown once) and who it stands for.

    `screen` is the secret of the wall screen that the session is bound to, empty without one.
    """

    cookie: str
    who: Identity
    screen: str = ""


class Gatekeeper:
    """Knows people, keys and sessions through the store; keeps only a small, short memory.

    `local` is the door of who commands on the hub's own machine, None where there is none. With
    `two_factors` administrators without a second factor administer nothing.
    """

    def __init__(
        self,
        books: Books,
        desk: Desk,
        clock: Clock,
        local: LocalDoor | None = None,
        *,
        two_factors: bool = False,
    ) -> None:
        self.two_factors = two_factors
        self._books = books
        self._desk = desk
        self._clock = clock
        self._local = local
        self._lockout = Lockout(clock)
        self._passwords = PasswordDesk()
        self._recent = Recollection(clock)
        self._strange: dict[str, float] = {}
        self.people = People(books, desk, clock, self._passwords, self._note_change)
        self.keys = KeyCabinet(books, desk, clock, self._recent.forget)
        self._second = SecondFactor(clock)
        self.enrolment = Enrolment(self.people, self._second, self._lockout, clock)

    async def by_token(self, token: str) -> Identity | None:
        """Return whom a machine key stands for, or None."""
        if self._local and (local := self._local.recognise(token)):
            return local
        digest = keys.digest_of(token)
        if known := self._recent.recall(digest):
            return known
        return self._recent.keep(digest, await self.keys.by_token(token))

    async def by_cookie(self, cookie: str, screen: Screen = NOWHERE) -> Identity | None:
        """Return whose session a cookie is; None for an unknown, ended or another screen's one."""
        digest = session.session_key(cookie)
        remembered = f"{digest}{screen.mark}"
        if known := self._recent.recall(remembered):
            return known
        body = await self._books.document(SESSIONS, digest)
        found = msgspec.json.decode(body, type=Session) if body else None
        if found is None or not found.is_live(self._clock.now()):
            return None
        person = await self.people.find(found.name)
        if person is None or person.disabled or found.generation != person.generation:
            return None
        if found.screen and found.screen != screen.mark:
            await self._tell_strange_screen(found, digest, screen)
            return None
        await self._touch(cookie, found)
        return self._recent.keep(remembered, person.identity())

    async def sign_in(
        self, name: str, password: str, address: str, screen: Screen = NOWHERE
    ) -> SignedIn:
        """Open a session; a guard's is bound to `screen` where that has a secret.

        Raises AuthenticationError when name or password is wrong, PasswordUnsetError when it is
        the person's one-time code, SecondFactorError when a second factor has to follow, and
        TooManyRequestsError while the account or the address (the peer's IP) is locked.
        """
        person = await self._prove(name, password, address)
        if person.code_ends_at is not None:
            raise PasswordUnsetError("the code is right; choose a password with it now")
        if person.totp:
            token = self._second.remember(person, screen)
            raise SecondFactorError("the password is right; send the code as well", token=token)
        return await self._open_session(person, address, screen)

    async def finish_sign_in(self, token: str, given: str, address: str) -> SignedIn:
        """Open the session of somebody half way in, by the code of the second factor.

        Raises AuthenticationError where that was too long ago, SecondFactorError when the code is
        wrong, and TooManyRequestsError while the account or the address is locked.
        """
        half = self._second.half(token)
        person = await self.people.find(half.name) if half else None
        if half is None or person is None or person.generation != half.generation:
            raise AuthenticationError("that took too long; type name and password again")
        subjects = (f"account:{person.name}", f"address:{address}")
        self._lockout.check(*subjects)
        if not self._second.fits(person.name, person.totp, given):
            await self._tell_failure(person, address, self._lockout.fail(*subjects))
            raise SecondFactorError("the code is not right; wait for the next one", token=token)
        self._second.drop(token)
        self._lockout.forget(subjects[0])
        return await self._open_session(person, address, half.screen, by=half.by)

    @contextlib.asynccontextmanager
    async def watching(self, address: str) -> AsyncIterator[None]:
        """Tell the journal why the block named nobody; what is not to be trusted is a failure.

        Raises TooManyRequestsError at once while the address is locked.
        """
        subject = f"address:{address}"
        self._lockout.check(subject)
        try:
            yield
        except ProviderError as error:
            locked = self._lockout.fail(subject) if error.reason == "distrust" else ()
            await self._tell_failure(None, address, locked, by=PROVIDER, why=str(error))
            raise

    async def admit(self, name: str, address: str) -> SignedIn:
        """Open a session of somebody whom the organisation's sign-in has named.

        Raises ProviderError `unknown` when nobody here is called so, or the person is shut out,
        SecondFactorError when a second factor has to follow, and TooManyRequestsError while the
        account or the address is locked.
        """
        self._lockout.check(f"account:{name}", f"address:{address}")
        person = await self.people.find(name) if name else None
        if person is None or person.disabled:
            await self._tell_failure(person, address, (), by=PROVIDER, why="nobody here is meant")
            raise ProviderError(f"there is no {name!a} here who may come in", reason="unknown")
        if person.totp:
            token = self._second.remember(person, NOWHERE, PROVIDER)
            raise SecondFactorError("send the code as well", token=token)
        return await self._open_session(person, address, by=PROVIDER)

    async def choose_password(self, name: str, given: str, password: str, address: str) -> SignedIn:
        """Replace somebody's one-time code by a password, and open a session.

        Raises what `sign_in` raises for name and code, and InvalidRequestError when the password
        does not do: the code then stays good.
        """
        person = await self._prove(name, given, address)
        if person.code_ends_at is None:
            raise AuthenticationError(WRONG)
        chosen = await self.people.choose_password(person, password)
        return await self._open_session(chosen, address)

    async def sign_out(self, cookie: str, who: Identity) -> None:
        """End a session at once."""
        self._recent.forget()
        gone = session.session_document(cookie, None, self._clock.now())
        await self._desk.write([gone], [("person.signed_out", who.name, who.name, {})])

    async def _prove(self, name: str, secret: str, address: str) -> Person:
        subjects = (f"account:{name}", f"address:{address}")
        self._lockout.check(*subjects)
        person = await self.people.find(name)
        now = self._clock.now()
        known = person if person and _may_try(person, now) else None
        typed = code.as_given(secret) if known and known.code_ends_at else secret
        fits = await self._passwords.verify(known.password_hash if known else None, typed)
        if known is None or not fits:
            await self._tell_failure(person, address, self._lockout.fail(*subjects))
            raise AuthenticationError(WRONG)
        if not known.totp:
            # Else a right password would give five more tries at the code.
            self._lockout.forget(subjects[0])
        return known

    async def _open_session(
        self, person: Person, address: str, screen: Screen = NOWHERE, *, by: str = ""
    ) -> SignedIn:
        """Open a session of somebody as read: one who was changed meanwhile is not let in by it."""
        now, cookie = self._clock.now(), session.new_cookie()
        opened = session.open_session(person, now, screen)
        document = session.session_document(cookie, opened, now)
        name, data = person.name, {"address": address} | ({"wall": True} if opened.screen else {})
        data |= {"by": by} if by else {}
        await self._desk.write([document], [("person.signed_in", name, name, data)])
        bound = screen.secret if opened.screen else ""
        return SignedIn(cookie=cookie, who=person.identity(), screen=bound)

    async def _tell_strange_screen(self, found: Session, digest: str, screen: Screen) -> None:
        """Tell, once in a while, that the cookie of a wall has come from somewhere else."""
        now = self._clock.now()
        if now - self._strange.get(digest, float("-inf")) < TOLD_EVERY:
            return
        if len(self._strange) >= STRANGE:
            self._strange.clear()
        self._strange[digest] = now
        data = {"address": screen.address}
        with contextlib.suppress(StoreError):
            await self._desk.write([], [("person.strange_screen", found.name, "hub", data)])

    def _note_change(self, name: str) -> None:
        self._recent.forget()
        self._lockout.forget(f"account:{name}")

    async def _touch(self, cookie: str, found: Session) -> None:
        now = self._clock.now()
        if fresh := session.touched(found, now):
            # A full disk must not sign the guard out; the session only ages.
            with contextlib.suppress(StoreError):
                await self._desk.write([session.session_document(cookie, fresh, now)])

    async def _tell_failure(
        self, person: Person | None, address: str, locked: Sequence[str], **more: str
    ) -> None:
        """Tell who did not get in; a name that nobody has may be a password typed too early."""
        data: dict[str, Any] = {"address": address, **more}
        failed = ("person.sign_in_failed", person.name if person else "", "hub", data)
        entries = [("person.locked", subject, "hub", data) for subject in locked]
        await self._desk.write([], [failed, *entries])


def _may_try(person: Person, now: float) -> bool:
    """Tell whether the hash of somebody is worth comparing: not shut out, the code not too old."""
    return not person.disabled and (person.code_ends_at is None or now < person.code_ends_at)
