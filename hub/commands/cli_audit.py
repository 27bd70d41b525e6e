"""`lingdang audit`: whether anybody has altered the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

audit_app = typer.Typer(help="Prove that nobody has altered the journal.", no_args_is_help=True)

CONFIG = Annotated[Path, typer.Argument(help="the configuration, lingdang.toml")]


@audit_app.command("verify")
def audit_verify(
    config: CONFIG,
    backup: Annotated[Path | None, typer.Argument(help="a backup, instead of the database")] = None,
    *,
    head: Annotated[
        list[str] | None, typer.Option(help="a head kept elsewhere; may be repeated")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="the file of keys, where it is a copy")] = None,
) -> None:
    """Prove every row, while the hub runs or not; name the first that is wrong, and end with 1."""
    from hub.assembly.loading import read_data_settings
    from hub.commands.audit import verify_audit

    path = read_data_settings(config).store.path
    found = verify_audit(backup or path, head or (), key=key, echo=typer.echo, beside=path)
    raise SystemExit(found)


@audit_app.command("head")
def audit_head(config: CONFIG) -> None:
    """Print the newest row's number and seal, to be kept elsewhere: it shows what is cut off."""
    from hub.assembly.loading import read_data_settings
    from hub.commands.audit import show_head

    show_head(read_data_settings(config).store.path, typer.echo)
