"""`lingdang user` and `lingdang key`: people and machines, whether the hub runs or not.

A secret goes to standard output, alone; what is to be done with it to standard error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from hub.access.card import CodeCard, TokenCard
    from hub.access.office import Office
    from hub.model.access import Role

T = TypeVar("T")

user_app = typer.Typer(
    help="Add people, change them, let them in anew, shut them out.", no_args_is_help=True
)
key_app = typer.Typer(help="Give keys to machines, rotate and revoke them.", no_args_is_help=True)

CONFIG = Annotated[
    Path, typer.Option(envvar="LINGDANG_CONFIG", help="the hub's configuration, lingdang.toml")
]
HERE = Path("lingdang.toml")
PLACE = Annotated[str, typer.Option(help="sees only what lies below this place, such as gs/a/b1")]
NAME = Annotated[str, typer.Argument(help="the name to sign in with")]
KEY = Annotated[str, typer.Argument(metavar="ID", help="the key's id, see lingdang key list")]


@user_app.command("add")
def user_add(
    name: NAME,
    *,
    role: Annotated[str, typer.Option(help="guard, crew, manager, administrator…")],
    place: PLACE = "",
    phone: Annotated[str, typer.Option(help="never written to the journal")] = "",
    config: CONFIG = HERE,
) -> None:
    """Add somebody; prints the one-time code with which the person chooses a password."""
    from hub.access.people import NewPerson

    new = NewPerson(name=name, role=_role(role), place=place, phone=phone)
    _show_code(_ask(config, lambda office: office.add(new)))


@user_app.command("list")
def user_list(config: CONFIG = HERE) -> None:
    """List everybody: active, invited (has a code), lapsed (code too old) or disabled."""
    cards = _ask(config, lambda office: office.people())
    rows = ((each.name, each.role, each.place or "-", each.state, each.phone) for each in cards)
    show_table(("name", "role", "place", "state", "phone"), rows)


@user_app.command("reset")
def user_reset(name: NAME, config: CONFIG = HERE) -> None:
    """End somebody's password and sessions; prints a new one-time code."""
    _show_code(_ask(config, lambda office: office.reset(name)))


@user_app.command("change")
def user_change(
    name: NAME,
    *,
    role: Annotated[str | None, typer.Option(help="another role")] = None,
    place: Annotated[str | None, typer.Option(help="another place; '' for all of it")] = None,
    phone: Annotated[str | None, typer.Option(help="another number; '' for none")] = None,
    config: CONFIG = HERE,
) -> None:
    """Give somebody another role, place or phone; the password stays, sessions end."""
    from hub.access.people import PersonChange

    change = PersonChange(role=None if role is None else _role(role), place=place, phone=phone)
    card = _ask(config, lambda office: office.change(name, change))
    typer.echo(f"{card.name} is {card.role} now, and sees {card.place or 'everything'}", err=True)


@user_app.command("disable")
def user_disable(name: NAME, config: CONFIG = HERE) -> None:
    """Shut somebody out, open pages included; `reset` lets back in."""
    _ask(config, lambda office: office.disable(name))
    typer.echo(f"{name} is disabled; open pages end within a minute", err=True)


@key_app.command("new")
def key_new(
    *,
    role: Annotated[str, typer.Option(help="grid for a platform, or a role of people")],
    name: Annotated[str, typer.Option(help="which machine or program it is for")],
    place: PLACE = "",
    expires: Annotated[str, typer.Option(help="1h to 1100d")] = "90d",
    config: CONFIG = HERE,
) -> None:
    """Make a key and print it: only now, the hub keeps a digest."""
    from hub.access.key_cabinet import NewKey

    new = NewKey(name=name, role=_role(role), place=place, expires=expires)
    _show_token(_ask(config, lambda office: office.give(new)))


@key_app.command("list")
def key_list(config: CONFIG = HERE) -> None:
    """List keys: id, beginning, scope, end, last use."""
    cards = _ask(config, lambda office: office.keys())
    rows = (
        (
            each.id,
            f"{each.prefix}…",
            each.name,
            each.role,
            each.place or "-",
            each.expires_at or "never",
            each.last_used_at or "never",
        )
        for each in cards
    )
    show_table(("id", "prefix", "name", "role", "place", "expires", "last used"), rows)


@key_app.command("rotate")
def key_rotate(
    key_id: KEY,
    overlap: Annotated[str, typer.Option(help="how long the old key goes on, 0d to 90d")] = "7d",
    config: CONFIG = HERE,
) -> None:
    """Make a key in another's place and print it; the old one ends after the overlap."""
    _show_token(_ask(config, lambda office: office.rotate(key_id, overlap)))


@key_app.command("revoke")
def key_revoke(key_id: KEY, config: CONFIG = HERE) -> None:
    """Make a key worthless, open streams included."""
    card = _ask(config, lambda office: office.revoke(key_id))
    typer.echo(f"the key of {card.name} is revoked; open streams end within a minute", err=True)


def _ask(config: Path, ask: Callable[[Office], Awaitable[T]]) -> T:
    from hub.commands.administration import open_office

    async def run() -> T:
        async with open_office(config) as office:
            return await ask(office)

    return asyncio.run(run())


def _role(word: str) -> Role:
    from hub.model.access import Role

    try:
        return Role(word)
    except ValueError:
        raise typer.BadParameter(f"{word!r} is none; one of: {', '.join(Role)}") from None


def _show_code(card: CodeCard) -> None:
    typer.echo(card.code)
    typer.echo(
        f"{card.name} ({card.role}) signs in with this code instead of a password and chooses one;"
        f" good once, until {card.code_ends_at}. It is not shown again.",
        err=True,
    )


def _show_token(card: TokenCard) -> None:
    typer.echo(card.token)
    typer.echo(
        f"The key of {card.name} ({card.role}), id {card.id}, until {card.expires_at}."
        " It is not shown again.",
        err=True,
    )


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table, its columns under each other."""
    lines = [head, *rows]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = (
            cell + " " * (wide - _width(cell)) for cell, wide in zip(line, widths, strict=True)
        )
        typer.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
