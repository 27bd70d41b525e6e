"""Pages by update time that have no holes: the feed's items, each with an instant that stays.

Items are immutable and only added, so a page is the same whenever it is asked for. The instant of
an item is never before that of one before it, nor before the end of a window that was answered:
what is committed late is found in the next window.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from hub.ports import Books, FeedRow

PAGE = 1000


class Window(NamedTuple):
    """One page of a window: its items, how many the window has, and how far it reaches.

    Before `kept_from` items were deleted after their retention.
    """

    rows: Sequence[FeedRow]
    total: int
    until: float
    kept_from: float


class UpdateIndex:
    """Knows the number and instant of every item that one receiver wants: 16 bytes for each."""

    def __init__(self, books: Books, scope: str, wants: Callable[[FeedRow], bool]) -> None:
        self._books = books
        self._scope = scope
        self._wants = wants
        self._seqs = array("q")
        self._ats = array("d")
        self._last = 0
        self._answered = 0.0
        self._reading = asyncio.Lock()

    async def page(self, start: float, end: float, *, now: float, number: int, size: int) -> Window:
        """Return page `number` (from 1) of the items with start <= instant <= end."""
        await self._catch_up()
        kept = await self._kept_from()
        end = min(end, now)
        self._answered = max(self._answered, end)
        first, last = bisect_left(self._ats, start), bisect_right(self._ats, end)
        chosen = self._seqs[first:last][(number - 1) * size : number * size]
        rows = await self._read(list(chosen))
        return Window(rows, max(0, last - first), end, kept)

    async def _catch_up(self) -> None:
        async with self._reading:
            while rows := await self._books.feed(after=self._last, limit=PAGE, scope=self._scope):
                self._note([row for row in rows if self._wants(row)])
                self._last = rows[-1].seq

    def _note(self, rows: Sequence[FeedRow]) -> None:
        for row in rows:
            latest = self._ats[-1] if self._ats else 0.0
            self._seqs.append(row.seq)
            self._ats.append(max(row.at, latest, self._answered))

    async def _kept_from(self) -> float:
        """Return from which instant on nothing was deleted; 0 where nothing ever was."""
        oldest = await self._books.oldest_feed()
        if not oldest:
            return 0.0
        place = bisect_right(self._seqs, oldest)
        return self._ats[place] if place < len(self._ats) else self._answered

    async def _read(self, seqs: Sequence[int]) -> list[FeedRow]:
        """Return the items of these numbers; what retention has taken is not there any more."""
        found: list[FeedRow] = []
        wanted, after = set(seqs), (seqs[0] - 1 if seqs else 0)
        while seqs and after < seqs[-1]:
            rows = await self._books.feed(after=after, limit=PAGE, scope=self._scope)
            if not rows:
                break
            found += [row for row in rows if row.seq in wanted]
            after = rows[-1].seq
        return found
