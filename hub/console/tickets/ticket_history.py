"""A ticket's own history: the journal is searched from the day on which it was opened."""

from __future__ import annotations

from collections.abc import Sequence

from hub.model.journal import Entry
from hub.model.ticket import Ticket
from hub.ports import Books

MARGIN = 120.0
"""Seconds before a ticket's opening at which the search starts; entries may be a little apart."""
PAGE = 500
ABOUT_TICKETS = ("ticket.",)
NEWEST = 60


class TicketHistory:
    """Remembers what it has found of one ticket, and reads on from there.

    `about` says how the types of its entries begin.
    """

    def __init__(self, books: Books, number: str, about: Sequence[str] = ABOUT_TICKETS) -> None:
        self._books = books
        self._number = number
        self._about = about
        self._seq = -1
        self._entries: list[Entry] = []

    async def read(self, ticket: Ticket, last_seq: int) -> list[Entry]:
        """Return the newest entries about the ticket, newest first."""
        if self._seq < 0:
            self._seq = await seq_before(self._books, ticket.opened_at - MARGIN, last_seq)
        while True:
            page = await self._books.journal(after=self._seq, limit=PAGE, types=self._about)
            self._entries += [entry for entry in page if entry.subject == self._number]
            self._seq = page[-1].seq if page else max(self._seq, last_seq)
            if len(page) < PAGE:
                break
        self._entries = self._entries[:1] + self._entries[1:][-NEWEST:]
        return self._entries[::-1]


async def seq_before(books: Books, instant: float, last_seq: int) -> int:
    """Return a journal number behind which every entry at or after `instant` stands."""
    low, high = 0, last_seq
    while low < high:
        middle = (low + high) // 2
        page = await books.journal(after=middle, limit=1)
        if page and page[0].at < instant:
            low = middle + 1
        else:
            high = middle
    return low
