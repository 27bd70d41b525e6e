"""The commands for whoever writes a model file: is it right, and does the device agree?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

WRONG_FILE = 2
"""The exit code of `hub.cli` where a file that a person wrote is wrong."""

model_app = typer.Typer(help="Check a model file, and try it on a device.", no_args_is_help=True)
FILE = Annotated[Path, typer.Argument(help="the model file, as models/our-meter.toml")]


@model_app.command()
def check(file: FILE) -> None:
    """Say what a model file means, and every fault in it at its line."""
    from hub.commands.model_check import check_model

    with _told_in_chinese():
        check_model(file, typer.echo)


@model_app.command("try")
def try_(
    file: FILE,
    *,
    host: Annotated[str, typer.Option(help="the gateway or converter")],
    port: Annotated[int, typer.Option(min=1, max=65535)] = 502,
    unit: Annotated[int, typer.Option(help="the slave's number, for Modbus")] = 1,
    address: Annotated[str, typer.Option(help="the meter's number, for DL/T 645, CJ/T 188")] = "",
    framing: Annotated[str, typer.Option(help="tcp, or rtu_over_tcp (transparent)")] = "tcp",
    seconds: Annotated[float, typer.Option(min=0, max=3600, help="how long to read")] = 3,
    timeout: Annotated[float, typer.Option(min=0.1, max=10, help="seconds for an answer")] = 1,
) -> None:
    """Read a device by a model file: a line a point, and what to change; it writes nothing."""
    from hub.commands.model_trial import try_model
    from hub.commands.trial_report import Target

    target = Target(
        host=host,
        port=port,
        unit=unit,
        address=address,
        framing=framing,
        seconds=seconds,
        timeout=timeout,
    )
    with _told_in_chinese():
        good = try_model(file, target, typer.echo)
    raise SystemExit(0 if good else 1)


@contextmanager
def _told_in_chinese() -> Iterator[None]:
    """Tell faults of a file in both languages, and end as for every wrong file."""
    from hub.commands.model_words import say_faults
    from hub.errors import ConfigError

    try:
        yield
    except ConfigError as error:
        for line in say_faults(error):
            typer.echo(line, err=True)
        raise SystemExit(WRONG_FILE) from None
