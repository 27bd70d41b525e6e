"""The command `lingdang`: every subcommand imports what it needs only when it runs."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.cli_access import key_app, user_app
from hub.commands.cli_audit import audit_app
from hub.commands.cli_bells import bells_app
from hub.commands.cli_device import device_app, pairing_app
from hub.commands.cli_drivers import driver_app, drivers
from hub.commands.cli_grid import grid_check
from hub.commands.cli_model import model_app
from hub.commands.cli_profile import profile_app
from hub.commands.cli_rules import parameters, restore_parameters, set_, unset
from hub.commands.cli_site import export, import_, init, roll, scan, tls
from hub.commands.cli_store import backup, restore
from hub.errors import ConfigError, HubError

WRONG_FILE = 2
"""The exit code where a file that a person wrote, or its name, is wrong: as for a wrong option."""

app = typer.Typer(
    name="lingdang",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
rules_app = typer.Typer(
    help="Test rules, try them on stored history, and set their parameters.", no_args_is_help=True
)
demo_app = typer.Typer(help="Run a simulated community, or cause a fault in it.")
rules_app.command()(parameters)
rules_app.command("set")(set_)
rules_app.command()(unset)
rules_app.command("restore")(restore_parameters)
app.add_typer(rules_app, name="rules")
app.add_typer(demo_app, name="demo")
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")
app.add_typer(audit_app, name="audit")
app.add_typer(bells_app, name="bells")
app.add_typer(profile_app, name="profile")
app.add_typer(driver_app, name="driver")
app.add_typer(model_app, name="model")
app.add_typer(device_app, name="device")
app.add_typer(pairing_app, name="pairing")
app.command()(backup)
app.command()(restore)
app.command()(drivers)
app.command("import")(import_)
app.command()(export)
app.command()(roll)
app.command()(init)
app.command()(tls)
app.command()(scan)
app.command("grid-check")(grid_check)

VERSION = Annotated[bool, typer.Option("--version", help="show the version and exit")]
CONFIG = Annotated[Path, typer.Argument(help="the configuration, lingdang.toml")]


@app.callback(invoke_without_command=True)
def lingdang(*, version: VERSION = False) -> None:
    """Lingdang 铃铛: from a device's fault to a ticket, a bell and an incident."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"lingdang {version_of('lingdang')}")
        raise typer.Exit


@app.command()
def run(config: CONFIG) -> None:
    """Run the hub until SIGTERM or Ctrl-C."""
    from hub.assembly.interpreter import prepare

    prepare()  # before the rest is imported, which is a fifth of a start
    from hub.app import run_hub
    from hub.assembly.renewal import AGAIN, start_anew

    code = asyncio.run(run_hub(config))
    if code == AGAIN:
        start_anew()
    raise SystemExit(code)


@app.command()
def check(config: CONFIG) -> None:
    """Check configuration, site, models and rules; list every fault at once."""
    from hub.commands.checking import check_files

    problems = check_files(config, typer.echo)
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        typer.echo(f"{_count(len(problems), 'fault')} found; nothing was changed", err=True)
        raise SystemExit(1)
    typer.echo(f"{config}: no faults found")


@app.command()
def status(config: CONFIG) -> None:
    """Show what the running hub says of itself."""
    from hub.commands.checking import show_status

    raise SystemExit(show_status(config, typer.echo))


@app.command("broker-config")
def broker_config(
    config: CONFIG,
    *,
    out: Annotated[Path, typer.Option(help="the folder for the files")],
    for_: Annotated[str, typer.Option("--for", help="mosquitto 2.0 or 2.1 (not tried)")] = "2.0",
    folder: Annotated[str, typer.Option(help="where mosquitto finds them")] = "/etc/mosquitto",
    passwords: Annotated[bool, typer.Option(help="users with passwords, not certificates")] = False,
    force: Annotated[bool, typer.Option(help="replace files that differ")] = False,
) -> None:
    """Write mosquitto's configuration and ACL from the registry."""
    from hub.commands.broker_config import Order, version_of, write_broker_config

    order = Order(
        out=out, folder=folder, version=version_of(for_), passwords=passwords, force=force
    )
    raise SystemExit(write_broker_config(config, order, typer.echo))


@app.command()
def labels(
    config: CONFIG,
    *,
    out: Annotated[Path, typer.Option(help="labels.html, or labels.svg (one file a sheet)")],
    place: Annotated[str, typer.Option(help="only at and below this place")] = "",
) -> None:
    """Write the QR labels of places and devices, three by eight on A4."""
    from hub.commands.labels import write_labels

    write_labels(config, out, place, echo=typer.echo)


@app.command()
def decode(
    file: Annotated[Path | None, typer.Argument(help="the message, as it came")] = None,
    *,
    driver: Annotated[str, typer.Option(help="the dialect, as lingdang or dlt645")],
    model: Annotated[str, typer.Option(help="the one that fits best when left out")] = "",
    models: Annotated[list[Path] | None, typer.Option(help="own files, or lingdang.toml")] = None,
    topic: Annotated[str, typer.Option(help="the MQTT topic")] = "",
    hex_: Annotated[str, typer.Option("--hex", help="the bytes")] = "",
    registers: Annotated[list[str] | None, typer.Option(help="ADDR:HEX, as 0x2006:4510")] = None,
) -> None:
    """Say what the hub makes of one message: a JSON line a fact; 1 where it is rejected."""
    from time import time

    from hub.commands.decoding import Message, decode_message

    message = Message(topic=topic, hex=hex_, registers=registers or (), file=file)
    found = decode_message(driver, model, message, now=time(), models=models or (), echo=typer.echo)
    if not found:
        typer.echo("sound, but it says nothing: a question, or a point that no model has", err=True)


@app.command()
def doctor(
    config: CONFIG,
    *,
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    device: Annotated[str, typer.Option(help="try the ACL as this user; it is cut off")] = "",
    device_password_file: Annotated[Path | None, typer.Option(help="its password")] = None,
    device_port: Annotated[int, typer.Option(help="its port; the hub's when left out")] = 0,
    backup: Annotated[Path | None, typer.Option(help="the newest copy of the database")] = None,
) -> None:
    """Look at broker, disk and store; end with 0 (all well), 1 (warnings) or 2 (wrong)."""
    from hub.assembly.loading import read_text
    from hub.commands.broker_checkup import Patient
    from hub.commands.doctor import see

    password = read_text(device_password_file).strip() if device_password_file else ""
    patient = Patient(device=device, password=password, port=device_port, backup=backup)
    raise SystemExit(see(config, patient, as_json=json, echo=typer.echo))


@rules_app.command("test")
def rules_test(
    files: Annotated[
        list[Path] | None, typer.Argument(help="rule files; the shipped ones when left out")
    ] = None,
) -> None:
    """Run the examples of every rule."""
    from hub.commands.checking import test_rules

    raise SystemExit(test_rules(files or [], typer.echo))


@rules_app.command("backtest")
def rules_backtest(
    config: CONFIG,
    days: Annotated[float, typer.Option(help="how many days back from the newest reading")] = 7,
    rule: Annotated[str, typer.Option(help="only this rule id")] = "",
    file: Annotated[
        Path | None, typer.Option(help="rules to try instead of those in force")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Run rules over stored history and list the alarms that they would have raised."""
    from hub.commands.backtesting import backtest_rules

    backtest_rules(config, days=days, rule=rule, file=file, echo=typer.echo, as_json=json)


@rules_app.command("reference")
def rules_reference(
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """Print the page that explains every shipped rule, as Markdown."""
    from hub.commands.handbook import write_reference
    from hub.console.frame.language import language_of

    typer.echo(write_reference(language_of(language)))


@rules_app.command("schema")
def rules_schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from hub.commands.handbook import write_schema

    typer.echo(write_schema())


@demo_app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    *,
    ready_file: Annotated[Path | None, typer.Option(help="written once everything is up")] = None,
    port: Annotated[int, typer.Option(help="HTTP port; 0 picks a free one")] = 8800,
    devices: Annotated[int, typer.Option(min=30, max=10_000, help="size of the community")] = 300,
    seed: Annotated[int, typer.Option(help="the same seed, the same community")] = 1,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="how fast time passes")] = 1.0,
    data: Annotated[Path | None, typer.Option(help="keep everything here")] = None,
    faults: Annotated[str, typer.Option(help="none, script or random")] = "script",
    keyboard: Annotated[bool, typer.Option(help="let key presses cause faults")] = True,
    outbound_loopback: Annotated[bool, typer.Option(help="let push reach this machine")] = False,
) -> None:
    """Run broker, hub and the simulated community of Guanshan; Ctrl-C leaves nothing behind."""
    if context.invoked_subcommand:
        return
    from simulators.demo import DemoOptions, run_demo

    options = DemoOptions(
        ready_file=ready_file,
        port=port,
        devices=devices,
        seed=seed,
        speed=speed,
        data=data,
        faults=faults,
        keyboard=keyboard,
        outbound_loopback=outbound_loopback,
    )
    raise SystemExit(asyncio.run(run_demo(options)))


@demo_app.command("fault")
def demo_fault(
    name: Annotated[str, typer.Argument(help="boom-broken, switch-down, power-cut…")],
    device: Annotated[str, typer.Argument(help="device id; a fitting one when left out")] = "",
    *,
    data: Annotated[Path, typer.Option(help="the demo's --data folder")],
    clear: Annotated[bool, typer.Option(help="end the fault instead")] = False,
) -> None:
    """Cause a fault in the running demo, or end it."""
    from simulators.demo import demo_fault as cause

    for sentence in asyncio.run(cause(data, name, device, clear=clear)):
        typer.echo(sentence)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def main() -> None:
    """Run the command; failures that the hub knows by name end in a sentence, not in a trace."""
    try:
        app()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(WRONG_FILE) from None
    except HubError as error:
        sys.stderr.write(f"lingdang: {error}\n")
        raise SystemExit(1) from None
