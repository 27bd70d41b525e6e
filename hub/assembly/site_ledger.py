"""The books of the site as a row of loads: which counts, what is compared with it, one more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from hub.access.enlisting import JournalLine
from hub.access.people import People
from hub.access.record import PEOPLE
from hub.assembly.site_books import known_uids
from hub.assembly.site_people import read_wanted, write_people
from hub.assembly.site_sheets import (
    NOTHING,
    digest_files,
    find_current,
    read_files,
    read_loads,
)
from hub.clock import Clock
from hub.model.access import Identity
from hub.model.catalogue import DeviceModel
from hub.model.device import DeviceUid
from hub.model.site_load import (
    SITE_LOADS,
    Enlisted,
    Sheets,
    SiteLoad,
    count_changes,
    pack,
)
from hub.ports import Books, Document
from hub.ports.site import Loaded, SiteProof
from hub.services.commission.state_book import DEVICES
from hub.services.sheets.checking import Ground
from hub.settings import Settings

KEPT = 10
"""Loads that are kept, and can be taken back one after the other."""
LINKS = ("modbus", "line", "dtu", "family", "stream", "push", "rtsp", "gb28181")
"""The tables of the settings whose names devices have as their link; one may not be there."""

Papers = Sequence[Document]
Lines = Sequence[JournalLine]
Write = Callable[[Papers, Lines], Awaitable[None]]


def links_of(settings: Settings) -> dict[str, str]:
    """Return the links that a device may name, each with its kind."""
    return {
        **({"mqtt": "mqtt", "hub": "hub"} if settings.mqtt else {}),
        **{each.name: table for table in LINKS for each in getattr(settings, table, ())},
    }


def do_nothing() -> None:
    """Do nothing: no hub runs."""


class Ledger:
    """What is stored of the books; who changes them holds `turn`.

    `people` are those who can sign in. `renew` has the hub start again, so that what was loaded
    counts; nothing, where none runs.
    """

    def __init__(
        self,
        settings: Settings,
        models: Mapping[str, DeviceModel],
        *,
        books: Books,
        write: Write,
        clock: Clock,
        people: People,
        renew: Callable[[], None] = do_nothing,
    ) -> None:
        self.settings, self.models = settings, models
        self.books, self.write, self.clock = books, write, clock
        self.people, self.renew = people, renew
        self.turn = asyncio.Lock()

    async def loads(self) -> list[SiteLoad]:
        """Return the loads that are kept, newest first."""
        return read_loads(await self.books.documents(SITE_LOADS))

    async def known(self) -> dict[str, DeviceUid]:
        """Return the uids of devices that were ever in the books, by id."""
        return known_uids(await self.books.documents(DEVICES))

    async def sheets(self) -> Sheets:
        """Return the sheets that count, and who can sign in now."""
        load = find_current(await self.loads())
        sheets = load.sheets if load else read_files(self.settings, []) or NOTHING
        known = write_people(await self.books.documents(PEOPLE))
        return msgspec.structs.replace(sheets, people=known)

    async def ground(self) -> Ground:
        """Return what a workbook is compared with."""
        return Ground(
            sheets=await self.sheets(),
            models=self.models,
            known=await self.known(),
            links=links_of(self.settings),
        )

    async def keep(
        self,
        proof: SiteProof,
        sheets: Sheets,
        file: str,
        who: Identity,
        *,
        papers: Papers = (),
        lines: Lines = (),
    ) -> Loaded:
        """Have sheets count from the next start on, in one commit with `papers` and `lines`."""
        loads = await self.loads()
        load = self._describe(proof, sheets, file, who, loads)
        old = [load_document(each, gone=True) for each in loads[KEPT - 1 :]]
        told = {"file": file, "devices": load.devices, "places": load.places, "count": load.count}
        entry = ("site.loaded", str(load.number), who.name, told)
        kept = load

        async def write(documents: Papers, entries: Lines, enlisted: Sequence[Enlisted]) -> None:
            nonlocal kept
            kept = msgspec.structs.replace(load, enlisted=tuple(enlisted))
            await self.write(
                [load_document(kept), *old, *papers, *documents], [entry, *lines, *entries]
            )

        known = write_people(await self.books.documents(PEOPLE))
        wanted = read_wanted(sheets.people, known) if proof.people is not None else []
        codes = await self.people.enlist(wanted, who, write)
        self.renew()
        return Loaded(load=kept, codes=codes)

    def _describe(
        self,
        proof: SiteProof,
        sheets: Sheets,
        file: str,
        who: Identity,
        loads: Sequence[SiteLoad],
    ) -> SiteLoad:
        current = find_current(loads)
        return SiteLoad(
            number=loads[0].number + 1 if loads else 1,
            at=self.clock.now(),
            actor=who.name,
            file=file,
            before=current.number if current else 0,
            count=proof.count,
            devices=count_changes(proof.devices),
            places=count_changes(proof.places),
            areas=count_changes(proof.areas),
            people=count_changes(proof.people) if proof.people is not None else {},
            packed=pack(sheets),
            files=digest_files(self.settings),
        )


def load_document(load: SiteLoad, *, gone: bool = False) -> Document:
    """Write a load for the store, or that it goes."""
    body = None if gone else msgspec.json.encode(load)
    return Document(collection=SITE_LOADS, key=f"{load.number:06}", body=body, at=load.at)
