"""Setting up and giving up one's second factor; either way all sessions of the person end."""

from __future__ import annotations

from hub.access.lockout import Lockout
from hub.access.people import People
from hub.access.record import Person
from hub.access.second_factor import SecondFactor
from hub.access.totp import find_step
from hub.clock import Clock
from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.access import Identity


class Enrolment:
    """What a person does about the own second factor; a wrong code counts as a failed sign-in."""

    def __init__(
        self, people: People, second: SecondFactor, lockout: Lockout, clock: Clock
    ) -> None:
        self._people = people
        self._second = second
        self._lockout = lockout
        self._clock = clock

    async def is_set(self, who: Identity) -> bool:
        """Tell whether somebody has a second factor."""
        return bool((await self._person(who)).totp)

    async def offer(self, who: Identity) -> str:
        """Return a new secret for an app; nothing counts before its first code has come."""
        if (await self._person(who)).totp:
            raise ConflictError(
                f"{who.name} has a second factor already; give it up first",
                zh="已经设好动态口令，要换手机请先停用。",
            )
        return self._second.offer(who.name)

    def offered(self, who: Identity) -> str:
        """Return the secret that was offered a moment ago; empty where none was."""
        return self._second.offered(who.name)

    async def confirm(self, who: Identity, given: str) -> None:
        """Have the offered secret count, once its code was typed in.

        Raises InvalidRequestError for a wrong code, and ConflictError where the offer is too old.
        """
        person, secret = await self._person(who), self._second.offered(who.name)
        if not secret:
            raise ConflictError("that took too long; begin again", zh="时间太长了，请重新开始。")
        # Its step is not used up: the person signs in with the very next code.
        self._check(who.name, fits=find_step(secret, given, self._clock.now()) is not None)
        await self._people.set_second_factor(person, secret)

    async def give_up(self, who: Identity, given: str) -> None:
        """End somebody's second factor, by its code."""
        person = await self._person(who)
        if not person.totp:
            raise ConflictError(f"{who.name} has no second factor", zh="没有设动态口令。")
        self._check(who.name, fits=self._second.fits(who.name, person.totp, given))
        await self._people.set_second_factor(person, "")

    def _check(self, name: str, *, fits: bool) -> None:
        account = f"account:{name}"
        self._lockout.check(account)
        if not fits:
            self._lockout.fail(account)
            raise InvalidRequestError(
                "the code is not right; wait for the next one",
                problems={"code": "not right"},
                zh="动态口令不对，请等下一个再试。",
            )

    async def _person(self, who: Identity) -> Person:
        person = None if who.machine else await self._people.find(who.name)
        if person is None:
            raise ForbiddenError("a key has no second factor", zh="密钥没有动态口令。")
        return person
