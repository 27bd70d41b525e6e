"""`lingdang bells`: list them, try them, and write where people are reached."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hub.commands.cli_access import CONFIG, HERE, show_table

if TYPE_CHECKING:
    from hub.commands.bell_administration import BellDesk

T = TypeVar("T")

bells_app = typer.Typer(
    help="List bells, try them, and write where people are reached.", no_args_is_help=True
)
PERSON = Annotated[str, typer.Argument(help="a login, or group:NAME")]
DELIVERED = "delivered"


@bells_app.command("list")
def bells_list(config: CONFIG = HERE) -> None:
    """List the bells: kind, unused, works or fails since when, last sent, waiting, and why."""
    found = _ask(config, lambda desk: desk.bells())
    head = ("bell", "kind", "state", "since", "last sent", "waiting", "why")
    rows = (
        (
            each.id,
            each.kind,
            each.state,
            each.since or "-",
            each.sent_at or "never",
            str(each.waiting),
            each.why,
        )
        for each in found
    )
    show_table(head, rows)


@bells_app.command("test")
def bells_test(
    bell: Annotated[str, typer.Argument(metavar="BELL", help="see lingdang bells list")],
    *,
    to: Annotated[str, typer.Option(help="a login or group:NAME; else who runs this")] = "",
    config: CONFIG = HERE,
) -> None:
    """Send a test; shows what was sent and what the vendor answered, and ends with 1 on failure."""
    proof = _ask(config, lambda desk: desk.test(bell, to))
    typer.echo(proof.text)
    said = f": {proof.why}" if proof.why else ""
    typer.echo(f"{bell} to {proof.person}: {proof.verdict}{said}", err=True)
    raise SystemExit(0 if proof.verdict == DELIVERED else 1)


@bells_app.command("contact")
def bells_contact(
    person: PERSON,
    *,
    email: Annotated[str | None, typer.Option(help="'' takes it out, as with the others")] = None,
    phone: Annotated[str | None, typer.Option(help="instead of the person's own")] = None,
    wecom: Annotated[str | None, typer.Option(help="userid in WeCom")] = None,
    dingtalk: Annotated[str | None, typer.Option(help="user id in DingTalk")] = None,
    feishu: Annotated[str | None, typer.Option(help="open_id in Feishu")] = None,
    language: Annotated[str | None, typer.Option(help="zh or en; else the site's")] = None,
    config: CONFIG = HERE,
) -> None:
    """Show where somebody is reached, or write it; the journal never learns of addresses."""
    given = {
        "email": email,
        "phone": phone,
        "wecom": wecom,
        "dingtalk": dingtalk,
        "feishu": feishu,
        "language": language,
    }
    wish = {kind: text for kind, text in given.items() if text is not None}
    card = _ask(config, lambda desk: desk.contact(person, wish))
    show_table(("kind", "address"), card.addresses.items())


def _ask(config: Path, ask: Callable[[BellDesk], Awaitable[T]]) -> T:
    from hub.commands.bell_administration import open_bells

    async def run() -> T:
        async with open_bells(config) as desk:
            return await ask(desk)

    return asyncio.run(run())
