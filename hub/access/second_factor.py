"""The second factor between password and session: who is half way in, and codes used once.

In memory and bounded: whoever is half way in at a restart types the password again.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Any

import msgspec

from hub.access.record import Person
from hub.access.session import Screen
from hub.access.totp import find_step, new_secret
from hub.clock import Clock

HALF_WAY_FOR = 300.0
"""Seconds between the password and the code, and between a new secret and its first code."""
REMEMBERED = 1024
RANDOM_BYTES = 32


class Half(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose password was right, as read then, on that screen.

    `by` is "provider" for whom the organisation's sign-in has named.
    """

    name: str
    generation: int
    ends_at: float
    screen: Screen
    by: str = ""


class SecondFactor:
    """Remembers who is half way in, by a random token, and the last step of each person's codes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._halves: OrderedDict[str, Half] = OrderedDict()
        self._offers: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._used: OrderedDict[str, int] = OrderedDict()

    def remember(self, person: Person, screen: Screen, by: str = "") -> str:
        """Return the token with which somebody goes on to the code."""
        token = secrets.token_urlsafe(RANDOM_BYTES)
        ends_at = self._clock.now() + HALF_WAY_FOR
        self._halves[token] = Half(
            name=person.name, generation=person.generation, ends_at=ends_at, screen=screen, by=by
        )
        _bound(self._halves)
        return token

    def half(self, token: str) -> Half | None:
        """Return who goes on with that token, or None where it is unknown or too old."""
        found = self._halves.get(token)
        return found if found and self._clock.now() < found.ends_at else None

    def drop(self, token: str) -> None:
        """Forget a token that was used."""
        self._halves.pop(token, None)

    def fits(self, name: str, secret: str, given: str) -> bool:
        """Tell whether it is a person's code of now; each is good once."""
        step = find_step(secret, given, self._clock.now(), self._used.get(name, -1))
        if step is None:
            return False
        self._used[name] = step
        self._used.move_to_end(name)
        _bound(self._used)
        return True

    def offer(self, name: str) -> str:
        """Return a new secret for somebody to put into an app."""
        secret = new_secret()
        self._offers[name] = (secret, self._clock.now() + HALF_WAY_FOR)
        _bound(self._offers)
        return secret

    def offered(self, name: str) -> str:
        """Return the secret that was offered a moment ago; empty where none was."""
        secret, ends_at = self._offers.get(name, ("", 0.0))
        return secret if self._clock.now() < ends_at else ""


def _bound(memory: OrderedDict[str, Any]) -> None:
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
