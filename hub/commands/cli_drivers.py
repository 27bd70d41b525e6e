"""The command that lists dialects and models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def drivers(
    models: Annotated[list[Path] | None, typer.Argument(help="further model files")] = None,
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
