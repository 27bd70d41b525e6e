"""`lingdang import`, `lingdang export`: the books of the site as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.commands.cli_access import CONFIG, HERE

FILE = Annotated[Path | None, typer.Argument(help="the workbook: .xlsx, .xls or .csv")]


def import_(
    file: FILE = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check, and write nothing")] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="devices that it lacks leave the books")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="take the newest load back")] = False,
    config: CONFIG = HERE,
) -> None:
    """Load places and devices from a workbook, or name every fault and write nothing."""
    from hub.commands.workbook import Order, import_workbook, undo_import

    if undo == (file is not None):
        raise typer.BadParameter("name a workbook, or write --undo")
    if file is None:
        undo_import(config, typer.echo)
        return
    order = Order(file=file, dry_run=dry_run, remove=remove)
    raise SystemExit(import_workbook(config, order, typer.echo))


def export(
    file: Annotated[Path, typer.Argument(help="the file to write, .xlsx")],
    *,
    config: CONFIG = HERE,
) -> None:
    """Write places and devices as a workbook that can be loaded again."""
    from hub.commands.workbook import export_workbook

    export_workbook(config, file, typer.echo)


def roll(*, config: CONFIG = HERE) -> None:
    """Call the roll: who was heard, who never was, who speaks unlisted; ends with 1 if any."""
    from hub.commands.roll import show_roll

    raise SystemExit(show_roll(config, typer.echo))
