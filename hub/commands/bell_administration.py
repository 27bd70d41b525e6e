"""Opens the office of the bells for the command line: of the hub that runs, or of the store."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from hub.access.local import local_identity, local_user
from hub.assembly.links import build_dialler
from hub.assembly.loading import read_data_settings
from hub.assembly.quiet_desk import QuietDesk
from hub.assembly.remote_office import ask, hub_client, lives
from hub.bells.message import Scene
from hub.bells.office import Bells
from hub.bells.setting_up import Means, build_tower
from hub.clock import SystemClock
from hub.intake.pulse import CommitPulse
from hub.model.access import Identity
from hub.model.instant import to_rfc3339
from hub.ports import BellProof, ContactCard
from hub.settings import Settings
from hub.store.ownership import left_to_owner
from hub.store.sqlite import open_store

T = TypeVar("T")


class BellLine(msgspec.Struct, frozen=True, kw_only=True):
    """A bell as a line of the list; instants are RFC 3339."""

    id: str
    kind: str
    state: str
    since: str | None
    sent_at: str | None
    waiting: int
    why: str


class BellDesk(Protocol):
    """What the commands ask for, here or over HTTP of a hub that runs."""

    async def bells(self) -> Sequence[BellLine]:
        """List the bells."""
        ...

    async def test(self, bell: str, person: str) -> BellProof:
        """Send a test."""
        ...

    async def contact(self, person: str, addresses: Mapping[str, str]) -> ContactCard:
        """Write addresses, where there are any, and return what stands now."""
        ...


@asynccontextmanager
async def open_bells(config: Path) -> AsyncIterator[BellDesk]:
    """Open the bells of the hub that `config` describes, for who runs this command."""
    settings, user = read_data_settings(config), local_user()
    async with contextlib.AsyncExitStack() as stack:
        client = hub_client(settings.store.path.parent, user)
        if client is not None:
            await stack.enter_async_context(client)
            if await lives(client):
                yield RemoteBells(client)
                return
        yield await stack.enter_async_context(_own_bells(settings, local_identity(user)))


@asynccontextmanager
async def _own_bells(settings: Settings, who: Identity) -> AsyncIterator[OwnBells]:
    path = settings.store.path
    clock = SystemClock(speed=settings.demo.speed, origin=settings.demo.clock_origin)
    with left_to_owner(path):
        async with open_store(path, clock=clock) as store:
            last = (await store.archive.load(now=clock.now())).last_seq
            means = Means(
                books=store.books,
                desk=QuietDesk(store.committer, clock, last),
                pulse=CommitPulse(last),
                clock=clock,
                scene=lambda: Scene(places={}, language=settings.community.language),
                dialler=build_dialler(settings),
                allow=settings.outbound.allow,
            )
            tower = build_tower(settings.bell, means)
            async with tower.client:
                await tower.belfry.open()
                yield OwnBells(tower.office, who)


class OwnBells:
    """The bells of this process: those of a hub that does not run."""

    def __init__(self, office: Bells, who: Identity) -> None:
        self._office = office
        self._who = who

    async def bells(self) -> Sequence[BellLine]:
        """List the bells."""
        return [
            BellLine(
                id=card.id,
                kind=card.kind,
                state=card.state,
                since=to_rfc3339(card.since),
                sent_at=to_rfc3339(card.sent_at),
                waiting=card.waiting,
                why=card.why,
            )
            for card in self._office.bells()
        ]

    async def test(self, bell: str, person: str) -> BellProof:
        """Send a test; NotFoundError for a bell that there is not."""
        return await self._office.test(bell, person, self._who)

    async def contact(self, person: str, addresses: Mapping[str, str]) -> ContactCard:
        """Write addresses, where there are any, and return what stands now."""
        if addresses:
            return await self._office.change_contact(person, addresses, self._who)
        return await self._office.contact(person, self._who)


class RemoteBells:
    """The bells of a hub that runs."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def bells(self) -> Sequence[BellLine]:
        """List the bells."""
        return (await ask(self._client, "GET", "bells", _List[BellLine])).items

    async def test(self, bell: str, person: str) -> BellProof:
        """Send a test; HubError with the hub's sentence when it refuses."""
        path = f"bells/{quote(bell, safe='')}/test"
        return await ask(self._client, "POST", path, BellProof, body={"to": person})

    async def contact(self, person: str, addresses: Mapping[str, str]) -> ContactCard:
        """Write addresses, where there are any, and return what stands now."""
        path = f"contacts/{quote(person, safe='')}"
        if not addresses:
            return await ask(self._client, "GET", path, ContactCard)
        return await ask(self._client, "POST", path, ContactCard, body=addresses)


class _List(msgspec.Struct, Generic[T]):
    items: list[T]
