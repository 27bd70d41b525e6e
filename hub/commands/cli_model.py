"""The commands for whoever writes a model file: is it right, and does the device agree?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

model_app = typer.Typer(help="Check a model file, and try it on a device.", no_args_is_help=True)
FILE = Annotated[Path, typer.Argument(help="the model file, as models/our-meter.toml")]


@model_app.command()
def check(file: FILE) -> None:
    """Say what a model file means, and every fault in it at its line."""
    from hub.commands.model_check import check_model

    check_model(file, typer.echo)
