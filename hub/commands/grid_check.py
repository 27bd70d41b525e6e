"""Runs the conformance kit from the command line."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import msgspec

from hub.feeds.conformance.bench import Wish
from hub.feeds.conformance.kit import (
    check_feed,
    check_receiver,
    write_end,
    write_json,
    write_line,
)
from hub.feeds.conformance.law import Finding, UnfitError, Verdict

BROKEN, UNFIT = 1, 2
PREFIX = "/grid/v1"
Echo = Callable[[str], None]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; with a `secret` it is a receiver that is looked at."""

    url: str
    key: str = ""
    secret: str = ""
    wish: Wish = Wish()
    as_json: bool = False


async def run_check(order: Order, echo: Echo) -> int:
    """Look, write what was found, and return the exit code."""

    def tell(finding: Finding) -> None:
        if not order.as_json:
            echo(write_line(finding))

    try:
        found = await _check(order, tell)
    except UnfitError as error:
        echo(f"{order.url}: {error}")
        return UNFIT
    echo(write_json(order.url, found) if order.as_json else write_end(found))
    return BROKEN if any(each.verdict is Verdict.BROKEN for each in found) else 0


async def _check(order: Order, tell: Callable[[Finding], None]) -> list[Finding]:
    base = order.url.rstrip("/").removesuffix(PREFIX)
    if not base.startswith(("http://", "https://")):
        raise UnfitError("that is no address; write https://HOST:PORT")
    if not (order.key or order.secret):
        raise UnfitError("give a key of the role grid (--key or LINGDANG_KEY), or --secret")
    try:
        client = httpx2.AsyncClient(base_url=base, trust_env=False)
    except (httpx2.InvalidURL, ValueError) as error:
        raise UnfitError(f"that is no address: {error}") from error
    async with client:
        if order.secret:
            return await check_receiver(client, order.url, order.secret, tell)
        return await check_feed(client, order.key, order.wish, tell)
