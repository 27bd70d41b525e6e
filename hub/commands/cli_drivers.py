"""The commands about drivers: what there is, a new one, and whether one is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

driver_app = typer.Typer(help="Begin a driver of your own, and test one.", no_args_is_help=True)


def drivers(
    models: Annotated[list[Path] | None, typer.Argument(help="own files, or lingdang.toml")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="for programs: a line a dialect")] = False,
    pages: Annotated[Path | None, typer.Option(help="write a page each into this folder")] = None,
) -> None:
    """List the dialects and models that the hub knows, and how far each can be relied on."""
    from hub.commands.drivers import list_drivers, write_pages

    if pages is not None:
        write_pages(pages, typer.echo)
    else:
        list_drivers(models or [], as_json=json, echo=typer.echo)


@driver_app.command("new")
def begin_driver(
    name: Annotated[str, typer.Argument(help="the dialect, as acme or acme-gateway")],
    *,
    out: Annotated[Path, typer.Option(help="the folder for the package")] = Path(),
) -> None:
    """Write a package with a driver, a model, samples and a test, to be changed into yours."""
    from hub.commands.driver_scaffold import write_package

    write_package(name, out, typer.echo)


@driver_app.command("test")
def try_driver(
    what: Annotated[str, typer.Argument(help="a driver's name, or the folder of a package")],
    *,
    fixtures: Annotated[Path | None, typer.Option(help="samples from this folder")] = None,
) -> None:
    """Hold a driver to the laws of all drivers; 1 where it breaks one."""
    from hub.commands.driver_trial import hold_to_laws

    raise SystemExit(hold_to_laws(what, fixtures, typer.echo))
