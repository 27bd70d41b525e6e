"""The office for the books of the site, of a hub that runs or of a store where none does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.assembly.sheet_reader import read_in_process
from hub.assembly.site_books import known_uids
from hub.assembly.site_sheets import (
    NOTHING,
    digest_files,
    find_current,
    read_files,
    read_loads,
)
from hub.clock import Clock
from hub.errors import ConfigError, ConflictError
from hub.model.access import Identity
from hub.model.catalogue import DeviceModel
from hub.model.device import DeviceUid
from hub.model.site_load import SITE_LOADS, Sheets, SiteLoad, count_changes, pack
from hub.ports import Books, DeviceView, Document
from hub.ports.site import Adoption, Roll, SiteProof
from hub.services.commission.state_book import DEVICES
from hub.services.roll import call_roll
from hub.services.sheets.checking import Ground, add_row, check_workbook
from hub.services.sheets.writing import write_workbook
from hub.settings import Settings

KEPT = 10
"""Loads that are kept, and can be taken back one after the other."""
LISTED = 5
LINKS = ("modbus", "line", "family", "stream", "push", "rtsp", "gb28181")
"""The tables of the settings whose names devices have as their link; one may not be there."""
NEWCOMERS = 1_000

Write = Callable[
    [Sequence[Document], Sequence[tuple[str, str, str, dict[str, Any]]]], Awaitable[None]
]


def links_of(settings: Settings) -> dict[str, str]:
    """Return the links that a device may name, each with its kind."""
    return {
        **({"mqtt": "mqtt", "hub": "hub"} if settings.mqtt else {}),
        **{each.name: table for table in LINKS for each in getattr(settings, table, ())},
    }


def _nothing() -> None:
    """Do nothing: no hub runs."""


class SiteBooks:
    """Implements `hub.ports.site.SiteOffice`; one change at a time.

    `renew` has the hub start again, so that what was loaded counts; nothing, where none runs.
    """

    def __init__(
        self,
        settings: Settings,
        models: Mapping[str, DeviceModel],
        *,
        books: Books,
        write: Write,
        clock: Clock,
        renew: Callable[[], None] = _nothing,
    ) -> None:
        self._settings, self._models = settings, models
        self._books, self._write, self._clock = books, write, clock
        self._renew = renew
        self._turn = asyncio.Lock()

    async def check(self, data: bytes, file: str) -> SiteProof:
        """Check a workbook, and write nothing."""
        reading = await read_in_process(data, file)
        known = known_uids(await self._books.documents(DEVICES))
        ground = await self._ground(known)
        return await asyncio.to_thread(check_workbook, reading, file, ground)

    async def load(
        self, data: bytes, file: str, who: Identity, *, remove: bool = False
    ) -> SiteLoad:
        """Load a workbook in one commit; ConfigError with every fault where it has one."""
        async with self._turn:
            proof = await self.check(data, file)
            if proof.sheets is None:
                raise ConfigError(*proof.problems)
            if proof.devices.removed and not remove:
                raise _going(proof.devices.removed)
            return await self._keep(proof, proof.sheets, file, who)

    async def adopt(self, adoption: Adoption, who: Identity) -> SiteLoad:
        """Add one device to the books, as a load of its own; ConfigError with every fault."""
        async with self._turn:
            known = known_uids(await self._books.documents(DEVICES))
            ground = await self._ground(known)
            file = f"登记 {adoption.id}"
            reading = add_row(ground.sheets, "devices", _cells(adoption, self._models))
            proof = await asyncio.to_thread(check_workbook, reading, file, ground)
            if proof.sheets is None:
                raise ConfigError(*proof.problems)
            return await self._keep(proof, proof.sheets, file, who)

    async def undo(self, who: Identity) -> SiteLoad:
        """Take back the newest load as a whole; ConflictError where there is none."""
        async with self._turn:
            loads = await self.loads()
            load = find_current(loads)
            if load is None:
                raise ConflictError("no load is left to take back", zh="没有可以撤销的导入。")
            if load.before and load.before not in {each.number for each in loads}:
                raise ConflictError(
                    "what counted before this load is not kept any more; import it again",
                    zh="这次导入之前的台账已经不再保存，请重新导入。",
                )
            undone = msgspec.structs.replace(load, undone_at=self._clock.now(), undone_by=who.name)
            entry = ("site.load_undone", str(load.number), who.name, {"file": load.file})
            await self._write([_document(undone)], [entry])
        self._renew()
        return undone

    async def loads(self) -> Sequence[SiteLoad]:
        """Return the loads that are kept, newest first."""
        return read_loads(await self._books.documents(SITE_LOADS))

    async def roll(self, views: Iterable[DeviceView]) -> Roll:
        """Call the roll: who of the books was heard, who never was, and who is unlisted."""
        newcomers = await self._books.newcomers(limit=NEWCOMERS)
        return call_roll(views, newcomers, self._models.values())

    def models(self) -> Sequence[DeviceModel]:
        """Return the models that a device can be of, by id."""
        return [self._models[name] for name in sorted(self._models)]

    async def export(self) -> bytes:
        """Return the books that count as a workbook."""
        return await asyncio.to_thread(write_workbook, await self._sheets())

    async def _sheets(self) -> Sheets:
        load = find_current(await self.loads())
        return load.sheets if load else read_files(self._settings, []) or NOTHING

    async def _ground(self, known: Mapping[str, DeviceUid]) -> Ground:
        return Ground(
            sheets=await self._sheets(),
            models=self._models,
            known=known,
            links=links_of(self._settings),
        )

    async def _keep(self, proof: SiteProof, sheets: Sheets, file: str, who: Identity) -> SiteLoad:
        loads = await self.loads()
        current = find_current(loads)
        load = SiteLoad(
            number=loads[0].number + 1 if loads else 1,
            at=self._clock.now(),
            actor=who.name,
            file=file,
            before=current.number if current else 0,
            count=proof.count,
            devices=count_changes(proof.devices),
            places=count_changes(proof.places),
            packed=pack(sheets),
            files=digest_files(self._settings),
        )
        old = [_document(each, gone=True) for each in loads[KEPT - 1 :]]
        told = {"file": file, "devices": load.devices, "places": load.places, "count": load.count}
        entry = ("site.loaded", str(load.number), who.name, told)
        await self._write([_document(load), *old], [entry])
        self._renew()
        return load


def _cells(adoption: Adoption, models: Mapping[str, DeviceModel]) -> dict[str, str]:
    cells: dict[str, str] = msgspec.to_builtins(adoption)
    model = models.get(adoption.model)
    return {**cells, "kind": model.kind if model else ""}


def _document(load: SiteLoad, *, gone: bool = False) -> Document:
    body = None if gone else msgspec.json.encode(load)
    return Document(collection=SITE_LOADS, key=f"{load.number:06}", body=body, at=load.at)


def _going(removed: Sequence[str]) -> ConflictError:
    names = ", ".join(removed[:LISTED]) + (", …" if len(removed) > LISTED else "")
    return ConflictError(
        f"{len(removed)} devices are not in this workbook and would leave the books: {names}."
        " Add their rows, or say that they may go: --remove",
        zh=f"有 {len(removed)} 台设备不在这份表里，导入后会从台账里去掉：{names}。"
        "请补上这些行，或确认去掉（--remove）。",
    )
