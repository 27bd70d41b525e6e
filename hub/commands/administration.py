"""Opens the office for people and keys: of the hub that runs, or of the store where none does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.access.gatekeeper import Gatekeeper
from hub.access.local import local_identity, local_user
from hub.access.office import Office, OwnOffice
from hub.assembly.loading import load_world, read_data_settings
from hub.assembly.quiet_desk import QuietDesk
from hub.assembly.remote_office import RemoteOffice, hub_client
from hub.clock import SystemClock
from hub.settings import Settings
from hub.store.ownership import left_to_owner
from hub.store.sqlite import open_store


@asynccontextmanager
async def open_office(config: Path) -> AsyncIterator[Office]:
    """Open the office of the hub that `config` describes, for who runs this command.

    A store has one writer, which its lock holds: the running hub, or else this process.
    """
    settings, user = read_data_settings(config), local_user()
    async with contextlib.AsyncExitStack() as stack:
        client = hub_client(settings.store.path.parent, user)
        if client is not None:
            office = RemoteOffice(await stack.enter_async_context(client))
            if await office.answers():
                yield office
                return
        yield await stack.enter_async_context(_own_office(settings, user))


@asynccontextmanager
async def _own_office(settings: Settings, user: str) -> AsyncIterator[OwnOffice]:
    path = settings.store.path
    clock = SystemClock(speed=settings.demo.speed, origin=settings.demo.clock_origin)
    with left_to_owner(path):
        async with open_store(path, clock=clock) as store:
            snapshot = await store.archive.load(now=clock.now())
            desk = QuietDesk(store.committer, clock, snapshot.last_seq)
            gatekeeper = Gatekeeper(store.books, desk, clock)
            places = load_world(settings, {}).site.places
            yield OwnOffice(gatekeeper, clock, places, local_identity(user))
