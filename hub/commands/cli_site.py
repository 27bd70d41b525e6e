"""`lingdang init`, `import`, `export`, `roll` and `scan`: the first week of a site."""

from __future__ import annotations

from functools import partial
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
    """Load the books of the site from a workbook, or name every fault and write nothing."""
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
    people: Annotated[bool, typer.Option("--people", help="also who can sign in")] = False,
    config: CONFIG = HERE,
) -> None:
    """Write the books of the site as a workbook that can be loaded again."""
    from hub.commands.workbook import export_workbook

    export_workbook(config, file, typer.echo, people=people)


def roll(*, config: CONFIG = HERE) -> None:
    """Call the roll: who was heard, who never was, who speaks unlisted; ends with 1 if any."""
    from hub.commands.roll import show_roll

    raise SystemExit(show_roll(config, typer.echo))


ANSWER = {
    "name": "what the community is called",
    "id": "begins topics, and never changes",
    "broker": "HOST:PORT of the MQTT broker, or none",
    "listen": "HOST:PORT of the pages",
    "administrator": "the first login",
}


def init(
    folder: Annotated[Path, typer.Argument(help="the folder of the new site")] = Path(),
    *,
    name: Annotated[str, typer.Option(help=ANSWER["name"])] = "",
    id_: Annotated[str, typer.Option("--id", help=ANSWER["id"])] = "",
    broker: Annotated[str, typer.Option(help=ANSWER["broker"])] = "",
    listen: Annotated[str, typer.Option(help=ANSWER["listen"])] = "",
    administrator: Annotated[str, typer.Option(help=ANSWER["administrator"])] = "",
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing; the usual answers")] = False,
) -> None:
    """Ask five questions and write a site that `lingdang run` starts; overwrites nothing."""
    from hub.commands.init import write_site

    given = {"name": name, "id": id_, "broker": broker}
    given |= {"listen": listen, "administrator": administrator}
    write_site(folder, _answers(given, yes=yes), typer.echo)


def _answers(given: dict[str, str], *, yes: bool) -> dict[str, str]:
    """Check what was given, and ask for the rest."""
    from hub.commands.init import QUESTIONS, Question

    def checked(question: Question, text: str) -> str:
        try:
            return question.check(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    found = {}
    for name, question in QUESTIONS.items():
        if given[name] or yes:
            found[name] = checked(question, given[name] or question.usual)
        else:
            found[name] = typer.prompt(
                question.text,
                default=question.usual,
                value_proc=partial(checked, question),
            )
    return found


def tls(
    *,
    host: Annotated[list[str] | None, typer.Option(help="a further name or address")] = None,
    new_authority: Annotated[
        bool, typer.Option("--new-authority", help="every telephone has to install it again")
    ] = False,
    config: CONFIG = HERE,
) -> None:
    """Make the authority and certificate of the pages, or renew the certificate by it."""
    from hub.commands.tls import set_up

    set_up(config, host or (), typer.echo, new_authority=new_authority)


def scan(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="the Modbus gateway")],
    *,
    units: Annotated[str, typer.Option(help="unit ids, such as 1-32")] = "1-247",
    framing: Annotated[str, typer.Option(help="tcp or rtu_over_tcp")] = "tcp",
    timeout: Annotated[float, typer.Option(min=0.05, max=5, help="seconds for each unit")] = 0.3,
    gap: Annotated[float, typer.Option(min=0, max=1, help="seconds between two questions")] = 0.02,
    models: Annotated[list[Path] | None, typer.Option(help="own files, or lingdang.toml")] = None,
) -> None:
    """Ask a Modbus line which units answer and which model fits; it writes nothing to them."""
    import sys

    from hub.commands.scan import Line, scan_line

    def tell(unit: int) -> None:
        if sys.stderr.isatty():
            typer.echo(f"\r{unit:3} ", nl=False, err=True)

    line = Line(
        address=address,
        units=units,
        framing=framing,
        timeout=timeout,
        gap=gap,
        models=tuple(models or ()),
    )
    raise SystemExit(0 if scan_line(line, typer.echo, tell) else 1)
