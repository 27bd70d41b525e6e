"""Laws of the feed's pages: order, completeness, sizes, waiting, and that nothing changes."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from hub.feeds.conformance.bench import OK, WHOLE, Bench, number_of, show
from hub.feeds.conformance.law import FEED, Law, UntriedError, demand

PAGE = f"{FEED}#the-cursor"
WAIT, EARLY, LATE = 2, 0.5, 20.0
"""Seconds: what is asked for, what an answer may be early, and late on a bad line."""
TRIES = 5
DEFAULT = 200


async def is_in_order(bench: Bench) -> str:
    """Look whether the numbers of the ids only grow."""
    for at, (one, other) in enumerate(pairwise(bench.some()), start=1):
        demand(number_of(one) < number_of(other), f"not in order: {show(bench.items, at)}")
    return f"{len(bench.items)} items in order"


async def tells_once(bench: Bench) -> str:
    """Look whether no id comes twice."""
    seen: set[tuple[str, str]] = set()
    for item in bench.some():
        name = (item["source"], item["id"])
        demand(name not in seen, f"{item['id']} comes twice")
        seen.add(name)
    return f"{len(seen)} ids, each once"


async def pages_of_any_size_join(bench: Bench) -> str:
    """Read it all again in pages of chance sizes."""
    items = bench.some()
    found = await bench.walk(len(items))
    for at, (one, other) in enumerate(zip(found, items, strict=True)):
        demand(
            one == other,
            f"seed {bench.wish.seed}: item {at} is {show(found, at)} in small pages,"
            f" {show(items, at)} in whole ones",
        )
    return f"{len(items)} items, {len(bench.marks)} cursors, seed {bench.wish.seed}"


async def keeps_its_limits(bench: Bench) -> str:
    """Ask for 1, 1000 and no limit, and for what is none."""
    for limit, most in ((1, 1), (WHOLE, WHOLE), ("", DEFAULT)):
        told = await bench.probe.get("feed", limit=limit)
        demand(told.status == OK, f"limit={limit}: {told}")
        demand(len(told.data["items"]) <= most, f"limit={limit}: {len(told.data['items'])} items")
    for limit in (0, -1, WHOLE + 1, "x"):
        told = await bench.probe.get("feed", limit=limit)
        demand(told.is_refused, f"limit={limit} is taken: {told}")
    return "1 to 1000, 200 without"


async def waits_for_an_item(bench: Bench) -> str:
    """Ask at the end with `wait`: no empty answer before its time, and none long after."""
    loop = asyncio.get_running_loop()
    for _ in range(TRIES):
        await bench.read_on()
        began = loop.time()
        page = await bench.page(bench.end, 10, wait=WAIT)
        took = loop.time() - began
        if page["items"]:
            continue
        demand(took >= WAIT - EARLY, f"wait={WAIT} came back empty after {took:.2f} s")
        demand(took <= WAIT + LATE, f"wait={WAIT} took {took:.2f} s")
        for wait in (-1, 31):
            told = await bench.probe.get("feed", after=bench.end, wait=wait)
            demand(told.is_refused, f"wait={wait} is taken: {told}")
        return f"wait={WAIT} took {took:.2f} s"
    raise UntriedError("something comes all the time")


async def changes_nothing_that_was_told(bench: Bench) -> str:
    """Read all of it once more, after everything else."""
    items = list(bench.some())
    after, at = "", 0
    while at < len(items):
        page = await bench.page(after, WHOLE)
        found = page["items"]
        due = items[at : at + len(found)]
        for one, other in zip(found, due, strict=False):
            demand(one == other, f"{other['id']} has changed: it was {other}, and is {one}")
        demand(found, f"nothing behind item {at} of {len(items)} any more")
        after, at = page["next"], at + len(found)
    return f"{len(items)} items as they were"


LAWS: tuple[Law[Bench], ...] = (
    Law(
        id="feed-order",
        zh="条目按序号递增",
        en="Items come in the order of their numbers.",
        page=PAGE,
        check=is_in_order,
    ),
    Law(
        id="feed-once",
        zh="同一条目不重复",
        en="No item comes twice.",
        page=PAGE,
        check=tells_once,
    ),
    Law(
        id="feed-pages",
        zh="任意分页大小，内容相同，不缺不多",
        en="Pages of any size join to the same items: none is lost or doubled behind a cursor.",
        page=PAGE,
        check=pages_of_any_size_join,
    ),
    Law(
        id="feed-limit",
        zh="limit 为 1 至 1000，默认 200",
        en="`limit` is 1 to 1000, 200 without; anything else is refused.",
        page=PAGE,
        check=keeps_its_limits,
    ),
    Law(
        id="feed-wait",
        zh="wait 长轮询，最多 30 秒",
        en="`wait` waits for an item, up to 30 s.",
        page=PAGE,
        check=waits_for_an_item,
    ),
)
LAST: tuple[Law[Bench], ...] = (
    Law(
        id="feed-immutable",
        zh="已发条目不再改变",
        en="Items that were told never change.",
        page=f"{FEED}#the-items",
        check=changes_nothing_that_was_told,
    ),
)
