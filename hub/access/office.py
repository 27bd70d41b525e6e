"""The office for people and keys: what an administrator asks for, and the cards that come back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from fastapi import Request

from hub.access.card import (
    CodeCard,
    KeyCard,
    PersonCard,
    TokenCard,
    code_card,
    key_card,
    person_card,
    token_card,
)
from hub.access.gatekeeper import Gatekeeper
from hub.access.http import identity_of, ports_of
from hub.access.key_cabinet import NewKey
from hub.access.people import NewPerson, PersonChange
from hub.access.word import check_place
from hub.clock import Clock
from hub.errors import ForbiddenError
from hub.model.access import Identity


class Office(Protocol):
    """What can be asked of it: here, or over HTTP of a hub that runs."""

    async def people(self) -> list[PersonCard]:
        """List everybody."""
        ...

    async def add(self, new: NewPerson) -> CodeCard:
        """Add somebody; the card has the one-time code."""
        ...

    async def reset(self, name: str) -> CodeCard:
        """Give somebody a new one-time code."""
        ...

    async def change(self, name: str, change: PersonChange) -> PersonCard:
        """Give somebody another role, place or phone."""
        ...

    async def disable(self, name: str) -> PersonCard:
        """Shut somebody out."""
        ...

    async def keys(self) -> list[KeyCard]:
        """List every key."""
        ...

    async def give(self, new: NewKey) -> TokenCard:
        """Make a key; the card has the token."""
        ...

    async def rotate(self, key_id: str, overlap: str) -> TokenCard:
        """Make a key in another's place, which ends after `overlap`."""
        ...

    async def revoke(self, key_id: str) -> KeyCard:
        """Make a key worthless."""
        ...


class OwnOffice:
    """The office of this process, for one administrator; `places` are the site's paths."""

    def __init__(
        self, gatekeeper: Gatekeeper, clock: Clock, places: Collection[str], who: Identity
    ) -> None:
        self._people = gatekeeper.people
        self._keys = gatekeeper.keys
        self._clock = clock
        self._places = places
        self._who = who

    async def people(self) -> list[PersonCard]:
        """List everybody, by name."""
        now = self._clock.now()
        return [person_card(person, now) for person in await self._people.all()]

    async def add(self, new: NewPerson) -> CodeCard:
        """Add somebody; NotFoundError for an unknown place, else as `People.add`."""
        check_place(new.place, self._places)
        return code_card(*await self._people.add(new, self._who), self._clock.now())

    async def reset(self, name: str) -> CodeCard:
        """Give somebody a new one-time code; NotFoundError when there is nobody."""
        return code_card(*await self._people.reset(name, self._who), self._clock.now())

    async def change(self, name: str, change: PersonChange) -> PersonCard:
        """Change somebody; NotFoundError for an unknown place, else as `People.change`."""
        check_place(change.place or "", self._places)
        changed = await self._people.change(name, change, self._who)
        return person_card(changed, self._clock.now())

    async def disable(self, name: str) -> PersonCard:
        """Shut somebody out; NotFoundError when there is nobody."""
        return person_card(await self._people.disable(name, self._who), self._clock.now())

    async def keys(self) -> list[KeyCard]:
        """List every key, newest first."""
        return [key_card(record, used_at) for record, used_at in await self._keys.all()]

    async def give(self, new: NewKey) -> TokenCard:
        """Make a key; NotFoundError for an unknown place, else as `KeyCabinet.give`."""
        check_place(new.place, self._places)
        return token_card(*await self._keys.give(new, self._who))

    async def rotate(self, key_id: str, overlap: str) -> TokenCard:
        """Make a key in another's place; raises what `KeyCabinet.rotate` does."""
        return token_card(*await self._keys.rotate(key_id, overlap, self._who))

    async def revoke(self, key_id: str) -> KeyCard:
        """Make a key worthless; NotFoundError when there is none."""
        return key_card(await self._keys.revoke(key_id, self._who))


async def office_of(request: Request) -> OwnOffice:
    """Return the office for who asks; ForbiddenError for one who sees but a part.

    Who could add people beyond the own place would not be bound to it any more.
    """
    ports, who = ports_of(request), await identity_of(request)
    if who.scope:
        raise ForbiddenError(
            f"{who.name} sees {who.scope} only; people and keys are for who sees the community",
            zh="只有负责整个社区的管理员可以管理账号和密钥。",
        )
    return OwnOffice(ports.gatekeeper, ports.clock, ports.live.places(), who)
