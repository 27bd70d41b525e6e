"""What the laws look at: the feed as it was read first, and a probe to ask further."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from hub.feeds.conformance.law import BrokenError, UnfitError, UntriedError, demand
from hub.feeds.conformance.probe import Probe

MOST = 100_000
"""Items that are read; a longer feed is judged by its beginning, and says so."""
WHOLE = 1000
SMALL_PAGES = 40
"""Pages of chance size before the rest is read in whole ones."""
SIZES = (1, 1, 2, 3, 5, 8, 13, 40)
OK, UNAUTHORIZED, FORBIDDEN = 200, 401, 403
Item = dict[str, Any]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What may be tried: `write` opens a drill, `hook` is our own address, `old` a cursor."""

    write: bool = False
    hook: str = ""
    old: str = ""
    seed: int = 1


class Bench:
    """Holds what was read; `marks` are cursors in the middle, with how many items lay before."""

    def __init__(self, probe: Probe, wish: Wish) -> None:
        self.probe = probe
        self.wish = wish
        self.chance = Random(wish.seed)  # noqa: S311 - page sizes, and no keys
        self.items: list[Item] = []
        self.marks: list[tuple[str, int]] = []
        self.end = ""
        self.receiver = ""

    async def open(self) -> None:
        """Read the feed once, or raise UnfitError with what is wrong with address or key."""
        await self._first_look()
        self.marks.append(("", 0))
        while len(self.items) < MOST:
            page = await self.page(self.end, WHOLE)
            self.items += page["items"]
            self.end = page["next"]
            if not page["items"]:
                break
            self.marks.append((self.end, len(self.items)))
        if self.items:
            number = self.items[-1]["data"]["number"]
            own = (await self.probe.get(f"incidents/{number}")).data.get("case")
            self.receiver = own["receiver"] if own else ""

    async def page(self, after: str, limit: int, wait: float | str = "") -> dict[str, Any]:
        """Read a page of the feed; BrokenError where it is none."""
        told = await self.probe.get("feed", after=after, limit=limit, wait=wait)
        demand(told.status == OK, f"feed?after={after[:20]}…&limit={limit}: {told}")
        page = told.data
        if not (isinstance(page.get("items"), list) and isinstance(page.get("next"), str)):
            raise BrokenError(f"a page has no `items` and `next`: {told}")
        return page

    async def read_on(self) -> None:
        """Read what has come since."""
        while (page := await self.page(self.end, WHOLE))["items"]:
            self.items += page["items"]
            self.end = page["next"]
        self.end = page["next"]

    async def walk(self, items: int) -> list[Item]:
        """Read the first `items` again, first in pages of chance sizes; the cursors are marks."""
        found: list[Item] = []
        after, pages = "", 0
        while len(found) < items:
            size = self.chance.choice(SIZES) if pages < SMALL_PAGES else WHOLE
            page = await self.page(after, size)
            demand(len(page["items"]) <= size, f"limit={size} gave {len(page['items'])} items")
            demand(page["items"], f"nothing behind item {len(found)} of {items}")
            found += page["items"]
            after, pages = page["next"], pages + 1
            self.marks.append((after, len(found)))
        return found[:items]

    def some(self) -> Sequence[Item]:
        """Return the items, or raise UntriedError where there are none."""
        if not self.items:
            raise UntriedError("the feed is empty: have one incident, and look again")
        return self.items

    async def _first_look(self) -> None:
        try:
            told = await self.probe.get("feed", limit=1)
        except BrokenError as error:
            raise UnfitError(f"nobody answers at this address: {error}") from error
        if told.status == OK and isinstance(told.data.get("items"), list):
            return
        why = {
            UNAUTHORIZED: "this key is not known there, or its time is over:"
            " lingdang key new --role grid --name NAME",
            FORBIDDEN: "this key is of another role than grid",
        }.get(told.status, f"what answers there is no feed: {told}; give https://HOST:PORT")
        if told.location:
            why = f"it redirects to {told.location}; give that address"
        raise UnfitError(why)


def number_of(item: Item) -> int:
    """Return an item's number, by which the feed is in order."""
    return int(item["id"].rpartition("-")[2])


def era_of(item: Item) -> str:
    """Return an item's era; empty for the first, before any restore."""
    return str(item["data"].get("era", ""))


def show(items: Sequence[Item], at: int) -> str:
    """Name an item and its neighbours, as evidence."""
    return " ".join(str(item.get("id")) for item in items[max(0, at - 1) : at + 2])
