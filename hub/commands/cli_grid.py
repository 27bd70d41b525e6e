"""`lingdang grid-check`: whether a feed, or a receiver's door, keeps the published contract."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def grid_check(
    url: Annotated[str, typer.Argument(help="https://HOST:PORT of a hub, or a receiver's address")],
    *,
    key: Annotated[str, typer.Option(help="of the role grid", envvar="LINGDANG_KEY")] = "",
    secret: Annotated[str, typer.Option(help="whsec_…: look at a receiver, not at a feed")] = "",
    write: Annotated[bool, typer.Option("--write", help="also steps, on one drill")] = False,
    hook: Annotated[str, typer.Option(help="http://THIS-MACHINE:PORT/ for pushes")] = "",
    old: Annotated[str, typer.Option(help="a cursor that retention has passed")] = "",
    seed: Annotated[int, typer.Option(help="of the page sizes")] = 1,
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Check a feed, or with --secret a receiver; reads only, unless told otherwise.

    Ends with 0 (all holds), 1 (something is broken) or 2 (wrong address or key).
    """
    from hub.commands.grid_check import Order, run_check
    from hub.feeds.conformance.bench import Wish

    wish = Wish(write=write, hook=hook, old=old, seed=seed)
    order = Order(url=url, key=key, secret=secret, wish=wish, as_json=json)
    raise SystemExit(asyncio.run(run_check(order, echo=typer.echo)))
