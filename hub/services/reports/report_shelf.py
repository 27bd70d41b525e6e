"""Reads what is kept of reports: by ticket, and by a ticket's number with a query code."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import msgspec

from hub.model.ticket import Ticket
from hub.model.whistle import PERSONAL, Gathering, Report, Reporter
from hub.ports import Books
from hub.services.reports.label_code import Codes

NEWEST = 5
FOLDS = 5
"""Tickets that were folded one into another, at most."""


class ReportShelf:
    """Knows the documents of reports."""

    def __init__(self, books: Books, codes: Codes) -> None:
        self._books = books
        self._codes = codes

    async def gathering(self, ticket: str) -> Gathering:
        """Return who has reported a ticket."""
        body = await self._books.document("gathering", ticket)
        return msgspec.json.decode(body, type=Gathering) if body else Gathering(ticket=ticket)

    async def report(self, name: str) -> Report | None:
        """Return a report by its id."""
        body = await self._books.document("report", name)
        return msgspec.json.decode(body, type=Report) if body else None

    async def reporter(self, report: Report) -> Reporter:
        """Return what is still kept of a report's person."""
        body = await self._books.document(PERSONAL, report.personal_key)
        return msgspec.json.decode(body, type=Reporter) if body else Reporter()

    async def newest(self, ticket: str) -> Sequence[tuple[Report, Reporter]]:
        """Return the newest reports of a ticket, with their people."""
        names = reversed((await self.gathering(ticket)).reports[-NEWEST:])
        found = [await self.report(name) for name in names]
        return [(each, await self.reporter(each)) for each in found if each]

    async def find(self, ticket: str, code: str) -> Report | None:
        """Return the report of this ticket, or once of it, whose query code it is."""
        gathering = await self.gathering(ticket)
        for name in (*gathering.reports, *gathering.moved):
            if hmac.compare_digest(
                self._codes.query(name).encode(), code.encode("utf-8", "replace")
            ):
                return await self.report(name)
        return None

    async def follow(self, number: str) -> Ticket | None:
        """Return a ticket, or the one that it was folded into in the end."""
        ticket = await self._books.ticket(number)
        for _ in range(FOLDS):
            if ticket is None or not ticket.folded_into:
                break
            ticket = await self._books.ticket(ticket.folded_into)
        return ticket
