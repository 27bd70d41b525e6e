"""`lingdang profile`: check a receiver's profile, and show what it would send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.commands.cli_access import HERE

profile_app = typer.Typer(
    help="Check profiles of platforms, and show what they would send.", no_args_is_help=True
)
FILE = Annotated[Path, typer.Argument(help="the profile, a .toml file")]


@profile_app.command("check")
def profile_check(file: FILE) -> None:
    """List every fault of a profile and its code table."""
    from hub.commands.profile_trial import check_profile_file

    raise SystemExit(check_profile_file(file, typer.echo))


@profile_app.command("try")
def profile_try(
    file: FILE,
    *,
    incident: Annotated[str, typer.Option(help="the number of an incident")],
    receiver: Annotated[str, typer.Option(help="which [[receiver]]; else the first")] = "",
    config: Annotated[Path, typer.Argument(help="the configuration")] = HERE,
) -> None:
    """Show the very requests that would go, secrets masked; nothing is sent."""
    from hub.commands.profile_trial import try_profile

    raise SystemExit(try_profile(file, incident, config, receiver, typer.echo))


@profile_app.command("list")
def profile_list(
    config: Annotated[Path | None, typer.Argument(help="its receivers, too")] = None,
) -> None:
    """List the shipped profiles, and the receivers of a configuration."""
    from hub.commands.profile_trial import list_profiles

    list_profiles(config, typer.echo)


@profile_app.command("schema")
def profile_schema() -> None:
    """Print the JSON Schema of profiles, for editors."""
    from hub.commands.profile_trial import write_schema

    typer.echo(write_schema())
