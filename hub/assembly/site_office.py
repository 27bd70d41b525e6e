"""The office for the books of the site, of a hub that runs or of a store where none does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hub.assembly.device_change import rename_device, swap_hardware
from hub.assembly.pairing_desk import (
    check_paired,
    close_pairing,
    list_pairings,
    open_pairing,
)
from hub.assembly.sheet_reader import read_in_process
from hub.assembly.site_ledger import Ledger, Lines, Papers, load_document
from hub.assembly.site_sheets import find_current
from hub.errors import ConfigError, ConflictError, ForbiddenError
from hub.model.access import Identity
from hub.model.catalogue import DeviceModel
from hub.model.pairing import Pairing
from hub.model.site_load import SiteLoad
from hub.ports import DeviceView
from hub.ports.site import (
    Adoption,
    HardwareSwap,
    Loaded,
    PairingWish,
    Renaming,
    Roll,
    SiteProof,
)
from hub.services.roll import call_roll
from hub.services.sheets.checking import add_row, check_workbook
from hub.services.sheets.writing import write_workbook

LISTED = 5
NEWCOMERS = 1_000


class SiteBooks:
    """Implements `hub.ports.site.SiteOffice`; one change at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def check(self, data: bytes, file: str) -> SiteProof:
        """Check a workbook, and write nothing."""
        reading = await read_in_process(data, file)
        ground = await self._ledger.ground()
        return await asyncio.to_thread(check_workbook, reading, file, ground)

    async def load(
        self, data: bytes, file: str, who: Identity, *, remove: bool = False, people: bool = False
    ) -> Loaded:
        """Load a workbook in one commit; ConfigError with every fault where it has one."""
        async with self._ledger.turn:
            proof = await self.check(data, file)
            if proof.sheets is None:
                raise ConfigError(*proof.problems)
            if proof.devices.removed and not remove:
                raise _going(proof.devices.removed)
            if proof.people is not None and not people:
                raise _guarded(who)
            return await self._ledger.keep(proof, proof.sheets, file, who)

    async def adopt(self, adoption: Adoption, who: Identity) -> SiteLoad:
        """Add one device to the books, as a load of its own; ConfigError with every fault."""
        async with self._ledger.turn:
            await check_paired(self._ledger, adoption)
            ground = await self._ledger.ground()
            file = f"登记 {adoption.id}"
            reading = add_row(ground.sheets, "devices", _cells(adoption, self._ledger.models))
            proof = await asyncio.to_thread(check_workbook, reading, file, ground)
            if proof.sheets is None:
                raise ConfigError(*proof.problems)
            return (await self._ledger.keep(proof, proof.sheets, file, who)).load

    async def pairings(self) -> Sequence[Pairing]:
        """Return the pairing windows that are kept, newest first."""
        return await list_pairings(self._ledger)

    async def open_pairing(self, wish: PairingWish, who: Identity) -> Pairing:
        """Open a pairing window."""
        async with self._ledger.turn:
            return await open_pairing(self._ledger, wish, who)

    async def close_pairing(self, pairing_id: str, who: Identity) -> Pairing:
        """Close a pairing window now."""
        async with self._ledger.turn:
            return await close_pairing(self._ledger, pairing_id, who)

    async def rename(self, device_id: str, renaming: Renaming, who: Identity) -> SiteLoad:
        """Give a device another id, as a load of its own."""
        async with self._ledger.turn:
            return await rename_device(self._ledger, device_id, renaming, who)

    async def swap(
        self, device_id: str, swap: HardwareSwap, who: Identity, view: DeviceView | None = None
    ) -> SiteLoad:
        """Note that other hardware stands there, as a load of its own."""
        async with self._ledger.turn:
            return await swap_hardware(self._ledger, device_id, swap, who, view)

    async def undo(self, who: Identity, *, people: bool = False) -> SiteLoad:
        """Take back the newest load as a whole; ConflictError where there is none."""
        async with self._ledger.turn:
            load = await self._undoable()
            if load.enlisted and not people:
                raise _guarded(who)
            now = self._ledger.clock.now()
            undone = msgspec.structs.replace(load, undone_at=now, undone_by=who.name)
            entry = ("site.load_undone", str(load.number), who.name, {"file": load.file})

            async def write(documents: Papers, entries: Lines, _: object) -> None:
                papers = [load_document(undone), *documents]
                await self._ledger.write(papers, [entry, *entries])

            await self._ledger.people.dismiss(load.enlisted, who, write)
        self._ledger.renew()
        return undone

    async def loads(self) -> Sequence[SiteLoad]:
        """Return the loads that are kept, newest first."""
        return await self._ledger.loads()

    async def roll(self, views: Iterable[DeviceView]) -> Roll:
        """Call the roll: who of the books was heard, who never was, and who is unlisted."""
        newcomers = await self._ledger.books.newcomers(limit=NEWCOMERS)
        return call_roll(views, newcomers, self._ledger.models.values())

    def models(self) -> Sequence[DeviceModel]:
        """Return the models that a device can be of, by id."""
        return [model for _, model in sorted(self._ledger.models.items())]

    async def export(self, *, people: bool = False) -> bytes:
        """Return the books that count as a workbook."""
        sheets = await self._ledger.sheets()
        if not people:
            sheets = msgspec.structs.replace(sheets, people=b"")
        return await asyncio.to_thread(write_workbook, sheets)

    async def _undoable(self) -> SiteLoad:
        loads = await self._ledger.loads()
        load = find_current(loads)
        if load is None:
            raise ConflictError("no load is left to take back", zh="没有可以撤销的导入。")
        if load.before and load.before not in {each.number for each in loads}:
            raise ConflictError(
                "what counted before this load is not kept any more; import it again",
                zh="这次导入之前的台账已经不再保存，请重新导入。",
            )
        return load


def _guarded(who: Identity) -> ForbiddenError:
    return ForbiddenError(
        f"{who.name}: the sheet of people asks for a second factor; set it up at /account",
        zh="人员表要用动态口令：请先在“更多 → 动态口令”里设好，再重新登录；或去掉这张工作表。",
    )


def _cells(adoption: Adoption, models: Mapping[str, DeviceModel]) -> dict[str, str]:
    cells: dict[str, str] = msgspec.to_builtins(adoption)
    model = models.get(adoption.model)
    return {**cells, "kind": model.kind if model else ""}


def _going(removed: Sequence[str]) -> ConflictError:
    names = ", ".join(removed[:LISTED]) + (", …" if len(removed) > LISTED else "")
    return ConflictError(
        f"{len(removed)} devices are not in this workbook and would leave the books: {names}."
        " Add their rows, or say that they may go: --remove",
        zh=f"有 {len(removed)} 台设备不在这份表里，导入后会从台账里去掉：{names}。"
        "请补上这些行，或确认去掉（--remove）。",
    )
