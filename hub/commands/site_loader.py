"""The office for the books of a site: of the hub that runs, or of the store where none does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import quote

import httpx2

from hub.access.gatekeeper import Gatekeeper
from hub.access.local import local_identity, local_user
from hub.api.shape_of_site import FreshLoad, Load, Pairing
from hub.assembly.loading import load_world
from hub.assembly.quiet_desk import QuietDesk
from hub.assembly.remote_office import ask, hub_client, lives
from hub.assembly.site_ledger import Ledger
from hub.assembly.site_office import SiteBooks
from hub.clock import SystemClock
from hub.model.site_load import SiteLoad
from hub.ports.site import HardwareSwap, PairingWish, Renaming
from hub.settings import Settings
from hub.store.ownership import left_to_owner
from hub.store.sqlite import open_store


class Loader(Protocol):
    """Loads and takes back: in this process, or by asking the hub that runs."""

    runs: bool

    async def load(self, data: bytes, file: str, *, remove: bool) -> tuple[int, Mapping[str, str]]:
        """Load a workbook; returns the load's number, and one-time codes by name."""
        ...

    async def rename(self, device_id: str, renaming: Renaming) -> int:
        """Give a device another id; returns the load's number."""
        ...

    async def swap(self, device_id: str, swap: HardwareSwap) -> int:
        """Note other hardware of a device; returns the load's number."""
        ...

    async def pair(self, wish: PairingWish) -> str:
        """Open a pairing window; returns its id."""
        ...

    async def close(self, pairing: str) -> None:
        """Close a pairing window."""
        ...

    async def undo(self) -> tuple[int, str]:
        """Take the newest load back; returns its number and file."""
        ...


@asynccontextmanager
async def open_loader(settings: Settings) -> AsyncIterator[Loader]:
    """Open the office of the site that the settings describe, for who runs this command.

    A store has one writer: the running hub, or else this process.
    """
    user = local_user()
    async with contextlib.AsyncExitStack() as stack:
        client = hub_client(settings.store.path.parent, user)
        if client is not None:
            await stack.enter_async_context(client)
            if await lives(client):
                yield _Remote(client)
                return
        clock = SystemClock(speed=settings.demo.speed, origin=settings.demo.clock_origin)
        path = settings.store.path
        stack.enter_context(left_to_owner(path))
        store = await stack.enter_async_context(open_store(path, clock=clock))
        snapshot = await store.archive.load(now=clock.now())
        desk = QuietDesk(store.committer, clock, snapshot.last_seq)
        models = load_world(settings, {}).models
        people = Gatekeeper(store.books, desk, clock).people
        ledger = Ledger(
            settings, models, books=store.books, write=desk.write, clock=clock, people=people
        )
        yield _Own(SiteBooks(ledger), user)


def soon(loader: Loader) -> str:
    """Say when a load counts, in both languages."""
    if loader.runs:
        return "系统几秒后自动重启生效。 The hub starts again with it within seconds."
    return "下次启动生效。 It counts from the next start."


class _Own:
    """Loads in this process, since no hub runs."""

    runs = False

    def __init__(self, office: SiteBooks, user: str) -> None:
        self._office, self._who = office, local_identity(user)

    async def load(self, data: bytes, file: str, *, remove: bool) -> tuple[int, Mapping[str, str]]:
        loaded = await self._office.load(data, file, self._who, remove=remove, people=True)
        return loaded.load.number, loaded.codes

    async def rename(self, device_id: str, renaming: Renaming) -> int:
        return (await self._office.rename(device_id, renaming, self._who)).number

    async def swap(self, device_id: str, swap: HardwareSwap) -> int:
        return (await self._office.swap(device_id, swap, self._who)).number

    async def pair(self, wish: PairingWish) -> str:
        return (await self._office.open_pairing(wish, self._who)).id

    async def close(self, pairing: str) -> None:
        await self._office.close_pairing(pairing, self._who)

    async def undo(self) -> tuple[int, str]:
        load: SiteLoad = await self._office.undo(self._who, people=True)
        return load.number, load.file


class _Remote:
    """Has the hub load that runs."""

    runs = True

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def load(self, data: bytes, file: str, *, remove: bool) -> tuple[int, Mapping[str, str]]:
        words = {"file": file, "remove": str(remove).lower()}
        load = await ask(self._client, "POST", "site/loads", FreshLoad, body=data, params=words)
        return load.number, load.codes

    async def rename(self, device_id: str, renaming: Renaming) -> int:
        return await self._change(device_id, "rename", renaming)

    async def swap(self, device_id: str, swap: HardwareSwap) -> int:
        return await self._change(device_id, "swap", swap)

    async def _change(self, device_id: str, do: str, body: Renaming | HardwareSwap) -> int:
        path = f"site/devices/{quote(device_id, safe='')}/{do}"
        return (await ask(self._client, "POST", path, Load, body=body)).number

    async def pair(self, wish: PairingWish) -> str:
        return (await ask(self._client, "POST", "site/pairings", Pairing, body=wish)).id

    async def close(self, pairing: str) -> None:
        path = f"site/pairings/{quote(pairing, safe='')}/close"
        await ask(self._client, "POST", path, Pairing)

    async def undo(self) -> tuple[int, str]:
        load = await ask(self._client, "POST", "site/loads/undo", Load)
        return load.number, load.file
