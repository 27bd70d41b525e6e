"""`lingdang backup` and `lingdang restore`: the database kept safe, and put back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

CONFIG = Annotated[Path, typer.Argument(help="the configuration, lingdang.toml")]


def backup(
    config: CONFIG,
    target: Annotated[Path, typer.Argument(help="the file, or a folder for a dated one")],
) -> None:
    """Copy the database to a checked backup, while the hub runs or not."""
    from hub.commands.safekeeping import keep_backup

    keep_backup(config, target, echo=typer.echo, tell=_show_progress)


def restore(
    source: Annotated[Path, typer.Argument(help="the backup")],
    config: CONFIG,
    *,
    verify: Annotated[bool, typer.Option("--verify", help="only prove it; change nothing")] = False,
) -> None:
    """Put a backup in the place of the stopped hub's database, which is kept beside it."""
    from hub.commands.safekeeping import prove_backup, put_back

    act = prove_backup if verify else put_back
    act(source, config, echo=typer.echo, tell=_show_progress)


def _show_progress(done: int, total: int) -> None:
    """Show the share that is copied, to who watches; a log gets nothing of it."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done / max(total, 1):4.0%}{end}")
        sys.stderr.flush()
