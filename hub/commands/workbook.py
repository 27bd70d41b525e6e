"""`lingdang import` and `lingdang export`: the books of a site from a workbook, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from hub.access.code import GOOD_FOR
from hub.assembly.loading import load_world, read_data_settings
from hub.assembly.sheet_reader import read_in_process
from hub.assembly.site_books import stored_books
from hub.assembly.site_ledger import links_of
from hub.assembly.site_people import write_people
from hub.assembly.site_sheets import NOTHING, read_sheets, stored_people
from hub.commands.site_loader import open_loader, soon
from hub.errors import ConfigError, Problem
from hub.model.site_load import Changes
from hub.ports.site import SiteProof
from hub.services.sheets.checking import Ground, check_workbook
from hub.services.sheets.writing import write_workbook
from hub.settings import Settings

Echo = Callable[[str], None]
LISTED = 5
GOOD_HOURS = int(GOOD_FOR // 3600)
CODES = f"One-time codes, good for {GOOD_HOURS} h, shown this once."
BROKER = "A broker that knows its users has to learn the new ones: lingdang broker-config"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with a workbook; `remove` lets devices go that it lacks."""

    file: Path
    dry_run: bool = False
    remove: bool = False


def import_workbook(config: Path, order: Order, echo: Echo) -> int:
    """Check a workbook and, without `dry_run`, load it; returns the exit code, 1 with a fault."""
    data, settings = _read(order.file), read_data_settings(config)
    proof = asyncio.run(_check(settings, data, order.file.name))
    for line in _tell(proof):
        echo(line)
    if proof.problems:
        count = len(proof.problems)
        echo(f"{count} 处错误，什么都没有写入。 Faults: {count}; nothing was written.")
        return 1
    if proof.devices.removed and order.dry_run:
        echo("去掉设备要加 --remove。 Devices leave the books with --remove alone.")
    if order.dry_run:
        echo("试运行：没有错误，什么都没有写入。 Dry run: no faults, and nothing was written.")
        return 0
    asyncio.run(_load(settings, data, order, echo))
    return 0


def undo_import(config: Path, echo: Echo) -> None:
    """Take back the newest load."""
    asyncio.run(_undo(read_data_settings(config), echo))


def export_workbook(config: Path, target: Path, echo: Echo, *, people: bool = False) -> None:
    """Write the books that count to an XLSX file, whether the hub runs or not.

    With `people` the file has who can sign in, and is for its owner's eyes only.
    """
    if target.suffix.lower() != ".xlsx":
        problem = Problem(
            file=str(target), message="this is no name of a workbook", hint="end it in .xlsx"
        )
        raise ConfigError(problem)
    faults: list[Problem] = []
    settings = read_data_settings(config)
    sheets = read_sheets(settings, faults)
    if sheets is None:
        raise ConfigError(*faults)
    if people:
        sheets = msgspec.structs.replace(sheets, people=write_people(stored_people(settings)))
        target.touch(mode=0o600)
    target.write_bytes(write_workbook(sheets))
    echo(f"{target}")


async def _check(settings: Settings, data: bytes, file: str) -> SiteProof:
    known, states = stored_books(settings.store.path)
    sheets = read_sheets(settings, []) or NOTHING
    ground = Ground(
        sheets=msgspec.structs.replace(sheets, people=write_people(stored_people(settings))),
        models=load_world(settings, known, states=states).models,
        known=known,
        links=links_of(settings),
    )
    return check_workbook(await read_in_process(data, file), file, ground)


async def _load(settings: Settings, data: bytes, order: Order, echo: Echo) -> None:
    async with open_loader(settings) as loader:
        number, codes = await loader.load(data, order.file.name, remove=order.remove)
        echo(f"已导入（第 {number} 次）。 Loaded, as load {number}. {soon(loader)}")
        for name, code in codes.items():
            echo(f"{name}  {code}")
        if codes:
            echo(f"以上是一次性口令，{GOOD_HOURS} 小时内有效，只显示这一次。 {CODES}")
        echo("撤销： To take it back: lingdang import --undo")
        if settings.mqtt is not None:
            echo(f"broker 按名单放行的，重做名单。 {BROKER}")


async def _undo(settings: Settings, echo: Echo) -> None:
    async with open_loader(settings) as loader:
        number, file = await loader.undo()
        echo(
            f"已撤销第 {number} 次导入（{file}）。"
            f" Load {number} ({file}) was taken back. {soon(loader)}"
        )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        why = "there is no such file" if missing else f"it cannot be read: {error.strerror}"
        raise ConfigError(Problem(file=str(file), message=why, hint="check the path")) from None


def _tell(proof: SiteProof) -> list[str]:
    lines = [f"{each.chinese}\n    {each}" for each in proof.problems]
    lines += [f"{each['zh']}\n    {each['en']}" for each in proof.notes]
    if proof.problems:
        return lines
    for zh, en, changes in (
        ("设备", "devices", proof.devices),
        ("位置", "places", proof.places),
        ("片区", "areas", proof.areas),
        ("人员", "people", proof.people or Changes()),
    ):
        lines.append(
            f"{zh}：新增 {len(changes.added)}，改动 {len(changes.changed)}，"
            f"去掉 {len(changes.removed)}。 {en}: {_count(changes)}"
        )
    return lines


def _count(changes: Changes) -> str:
    return ", ".join(
        f"{len(names)} {what}{_some(names)}"
        for what, names in (
            ("new", changes.added),
            ("changed", changes.changed),
            ("gone", changes.removed),
        )
    )


def _some(names: list[str]) -> str:
    more = ", …" if len(names) > LISTED else ""
    return f" ({', '.join(names[:LISTED])}{more})" if names else ""
